"""The contracts of MindSpore. The documents of each API stand in `specs/claims`."""

from __future__ import annotations

from functools import partial

from conformance.apis import Contract, Environment, Framework, Limit, Mode, NoEquivalent, Source, StepSource
from conformance.apis.common import (
    ADD_BATCH,
    CORES,
    DEFAULTS,
    NOT_BATCHED,
    deny_derivatives,
    dtype_argument,
    is_default,
    is_int,
    is_unbatched,
    pad_first,
    pair,
    read_another_first,
)
from conformance.apis.torch_style import module_to_canonical, module_to_vendor
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments

ENVIRONMENT = Environment(
    "MindSpore",
    # It imports with NumPy 2 but breaks when run.
    requires=("mindspore==2.10.0", "numpy==1.26.4"),
    # The versions that MindSpore 2.10.0 has wheels for.
    python=("python3.11", "python3.12", "python3.10"),
    is_default=True,
)

# Canonical name -> nn's own.
PAD = "mindspore.ops.pad(x, (left, right, top, bottom)"
RENAMED = {"groups": "group", "bias": "has_bias"}
CANONICAL = {vendor: canonical for canonical, vendor in RENAMED.items()}
# Arguments of nn's own, which become padding or are no layer's.
OWN = ("pad_mode", "padding", "data_format", "dtype", "weight_init", "bias_init")
# nn's own defaults that are not the canonical ones.
NN_DEFAULTS: Arguments = {"pad_mode": "same", "padding": 0, "has_bias": False}


def _nn_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if is_unbatched(inputs):
        return NOT_BATCHED
    if not is_default(arguments, "padding_mode"):
        return NoEquivalent("there is no padding_mode")
    padding = _padding_to_nn(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    vendor = {}
    for name, value in arguments.items():
        if name not in ("padding", "padding_mode"):
            vendor[RENAMED.get(name, name)] = value
    # nn has no bias by default, so that it is always given.
    return {**vendor, **padding, "has_bias": arguments.get("bias", True), **dtype_argument(inputs)}


def _padding_to_nn(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    """pad_mode and padding; nn pads as "same" by default, so that its pad_mode is always given."""
    padding = arguments.get("padding", 0)
    if isinstance(padding, str):
        return _string_to_nn(layer, padding, arguments)
    two = None if is_int(padding) else pair(padding)
    if two is not None:
        height, width = two
        padding = (height, height, width, width)
    return {"pad_mode": "pad", "padding": padding}


def _string_to_nn(layer: LayerName, padding: str, arguments: Arguments) -> Arguments | NoEquivalent:
    """A padding string is a pad_mode."""
    if padding not in ("same", "valid"):
        return NoEquivalent("a string is pad_mode's, not padding's")
    has_output_padding = not is_default(arguments, "output_padding")
    if padding == "same" and has_output_padding:
        return NoEquivalent('output_padding goes with pad_mode="pad" alone')
    if layer == "conv_transpose2d" and padding == "valid" and (has_output_padding or any(_valid_surplus(arguments))):
        # pad_mode="valid" of the transposed layer keeps at least input * stride, and takes no output_padding; no
        # padding is what "valid" means.
        return {"pad_mode": "pad", "padding": 0}
    return {"pad_mode": padding}


def _nn_to_canonical(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    given = {**NN_DEFAULTS, **arguments}
    if given.get("data_format", "NCHW") != "NCHW":
        return NoEquivalent("the layer is NCHW")
    canonical = dict(DEFAULTS)
    for name, value in given.items():
        if name not in OWN:
            canonical[CANONICAL.get(name, name)] = value
    if given["pad_mode"] == "pad":
        return {**canonical, "padding": given["padding"]}
    if given["pad_mode"] not in ("same", "valid") or given["padding"] not in (0, (0, 0, 0, 0)):
        return NoEquivalent("pad_mode and padding contradict each other")
    if layer == "conv2d" or given["pad_mode"] == "same":
        return {**canonical, "padding": given["pad_mode"]}
    canonical["padding"] = 0
    surplus = _valid_surplus(canonical)
    if any(surplus):
        canonical["output_padding"] = surplus
    return canonical


def _valid_surplus(arguments: Arguments) -> tuple[int, int]:
    """What pad_mode="valid" of the transposed layer adds: its size is at least input * stride.

    It is the input gradient of the valid convolution whose input is H * stride, which leaves a rest of
    stride - (dilation * (kernel - 1) + 1) uncovered where that is positive.
    """
    layer = {**DEFAULTS, **arguments}
    kernel = pair(layer["kernel_size"])
    stride = pair(layer["stride"])
    dilation = pair(layer["dilation"])
    if kernel is None or stride is None or dilation is None:
        return 0, 0
    rows, columns = (max(stride[axis] - (dilation[axis] * (kernel[axis] - 1) + 1), 0) for axis in (0, 1))
    return rows, columns


def _limit(level: str, onednn: str) -> Limit:
    return Limit(f"{level}, in the oneDNN inside", {"ONEDNN_MAX_CPU_ISA": onednn})


def _jit(level: str) -> Mode:
    run = f'mindspore.jit({{called}}.construct, jit_level="{level}")(x)'
    return Mode(f"construct compiled by mindspore.jit, {level}", {"run": run}, gradients=False, compiles=True)


def _graph(level: str) -> Mode:
    context = f'mode=mindspore.GRAPH_MODE, jit_config={{"jit_level": "{level}"}}'
    return Mode(f"GRAPH_MODE, {level}", {"setting": f"mindspore.set_context({context})"}, compiles=True)


PULLED = {"gradient_of_x": "of_x", "gradient_of_parameter": "of_own[{index}]"}
WITH_VALUE = """\
def loss(x):
    return (layer(x) * grad_output).sum()
_, (of_x, of_own) = mindspore.value_and_grad(loss, 0, mindspore.ParameterTuple([{parameters}]))(x)"""
PULL_BACK = """\
_, pull = mindspore.vjp(layer, x, weights=mindspore.ParameterTuple([{parameters}]))
(of_x,), of_own = pull(grad_output)"""
MIXED = """\
import copy
def mixed(layer, x):
    wide = copy.deepcopy(layer)
    for item in wide.get_parameters():
        item.set_dtype(mindspore.float32)
    mixed = mindspore.amp.auto_mixed_precision(wide, "O2", mindspore.float16)
    return mixed(x.astype(mindspore.float32)).astype(mindspore.float16)"""
FUNCTION = """\
def function(layer, x):
    padding = layer.padding
    if isinstance(padding, tuple) and padding[::2] == padding[1::2]:
        padding = padding[::2]
    own = layer.stride, layer.pad_mode, padding, layer.dilation, layer.group
    return mindspore.ops.conv2d(x, layer.weight, layer.bias, *own)"""
FUNCTION_OF_MINT = """\
def function(layer, x):
    functional = mindspore.mint.nn.functional
    padding = layer.padding
    if layer.padding_mode != "zeros":
        x, padding = functional.pad(x, layer._reversed_padding, mode=layer.padding_mode), 0
    if layer.transposed:
        own = layer.stride, padding, layer.output_padding, layer.groups, layer.dilation
        return functional.conv_transpose2d(x, layer.weight, layer.bias, *own)
    return functional.conv2d(x, layer.weight, layer.bias, layer.stride, padding, layer.dilation, layer.groups)"""
MODES = {
    "graph": Mode("GRAPH_MODE", {"setting": "mindspore.set_context(mode=mindspore.GRAPH_MODE)"}, compiles=True),
    "graph_o0": _graph("O0"),
    "graph_o1": _graph("O1"),
    "graph_o2": _graph("O2"),
    "jit_o0": _jit("O0"),
    "jit_o1": _jit("O1"),
    "vmap": Mode(
        "mapped over two inputs",
        {"run": "mindspore.vmap({called})(mindspore.ops.stack([x, x]))[1]"},
        gradients=False,
        compiles=True,
    ),
    "value_and_grad": Mode("gradients of a loss by value_and_grad", {"backward": WITH_VALUE, **PULLED}),
    "vjp": Mode("gradients by mindspore.vjp", {"backward": PULL_BACK, **PULLED}),
    "jvp": Mode(
        "value at zero and forward-mode derivative along x",
        {"run": "sum(mindspore.jvp({called}, mindspore.ops.zeros_like(x), x))"},
        deny_derivatives,
        gradients=False,
        compiles=True,
    ),
    "amp": Mode(
        "amp.auto_mixed_precision of a layer in float32, O2",
        {"setting": MIXED, "run": "mixed({called}, x)"},
        gradients=False,
        dtype="float16",
    ),
    "function": Mode(
        "ops.conv2d with the layer's own arguments",
        {"setting": FUNCTION, "run": "function({called}, x)"},
        gradients=False,
        apis=("mindspore.nn.Conv2d",),
    ),
    "inferred": Mode(
        "shape and dtype as the compiler infers them, which needs no kernel",
        {},
        gradients=False,
        apis=("mindspore.mint.nn.Conv2d", "mindspore.mint.nn.ConvTranspose2d"),
        infers=True,
    ),
    "inferred_function": Mode(
        "shape and dtype as the compiler infers them of the functions of mint.nn",
        {"setting": FUNCTION_OF_MINT, "run": "function({called}, x)"},
        gradients=False,
        apis=("mindspore.mint.nn.Conv2d", "mindspore.mint.nn.ConvTranspose2d"),
        compiles=True,
        infers=True,
    ),
    "asynchronous": Mode(
        "launched asynchronously, as by default, and read behind another tensor",
        read_another_first("{tensor}.asnumpy()"),
        gradients=False,
        apis=("mindspore.nn.Conv2d", "mindspore.nn.Conv2dTranspose"),
    ),
}

FRAMEWORK = Framework(
    name="mindspore",
    environment=ENVIRONMENT,
    source=Source(
        imports="import numpy as np\nimport mindspore",
        prepare="mindspore.runtime.launch_blocking()  # errors where they happen",
        tensor="mindspore.Tensor({array})",
        narrow="mindspore.Tensor({array}).astype(mindspore.{name})",
        numpy="{tensor}.asnumpy()",
        wide="{tensor}.astype(mindspore.{held}).asnumpy()",
        dtype_name="str({tensor}.dtype).lower()",
        turned="{tensor}.swapaxes(-1, -2)",
        moved="{tensor}.moveaxis(-1, -3)",
        element="{tensor}.asnumpy()[{index}].item()",
        set_parameter="{layer}.{name}.set_data({tensor})",
        leaf="{tensor}",
        backward=(
            "gradient = mindspore.ops.GradOperation(get_all=True, get_by_list=True, sens_param=True)\n"
            "of_inputs, of_parameters = gradient(layer, mindspore.ParameterTuple([{parameters}]))(x, grad_output)"
        ),
        gradient_of_x="of_inputs[0]",
        gradient_of_parameter="of_parameters[{index}]",
        dtype="mindspore.{name}",
        seed="mindspore.set_seed(0)",
        state="layer.parameters_dict()",
        steps=StepSource(
            change="{held}.set_data({tensor})",
            checkpoint=(
                'mindspore.save_checkpoint(layer, "checkpoint.ckpt")\n'
                'mindspore.load_param_into_net(other, mindspore.load_checkpoint("checkpoint.ckpt"))'
            ),
            switch="layer.set_train({training})",
            cast="layer.to({dtype})",
            move='layer.to(device="CPU")',
            share=(
                "both = lambda x, before: ({call}, {call_before})\n"
                "gradient = mindspore.ops.GradOperation(get_all=True, get_by_list=True, sens_param=True)\n"
                "chosen = mindspore.ParameterTuple([{parameters}])\n"
                "of_inputs, of_parameters = gradient(both, chosen)(x, before, (grad_output, grad_before))\n"
                "output = {call}"
            ),
        ),
    ),
    contracts=(
        Contract(
            api="mindspore.nn.Conv2d",
            layer="conv2d",
            to_vendor=partial(_nn_to_vendor, "conv2d"),
            to_canonical=partial(_nn_to_canonical, "conv2d"),
            instead={**pad_first(PAD, ("reflect", "replicate", "circular"), sides=False), **ADD_BATCH},
        ),
        Contract(
            api="mindspore.nn.Conv2dTranspose",
            layer="conv_transpose2d",
            to_vendor=partial(_nn_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_nn_to_canonical, "conv_transpose2d"),
            instead=ADD_BATCH,
        ),
        Contract(
            api="mindspore.mint.nn.Conv2d",
            layer="conv2d",
            to_vendor=partial(module_to_vendor, "conv2d"),
            to_canonical=module_to_canonical,
            instead=pad_first(PAD),
        ),
        Contract(
            api="mindspore.mint.nn.ConvTranspose2d",
            layer="conv_transpose2d",
            to_vendor=partial(module_to_vendor, "conv_transpose2d"),
            to_canonical=module_to_canonical,
        ),
    ),
    # Its threads are as many as its cores, and no variable makes them fewer.
    limits={
        "avx512": _limit("AVX-512 without bfloat16, float16 and AMX", "AVX512_CORE"),
        "avx2": _limit("AVX2", "AVX2"),
        "sse41": _limit("SSE4.1", "SSE41"),
        **CORES,
    },
    modes=MODES,
    pads={
        "zeros": "mindspore.nn.ZeroPad2d((left, right, top, bottom))",
        "reflect": "mindspore.nn.ReflectionPad2d((left, right, top, bottom))",
        "replicate": "mindspore.nn.ReplicationPad2d((left, right, top, bottom))",
    },
)
