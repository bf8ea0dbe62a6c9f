"""The contracts of MegEngine. The documents of each API stand in `specs/claims`."""

from __future__ import annotations

from functools import partial

from conformance.apis import Contract, Environment, Framework, Layout, Limit, Mode, NoEquivalent, Source, StepSource
from conformance.apis.common import (
    ADD_BATCH,
    CORES,
    DEFAULTS,
    NOT_BATCHED,
    is_default,
    is_int,
    is_unbatched,
    pad_first,
    read_another_first,
)
from conformance.apis.functional import functional_to_canonical, functional_to_vendor
from conformance.apis.padding import give_sides
from conformance.case import Array, Inputs, LayerName, Tensor
from conformance.case.values import Arguments, Value

ENVIRONMENT = Environment(
    "MegEngine",
    # Without its dependencies, which are below: it asks for opencv-python, which needs libGL on the machine.
    alone=("megengine==1.13.0",),
    requires=(
        # It uses names that NumPy 1.24 removed.
        "numpy==1.23.5",
        # opencv-python without windows. The newest release wants NumPy 2.
        "opencv-python-headless<4.9",
        # It imports pkg_resources, which the newest setuptools no longer has.
        "setuptools<80",
        # The rest of what MegEngine 1.13.0 asks for.
        "deprecated",
        "filelock",
        "megfile==2.0.5",
        "mprop",
        "psutil",
        "pyarrow<=11.0.0",
        "requests",
        "tabulate",
        "tqdm",
        "wheel",
    ),
    # It has wheels for CPython 3.7 to 3.10; the worker needs 3.8.
    python=("python3.10", "python3.9", "python3.8"),
    is_default=True,
)


def _grouped(weight: Array, groups: int) -> Array:
    """A convolution's (C_out, C_in/g, kh, kw) as (g, C_out/g, C_in/g, kh, kw), when g > 1."""
    return weight if groups == 1 else weight.reshape(groups, -1, *weight.shape[1:])


def _ungrouped(weight: Array, groups: int) -> Array:
    return weight if groups == 1 else weight.reshape(-1, *weight.shape[2:])


# A transposed convolution's (C_in, C_out/g, kh, kw) becomes (g, C_in/g, C_out/g, kh, kw) by the same reshaping.
WEIGHT = Layout(
    _grouped,
    _ungrouped,
    "weight if groups == 1 else weight.reshape(groups, -1, *weight.shape[1:])",
    "weight if groups == 1 else weight.reshape(-1, *weight.shape[2:])",
)
BIAS = Layout(
    lambda bias, groups: bias.reshape(1, -1, 1, 1),
    lambda bias, groups: bias.reshape(-1),
    "bias.reshape(1, -1, 1, 1)",
    "bias.reshape(-1)",
)


# Arguments of MegEngine's own, which no layer has.
OWN = ("conv_mode", "compute_mode")
PAD = "megengine.functional.nn.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right))"
NO_CONVOLUTION = NoEquivalent("the layer is a cross-correlation")


def _module_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if is_unbatched(inputs):
        return NOT_BATCHED
    if layer == "conv_transpose2d" and not is_default(arguments, "padding_mode"):
        return NoEquivalent("there is no padding_mode")
    if arguments.get("padding_mode") == "circular":
        return NoEquivalent("padding_mode is documented as zeros, reflect or replicate")
    padding = give_sides(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    vendor = {**arguments, **padding}
    if layer == "conv_transpose2d":
        vendor.pop("padding_mode", None)
    return vendor


def _module_to_canonical(arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if not _is_cross_correlation(arguments):
        return NO_CONVOLUTION
    return {**DEFAULTS, **_without_own(arguments)}


def _functional_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if is_unbatched(inputs):
        return NOT_BATCHED
    vendor = functional_to_vendor(layer, arguments, give_sides)
    if isinstance(vendor, NoEquivalent):
        return vendor
    tensors = {"weight": _group_weight(vendor["weight"], arguments.get("groups", 1))}
    if "bias" in vendor:
        tensors["bias"] = Tensor((1, arguments["out_channels"], 1, 1))
    return {**vendor, **tensors}


def _functional_to_canonical(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if not _is_cross_correlation(arguments):
        return NO_CONVOLUTION
    shape = arguments["weight"].shape
    if len(shape) == 5:
        shape = (shape[0] * shape[1], *shape[2:])
    return functional_to_canonical(layer, {**_without_own(arguments), "weight": Tensor(shape)}, inputs)


def _group_weight(weight: Tensor, groups: Value) -> Tensor:
    """The weight's shape as `_grouped` lays it out; one that cannot be grouped so is left, for a case about that."""
    shape = weight.shape
    if not is_int(groups) or groups <= 1 or shape[0] % groups:
        return weight
    return Tensor((groups, shape[0] // groups, *shape[1:]))


def _is_cross_correlation(arguments: Arguments) -> bool:
    """What is no mode at all makes no other layer: it is to be refused."""
    return bool(arguments.get("conv_mode", "cross_correlation") != "convolution")


def _without_own(arguments: Arguments) -> Arguments:
    return {name: value for name, value in arguments.items() if name not in OWN}


def _spare_the_process(inputs: Inputs) -> str | None:
    return (
        "traced symbolically, an int8 layer with a 3 x 3 kernel stops the process" if inputs.dtype == "int8" else None
    )


def _trace(symbolic: bool) -> Mode:
    setting = f"""\
def traced(called, *given):
    function = megengine.jit.trace(lambda *given: called(*given), symbolic={symbolic})
    function(*given)  # recorded
    return function(*given)"""
    return Mode(
        f"the second call of a jit.trace, {'symbolic' if symbolic else 'imperative'}",
        {"setting": setting, "run": "traced({called}, x)"},
        _spare_the_process if symbolic else lambda inputs: None,
        gradients=False,
        compiles=symbolic,
    )


def _choose(strategy: str) -> Mode:
    setting = f'megengine.functional.debug_param.set_execution_strategy("{strategy}")'
    return Mode(f"algorithms by the strategy {strategy}", {"setting": setting}, compiles="PROFILE" in strategy)


MODULE = "megengine.traced_module.trace_module(megengine.module.Sequential({called}), x)(x)"
DUMPED = """\
from megengine.utils.comp_graph_tools import GraphInference
def dumped(called, x):
    function = megengine.jit.trace(lambda x: called(x), symbolic=True, capture_as_const=True)
    function(x)  # recorded
    function.dump("dumped.mge", arg_names=["x"], output_names=["y"])
    return megengine.Tensor(GraphInference("dumped.mge").run(inp_dict={"x": x.numpy()})["y"])"""
STEP = """\
def step(x, grad_output):
    operands = [{operands}]
    for operand in operands:
        operand.grad = None
    with megengine.autodiff.GradManager().attach(operands) as manager:
        manager.backward(layer(x), grad_output)
    return [operand.grad for operand in operands]
traced = megengine.jit.trace(step, symbolic=True)
traced(x, grad_output)  # recorded
gradients = traced(x, grad_output)"""
AUTOCAST = """\
import copy
def autocast(layer, x):
    wide = copy.copy(layer)
    wide.weight = layer.weight.astype("float32")
    wide.bias = None if layer.bias is None else layer.bias.astype("float32")
    with megengine.amp.autocast():
        return wide(x.astype("float32"))"""
NHWC = "megengine.amp.convert_module_format({called})(megengine.amp.convert_tensor_format(x, inplace=False))"
MODES = {
    "trace": _trace(symbolic=False),
    "symbolic": _trace(symbolic=True),
    "traced_step": Mode(
        "forward and backward of a step in a symbolic jit.trace",
        {
            "backward": STEP,
            "gradient_of_x": "gradients[{position}]",
            "gradient_of_parameter": "gradients[{position}]",
        },
        _spare_the_process,
        functions=False,
        compiles=True,
    ),
    "traced_module": Mode("a model traced by traced_module", {"run": MODULE}, gradients=False, functions=False),
    "dump": Mode(
        "dumped, and run by GraphInference",
        {"setting": DUMPED, "run": "dumped({called}, x)"},
        _spare_the_process,
        gradients=False,
        compiles=True,
    ),
    "autocast": Mode(
        "autocast of a layer in float32",
        {"setting": AUTOCAST, "run": "autocast({called}, x)"},
        functions=False,
        dtype="float16",
    ),
    "nhwc": Mode("module and input in the format NHWC", {"run": NHWC}, gradients=False, functions=False),
    "profile": _choose("PROFILE"),
    "reproducible": _choose("REPRODUCIBLE"),
    "asynchronous": Mode(
        "asynchronous, as by default, and read behind another tensor",
        read_another_first("{tensor}.numpy()"),
        gradients=False,
    ),
}

FRAMEWORK = Framework(
    name="megengine",
    environment=ENVIRONMENT,
    source=Source(
        imports="import numpy as np\nimport megengine",
        prepare="megengine.config.async_level = 0  # errors where they happen",
        tensor="megengine.Tensor({array})",
        narrow="megengine.Tensor({array})",
        numpy="{tensor}.numpy()",
        wide="{tensor}.numpy()",
        dtype_name="np.dtype({tensor}.dtype).name",
        turned="megengine.functional.swapaxes({tensor}, -1, -2)",
        moved="megengine.functional.swapaxes(megengine.functional.swapaxes({tensor}, -1, -2), -2, -3)",
        element="{tensor}.numpy()[{index}].item()",
        set_parameter="{layer}.{name} = megengine.Parameter({tensor})",
        leaf="{tensor}",
        backward=(
            "with megengine.autodiff.GradManager().attach([{operands}]) as manager:\n"
            "    manager.backward({call}, grad_output)"
        ),
        gradient_of_x="{operand}.grad",
        gradient_of_parameter="{operand}.grad",
        dtype='"{name}"',
        seed="megengine.random.seed(0)",
        state="layer.state_dict()",
        steps=StepSource(
            change="{held}[...] = {tensor}",
            checkpoint=(
                'megengine.save(layer.state_dict(), "checkpoint")\nother.load_state_dict(megengine.load("checkpoint"))'
            ),
            switch="layer.train({training})",
            forget="{held}.grad = None",
            record=(
                "{output}_manager = megengine.autodiff.GradManager().attach([{operands}])\n"
                "{output}_manager.record()\n"
                "{output} = {call}"
            ),
            accumulate="{output}_manager.backward({output}, {upstream})",
            share=(
                "with megengine.autodiff.GradManager().attach([{operands}]) as manager:\n"
                "    output = {call}\n"
                "    manager.backward([{call_before}, output], [grad_before, grad_output])"
            ),
        ),
    ),
    contracts=(
        Contract(
            api="megengine.module.Conv2d",
            layer="conv2d",
            to_vendor=partial(_module_to_vendor, "conv2d"),
            to_canonical=_module_to_canonical,
            weight=WEIGHT,
            bias=BIAS,
            instead={**pad_first(PAD), **ADD_BATCH},
        ),
        Contract(
            api="megengine.module.ConvTranspose2d",
            layer="conv_transpose2d",
            to_vendor=partial(_module_to_vendor, "conv_transpose2d"),
            to_canonical=_module_to_canonical,
            weight=WEIGHT,
            bias=BIAS,
            instead=ADD_BATCH,
        ),
        Contract(
            api="megengine.functional.conv2d",
            layer="conv2d",
            to_vendor=partial(_functional_to_vendor, "conv2d"),
            to_canonical=partial(_functional_to_canonical, "conv2d"),
            functional=True,
            weight=WEIGHT,
            bias=BIAS,
            instead={**pad_first(PAD, ("reflect", "replicate")), **ADD_BATCH},
        ),
        Contract(
            api="megengine.functional.conv_transpose2d",
            layer="conv_transpose2d",
            to_vendor=partial(_functional_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_functional_to_canonical, "conv_transpose2d"),
            functional=True,
            weight=WEIGHT,
            bias=BIAS,
            instead=ADD_BATCH,
        ),
    ),
    # Its own kernels are chosen by the processor alone.
    limits={
        "avx2": Limit("AVX2 in the MKL inside, and nowhere else", {"MKL_ENABLE_INSTRUCTIONS": "AVX2"}),
        "sse42": Limit("SSE4.2 in the MKL inside, and nowhere else", {"MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}),
        "1thread": Limit("threads: 1", {"MGE_DEFAULT_DEVICE": "cpux"}),
        "2threads": Limit("threads: 2", {"MGE_DEFAULT_DEVICE": "multithread2:0"}),
        **CORES,
    },
    modes=MODES,
    pads={
        "zeros": "megengine.module.Pad(((0, 0), (0, 0), (top, bottom), (left, right)))",
        "reflect": "megengine.module.Pad(((0, 0), (0, 0), (top, bottom), (left, right)), mode='reflect')",
        "replicate": "megengine.module.Pad(((0, 0), (0, 0), (top, bottom), (left, right)), mode='replicate')",
    },
)
