"""One side of a process pair: makes the operands once, then times a call each time it is asked.

Run as `python worker.py SIDE` by `benchmarks.measure`, in the interpreter of that side, with one
JSON object a line on both pipes. SIDE torch needs torch, SIDE numpy the project's own packages.
Runs in torch's interpreter, so it imports nothing of the project until SIDE numpy asks for it.
"""

import json
import os
import sys
import time
from functools import partial


def resident(key):
    """A size from /proc/self/status in bytes (VmRSS now, VmHWM at its peak), 0 where there is none."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))
    except (OSError, StopIteration):
        return 0


def peak_growth(call):
    """Bytes by which one call raises the process's peak above where it stood."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as reset:
            reset.write("5")
    except OSError:
        return 0
    before = resident("VmRSS")
    call()
    return max(resident("VmHWM") - before, 0)


def timed(call, repeat):
    """Seconds a call; one untimed call first, as what ran before left threads asleep and caches cold."""
    call()
    start = time.perf_counter()
    for _ in range(repeat):
        call()
    return (time.perf_counter() - start) / repeat


def torch_calls(layer, x_shape, weight_shape, parameters, threads):
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    calls = {}
    function = getattr(torch.nn.functional, layer)
    for name, dtype in (("torch64", torch.float64), ("torch32", torch.float32)):
        x = torch.randn(x_shape, dtype=dtype)
        weight = torch.randn(weight_shape, dtype=dtype)
        operands = x.clone().requires_grad_(), weight.clone().requires_grad_()
        output = function(*operands, None, **parameters)
        grad = torch.randn_like(output)
        calls[f"{name} forward"] = partial(function, x, weight, None, **parameters)
        calls[f"{name} gradients"] = partial(torch.autograd.grad, output, operands, grad, retain_graph=True)
    return calls


def numpy_calls(layer, x_shape, weight_shape, parameters):
    import numpy as np

    import conv_reference as reference

    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal(x_shape), rng.standard_normal(weight_shape)
    described = reference.LAYERS[layer]
    grad = np.ones(reference.find_geometry(layer, x_shape, weight_shape, **parameters).output_shape)
    square, product = rng.standard_normal((1024, 1024)), np.empty((1024, 1024))
    return {
        "oracle forward": lambda: described.forward(x, weight, **parameters),
        "oracle gradients": lambda: described.gradients(x, weight, grad, **parameters),
        "oracle with bound": lambda: described.with_bound(x, weight, dtype="float32", **parameters),
        "dgemm": lambda: np.matmul(square, square, out=product),
        "products": products_call(x, weight, grad, layer, parameters.get("groups", 1)),
        "onnx": onnx_call(layer, x, weight, parameters),
        "scipy": scipy_call(layer, x, weight, parameters),
    }


def products_call(x, weight, output, layer, groups):
    """The layer's multiplications as NumPy's BLAS does them best: one product on each of two threads, nothing else."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    if layer == "conv2d":
        left = weight.reshape(groups, len(weight) // groups, -1)
        right = np.random.default_rng(0).standard_normal((groups, left.shape[2], output[:, 0].size))
    else:
        left = weight.reshape(groups, len(weight) // groups, -1).swapaxes(1, 2)
        right = x.swapaxes(0, 1).reshape(groups, left.shape[2], -1)
    result = np.empty((groups, left.shape[1], right.shape[2]))
    if groups > 1:
        halves = [np.array_split(array, 2) for array in (left, right, result)]
    elif right.shape[2] > left.shape[1]:
        halves = [(left, left), np.array_split(right, 2, axis=2), np.array_split(result, 2, axis=2)]
    else:
        halves = [np.array_split(left, 2, axis=1), (right, right), np.array_split(result, 2, axis=1)]
    pool = ThreadPoolExecutor(2)
    return lambda: list(pool.map(np.matmul, *halves))


def onnx_call(layer, x, weight, parameters):
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    operator = "Conv" if layer == "conv2d" else "ConvTranspose"
    node = helper.make_node(
        operator,
        ["x", "w"],
        ["y"],
        kernel_shape=weight.shape[2:],
        strides=[parameters.get("stride", 1)] * 2,
        dilations=[parameters.get("dilation", 1)] * 2,
        pads=[parameters.get("padding", 0)] * 4,
        group=parameters.get("groups", 1),
    )
    values = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in "xwy"]
    graph = helper.make_graph([node], "layer", values[:2], values[2:])
    evaluator = ReferenceEvaluator(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    return lambda: evaluator.run(None, {"x": x, "w": weight})


def scipy_call(layer, x, weight, parameters):
    """Pairs of channels by correlate2d, summed: what SciPy offers; stride and dilation as zeros."""
    import numpy as np
    from scipy.signal import convolve2d, correlate2d

    padding, stride, dilation, groups = (
        parameters.get(name, default)
        for name, default in (("padding", 0), ("stride", 1), ("dilation", 1), ("groups", 1))
    )
    outs, ins = weight.shape[:2]
    spread = np.zeros((outs, ins, *(dilation * (k - 1) + 1 for k in weight.shape[2:])))
    spread[:, :, ::dilation, ::dilation] = weight

    def convolution():
        padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
        share = outs // groups
        return [
            [
                sum(correlate2d(image[o // share * ins + c], spread[o, c], "valid") for c in range(ins))[
                    ::stride, ::stride
                ]
                for o in range(outs)
            ]
            for image in padded
        ]

    def transposed():
        spaced = np.zeros((*x.shape[:2], *(stride * (n - 1) + 1 for n in x.shape[2:])))
        spaced[:, :, ::stride, ::stride] = x
        return [[sum(convolve2d(image[c], spread[c, o]) for c in range(outs)) for o in range(ins)] for image in spaced]

    return convolution if layer == "conv2d" else transposed


def main():
    side = sys.argv[1]
    request = json.loads(sys.stdin.readline())
    shape = request["layer"], tuple(request["x"]), tuple(request["weight"]), request["parameters"]
    calls = torch_calls(*shape, request["threads"]) if side == "torch" else numpy_calls(*shape)
    if "dgemm" in calls:
        calls["dgemm"]()  # BLAS's own work space is not the layer's
    print(json.dumps({"ready": sorted(calls), "pid": os.getpid()}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        call = calls[asked["call"]]
        answer = peak_growth(call) if asked["repeat"] == 0 else timed(call, asked["repeat"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
