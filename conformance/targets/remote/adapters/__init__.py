"""The framework glue: one module per framework, executed inside that framework's own interpreter.

A module imports the standard library, NumPy and its framework, nothing else, and runs on Python 3.8 and later.
It defines

    FRAMEWORK                           the package's name
    PACKAGES                            only where others work for it: the names of all, of which it is one
    DTYPES                              common dtype name -> the framework's dtype
    setup(device)                       import-time settings that make the framework observable: device (None for its
                                        default), synchronous execution
    version() -> str
    environment() -> dict[str, str]     what else identifies the target: device, threads (how many it computes with),
                                        instructions (the sets in use that the catalogue tells apart), mode
    reset()                             restore its seeds, default dtype and device, modes and threads before every
                                        call (the worker restores Python's and NumPy's); raise when it cannot, and
                                        the call goes to a fresh process
    lacks(error) -> bool                whether an exception says that this device or version lacks the operation
    find(api) -> callable               only where an API is no object that its dotted name means, as an operator of a
                                        graph is none
    tensor(array, dtype, layout)        an input tensor; bfloat16 arrives as uint16 bit patterns,
                                        complex32 as uint32 ones; layout is
                                        "contiguous", "strided" (every other element of a wider tensor),
                                        "transposed" (height and width exchanged in memory) or
                                        "channels_last" (the third axis from the end steps fastest)
    parameter(array, dtype)             a parameter for a functional API
    array(tensor) -> (ndarray, dtype)   back to NumPy, with the common dtype name
    strides(tensor) -> tuple            only where the framework says how a tensor lies in memory, in elements
    construct(api, arguments)           build the layer
    build(layer, shape, dtype)          only where a layer has no parameters before it meets an x: make those for one of
                                        that shape, as the API has it, and dtype
    parameters(layer) -> dict           the parameters that exist, by the names weight and bias
    set_parameter(layer, name, array, dtype)
                                        name is weight or bias, whatever the framework calls it; where the constructor
                                        takes no dtype, this is what gives the layer its own
    forward(layer, x)                   run, and wait for the result
    backward(layer, x, output, grad_output) -> dict
                                        gradients of sum(output * grad_output): input, weight, bias where they exist; of
                                        complex numbers with the other operand conjugated, as torch has them, so that
                                        a step against them goes down
    change(layer, name, array, dtype)   give a parameter other numbers, in place
    state(layer) -> dict                only where the framework has such: what it saves of a layer, by its own names
    checkpoint(layer, other) -> layer   save the layer as the framework does, and load it into the other one
    switch(layer, training)             tell it that it trains, or that it does not
    cast(layer, dtype) -> layer         only where the framework makes parameters numbers of another dtype
    move(layer) -> layer                only where the framework moves layers: to the CPU, and back to its device
    record(layer, x) -> (tape, output)  from here on only where calls leave gradients with what they are of: run, so
                                        that they can be asked for later
    accumulate(tape, output, grad_output)
                                        go back, and add the gradients to those that were left
    retain(tape, output, grad_output)   the same, only where the framework can be told that the graph is used again
    forget(layer)                       only where backward leaves gradients: it has none any more
    collect(layer, x) -> dict           the gradients that were left: input, weight, bias where they exist
    share(layer, xs, grad_outputs) -> (output, dict)
                                        run with each of the inputs in one graph, and go back once: the last output,
                                        and the gradients, that of the input of the last one
    infer(layers, xs) -> [(dtype, shape)]   only where the framework infers what it cannot execute on this device
"""
