"""The same calls in a bare loop, as a user of the framework would write it: the floor of an audit.

Run as `python floor.py FRAMEWORK CALLS REMOTE [SKIPPED ...]` in the framework's interpreter. CALLS are those that an
audit has sent, REMOTE is the folder with the worker's modules, which read the arguments, SKIPPED the places of calls
that are left out. The file `place` always has that of the call that is made. Prints the places of the calls that it
could make and the seconds of processor time of two turns over them, as JSON: the first has all that a framework does
once for a configuration, as an audit has it.
"""

import functools
import importlib
import json
import os
import pickle
import sys
import time
from typing import Any, Callable, Dict

TURNS = 2


def torch_call(call: Dict[str, Any], x: Any, grad: Any, make: Callable[..., Any]) -> None:
    import torch

    layer, weight, bias = make(torch.from_numpy, torch.from_numpy)
    if x is None:
        return
    x = torch.from_numpy(x).requires_grad_()
    if call["functional"]:
        weight.requires_grad_()
        output = layer(x, weight=weight, bias=bias)
        operands = [x, weight]
    else:
        with torch.no_grad():
            layer.weight.copy_(layer.weight if weight is None else weight)
        output = layer(x)
        operands = [x, layer.weight]
    output.detach().numpy()
    if grad is not None and output.shape == grad.shape:
        for gradient in torch.autograd.grad(output, operands, torch.from_numpy(grad)):
            gradient.numpy()


def mindspore_call(call: Dict[str, Any], x: Any, grad: Any, make: Callable[..., Any]) -> None:
    import mindspore as ms

    layer, weight, bias = make(ms.Tensor, ms.Tensor)
    if x is None:
        return
    x = ms.Tensor(x)
    if call["functional"]:
        layer = functools.partial(layer, weight=weight, bias=bias)
        parameters = None
    else:
        layer.weight.set_data(layer.weight if weight is None else weight)
        parameters = ms.ParameterTuple(layer.trainable_params())
    layer(x).asnumpy()
    if grad is not None:
        gradient = ms.ops.GradOperation(get_all=True, get_by_list=parameters is not None, sens_param=True)
        answer = gradient(layer, parameters) if parameters is not None else gradient(layer)
        of_inputs = answer(x, ms.Tensor(grad))
        (of_inputs[0] if parameters is None else of_inputs[0][0]).asnumpy()


def megengine_call(call: Dict[str, Any], x: Any, grad: Any, make: Callable[..., Any]) -> None:
    import megengine as mge
    from megengine.autodiff import GradManager

    layer, weight, bias = make(mge.Parameter, mge.Parameter)
    if x is None:
        return
    x = mge.Tensor(x)
    if call["functional"]:
        layer = functools.partial(layer, weight=weight, bias=bias)
    else:
        layer.weight = layer.weight if weight is None else weight
    operands = [x, weight if call["functional"] else layer.weight]
    with GradManager().attach(operands) as manager:
        output = layer(x)
        output.numpy()
        if grad is not None:
            manager.backward(output, mge.Tensor(grad))
            for operand in operands:
                operand.grad.numpy()


def prepare(call: Dict[str, Any], values: Any, apis: Any, adapter: Any) -> Any:
    """A call with its arguments and arrays made; None where it is not one that a floor can be measured on."""
    arrays = {name: values.decode_array(array) for name, array in call["arrays"].items()}
    plain = all(array[0] != "bfloat16" for array in call["arrays"].values())
    if not plain or (call["functional"] and "weight" not in arrays) or call["defaults"] or call["then"]:
        return None
    try:
        api = apis.find_api(call["api"])
        arguments = {name: values.decode_value(value, adapter) for name, value in call["arguments"].items()}
    except apis.Lacking:
        return None

    def make(weight: Any, bias: Any) -> Any:
        given, held = arrays.get("weight"), arrays.get("bias")
        parameters = None if given is None else weight(given), None if held is None else bias(held)
        if call["functional"]:
            return (functools.partial(api, **arguments), *parameters)
        return (api(**arguments), *parameters)

    return call, arrays.get("x"), arrays.get("grad_output"), make


def main() -> None:
    framework, path, remote, *skipped = sys.argv[1:]
    sys.path.insert(0, remote)
    adapter = importlib.import_module("adapters." + framework)
    adapter.setup(None)  # as the audit sets the framework up: errors belong to the call that causes them
    from worker import apis, values  # type: ignore[import-not-found]

    with open(path, "rb") as file:
        prepared = [prepare(call, values, apis, adapter) for call in pickle.load(file)]
    one = {"torch": torch_call, "mindspore": mindspore_call, "megengine": megengine_call}[framework]
    chosen = [place for place, held in enumerate(prepared) if held is not None and str(place) not in skipped]
    at = os.open("place", os.O_WRONLY | os.O_CREAT)
    turns = []
    for _ in range(TURNS):
        start = time.process_time()
        for place in chosen:
            os.pwrite(at, f"{place:9}".encode(), 0)
            try:
                one(*prepared[place])
            except Exception:  # a call that is to be refused is one too
                continue
        turns.append(time.process_time() - start)
    print(json.dumps({"chosen": chosen, "turns": turns}))


if __name__ == "__main__":
    main()
