"""The contracts of Keras, whose layers are run by one of three backends. The documents stand in `specs/claims`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from conformance.apis import Contract, Environment, Framework, Layout, Mode, NoEquivalent, Source, StepSource
from conformance.apis.common import (
    ADD_BATCH,
    CORES,
    DEFAULTS,
    NO_BIAS,
    NOT_BATCHED,
    SUBNORMALS,
    dtype_argument,
    four_sided,
    is_default,
    is_int,
    is_unbatched,
    pad_first,
    pair,
)
from conformance.apis.functional import functional_to_vendor, read_weight
from conformance.case import Array, Inputs, LayerName, Tensor
from conformance.case.values import Arguments, Value

ENVIRONMENT = Environment(
    "Keras",
    # The backends are those by which the recorded verdicts were observed.
    requires=("keras==3.15.1", "jax==0.10.2", "tensorflow-cpu==2.21.0", "torch==2.13.0", "numpy==2.4.6"),
    python=("python3.11",),
    modes=("jax", "torch"),
)

NAMES = {
    "out_channels": "filters",
    "kernel_size": "kernel_size",
    "stride": "strides",
    "padding": "padding",
    "output_padding": "output_padding",
    "dilation": "dilation_rate",
    "groups": "groups",
    "bias": "use_bias",
}
# A depthwise layer has a kernel for each channel of its input.
MULTIPLIER = "depth_multiplier"
CANONICAL = {own: name for name, own in NAMES.items()}
# Of its own arguments those that are no layer's, whatever they are.
OWN = (
    *("data_format", "activation", "dtype", "name", "trainable", "activity_regularizer"),
    *(
        f"{operand}_{what}"
        for operand in ("kernel", "depthwise", "bias")
        for what in ("initializer", "regularizer", "constraint")
    ),
)
OPERANDS = {"weight": "kernel", "bias": "bias"}
OF_FUNCTION = {"weight": "kernel"}
PAD = "keras.ops.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0))"
ADD_BIAS = {"bias True": "y = layer(x) + bias  # no bias in the function itself"}
OTHERS = NoEquivalent("padding is a string, and none means this one for inputs of every size")
Crops = tuple[tuple[int, int], tuple[int, int]]  # of the full output, before and after, of height and of width


def _to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if is_unbatched(inputs):
        return NOT_BATCHED
    if not is_default(arguments, "padding_mode"):
        return NoEquivalent("there is no padding_mode")
    if layer == "conv_transpose2d" and not is_default(arguments, "groups"):
        return NoEquivalent("there are no groups")
    if inputs is not None and _channels_of(inputs) != arguments.get("in_channels"):
        return NoEquivalent("a layer takes its channels in from its first input")
    padding = _padding_to_vendor(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    kept = {name: value for name, value in arguments.items() if name not in ("padding", "output_padding")}
    vendor = {own: kept[name] for name, own in NAMES.items() if name in kept and _takes(layer, name)}
    return {**vendor, **padding, **dtype_argument(inputs)}


def _depthwise_to_vendor(arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    """A convolution of as many groups as channels."""
    vendor = _to_vendor("conv2d", arguments, inputs)
    if isinstance(vendor, NoEquivalent):
        return vendor
    multiplier = _find_multiplier(arguments)
    if isinstance(multiplier, NoEquivalent):
        return multiplier
    kept = {name: value for name, value in vendor.items() if name not in (NAMES["out_channels"], NAMES["groups"])}
    return {**kept, MULTIPLIER: multiplier}


def _find_multiplier(arguments: Arguments) -> Value | NoEquivalent:
    """The filters of each channel."""
    groups: Value = arguments.get("groups", 1)
    if not is_int(groups) or groups != arguments.get("in_channels"):
        return NoEquivalent("each channel is a group of its own")
    filters: Value = arguments.get("out_channels")
    # One channel has any number of filters, even one that is none.
    if groups != 1 and not (is_int(filters) and filters % groups == 0):
        return NoEquivalent("each channel has as many filters")
    return filters if groups == 1 else filters // groups


def _function_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    """The kernel is a tensor, and says of channels and sizes what there is to say."""
    if not is_default(arguments, "groups"):
        return NoEquivalent("there are no groups")
    vendor = _write_function(layer, arguments, inputs)
    if isinstance(vendor, NoEquivalent):
        return vendor
    first, second, *sizes = vendor.pop("weight").shape
    return {"kernel": Tensor((*sizes, second, first)), **vendor}


def _depthwise_function_to_vendor(arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    """A kernel of (kh, kw, channels, filters of each)."""
    vendor = _write_function("conv2d", arguments, inputs)
    if isinstance(vendor, NoEquivalent):
        return vendor
    multiplier = _find_multiplier(arguments)
    if isinstance(multiplier, NoEquivalent):
        return multiplier
    _, _, *sizes = vendor.pop("weight").shape
    return {"kernel": Tensor((*sizes, arguments["in_channels"], multiplier)), **vendor}


def _write_function(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> dict[str, Value] | NoEquivalent:
    """The arguments of a function, with a weight that lies as the oracle's."""
    if is_unbatched(inputs):
        return NOT_BATCHED
    padding = _padding_to_vendor(layer, arguments)
    others = {name: value for name, value in arguments.items() if name not in ("padding", "output_padding")}
    vendor = functional_to_vendor(layer, others, lambda layer, arguments: padding)
    if isinstance(vendor, NoEquivalent):
        return vendor
    if arguments.get("bias", True) is not False:
        return NO_BIAS
    return {NAMES.get(name, name): value for name, value in vendor.items() if name != "groups"}


def _takes(layer: LayerName, name: str) -> bool:
    return name != "groups" or layer == "conv2d"


def _channels_of(inputs: Inputs) -> int | None:
    return inputs.shape[1] if len(inputs.shape) == 4 else None


def _padding_to_vendor(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    """A string, and of a transposed layer what is added to the output."""
    given = {name: arguments[name] for name in ("padding", "output_padding") if name in arguments}
    if layer == "conv2d":
        return _string_of_sides(arguments, given)
    padding = given.get("padding", 0)
    if padding == "same" and is_default(given, "output_padding"):
        return {"padding": "same"}
    if padding == "same":
        return NoEquivalent("with padding 'same', output_padding is what the output has, not what it has more")
    wanted = _crops_of(arguments)
    stride = pair(arguments.get("stride", 1))
    if wanted is None or stride is None or min(stride) < 1 or _extent(arguments) is None:
        return _pass_on(given)
    for candidate in _candidates(arguments):
        if _find_crops(arguments, candidate) == wanted:
            return candidate
    return NoEquivalent("no padding and output_padding crop so")


def _string_of_sides(arguments: Arguments, given: Arguments) -> Arguments | NoEquivalent:
    """The string that pads a convolution by these numbers; a string as it is."""
    padding = given.get("padding", 0)
    if not is_default(given, "output_padding"):
        return NoEquivalent("there is no output_padding")
    if isinstance(padding, str):
        return {"padding": padding}
    sides = _sides(padding)
    extent = _extent(arguments)
    stride = pair(arguments.get("stride", 1))
    if sides is None or extent is None or stride is None:
        return _pass_on(given)
    if sides == ((0, 0), (0, 0)):
        return {"padding": "valid"} if "padding" in given else {}
    if stride == (1, 1) and sides == tuple(((size - 1) // 2, size // 2) for size in extent):
        return {"padding": "same"}
    return OTHERS


def _pass_on(given: Arguments) -> Arguments | NoEquivalent:
    """What no layer has, as a case may be about it; of padding, which is no number, only what there is none of."""
    padding = given.get("padding", 0)
    if padding != "valid" and _sides(padding) != ((0, 0), (0, 0)):
        return OTHERS
    return {**given, "padding": "valid"} if "padding" in given else given


def _sides(padding: Value) -> Crops | None:
    """Height's and width's two sides; None for what is no padding."""
    four = four_sided(padding)
    if four is not None:
        return (four[0], four[1]), (four[2], four[3])
    two = pair(padding)
    return None if two is None else ((two[0], two[0]), (two[1], two[1]))


def _extent(arguments: Arguments) -> tuple[int, int] | None:
    """How many rows and columns a dilated kernel reaches over; None where the arguments define none."""
    kernel = pair(arguments.get("kernel_size"))
    dilation = pair(arguments.get("dilation", 1))
    if kernel is None or dilation is None or min(kernel) < 1 or min(dilation) < 1:
        return None
    return dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1


def _crops_of(arguments: Arguments) -> Crops | None:
    """What canonical arguments crop of the full output of a transposed layer; less than nothing is added."""
    sides = _sides(0 if arguments.get("padding") == "valid" else arguments.get("padding", 0))
    added = pair(arguments.get("output_padding", 0))
    if sides is None or added is None:
        return None
    (top, bottom), (left, right) = sides
    return (top, bottom - added[0]), (left, right - added[1])


def _candidates(arguments: Arguments) -> Iterator[Arguments]:
    """The paddings that a transposed layer can have, the plainest first."""
    stride, dilation = pair(arguments.get("stride", 1)), pair(arguments.get("dilation", 1))
    assert stride is not None
    assert dilation is not None
    named = "padding" in arguments
    plain: Arguments = {"padding": "valid"} if named else {}
    yield plain
    yield {"padding": "same"}
    # It has to be below the stride: what a layer has that adds more is asked, and for Keras to refuse.
    most = [min(max(axis), 64) for axis in zip(stride, dilation, strict=True)]
    for added in itertools.product(*map(range, most)):
        yield {**plain, "output_padding": added}
        yield {"padding": "same", "output_padding": added}


def _find_crops(arguments: Arguments, vendor: Arguments) -> Crops | None:
    """What Keras crops of the full output of a transposed layer with its own padding and output_padding.

    Where its documents leave it open (how "same" goes with output_padding, and which side is cropped more) that is
    what all of its backends are written to do.
    """
    extent = _extent(arguments)
    stride = pair(arguments.get("stride", 1))
    added: Value = vendor.get("output_padding")
    outputs = (None, None) if added is None else pair(added)
    if extent is None or stride is None or outputs is None:
        return None
    is_same = vendor.get("padding", "valid") == "same"
    crop = _crop_same if is_same else _crop_valid
    height, width = (crop(*sizes) for sizes in zip(extent, stride, outputs, strict=True))
    return height, width


def _crop_valid(extent: int, stride: int, added: int | None) -> tuple[int, int]:
    """Nothing is cropped, and by default as much added as makes a step."""
    return 0, -(max(stride - extent, 0) if added is None else added)


def _crop_same(extent: int, stride: int, added: int | None) -> tuple[int, int]:
    """An output of `stride` times the rows by default, and else of as many as a kernel of one or two rows has."""
    total = extent - stride if added is None else extent - extent % 2 - added
    before = max(total // 2, 0)
    return before, total - before


def _to_canonical(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if arguments.get("activation") is not None:
        return NoEquivalent("an activation is no part of the layer")
    canonical = _read_names({name: value for name, value in arguments.items() if name not in OWN})
    if inputs is not None:
        canonical["in_channels"] = _channels_of(inputs)
    elif "in_channels" not in canonical:
        return NoEquivalent("a layer takes its channels in from its first input")
    return _read_padding(layer, canonical, arguments)


def _read_names(own: Arguments) -> dict[str, Value]:
    """Their arguments by the canonical names, and the defaults."""
    named = {CANONICAL.get(name, name): _read_pair(value) for name, value in own.items()}
    return {**DEFAULTS, **named}


def _read_padding(layer: LayerName, canonical: Arguments, arguments: Arguments) -> Arguments | NoEquivalent:
    """Canonical arguments whose padding is that of the vendor's."""
    padding = arguments.get("padding", "valid")
    string = padding.lower() if isinstance(padding, str) else padding
    if string not in ("valid", "same"):
        # One side of numbers is no padding that the oracle takes, as they are none that Keras does.
        return {**canonical, "padding": string if isinstance(string, str) else str(string)}
    if layer == "conv2d":
        return {**canonical, "padding": 0 if string == "valid" else "same"}
    return _transposed_to_canonical({**canonical, "padding": string}, arguments)


def _depthwise_to_canonical(arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    """With the groups and filters that the channels of the input make."""
    others = {name: value for name, value in arguments.items() if name != MULTIPLIER}
    canonical = _to_canonical("conv2d", others, inputs)
    if isinstance(canonical, NoEquivalent):
        return canonical
    channels: Value = canonical["in_channels"]
    multiplier: Value = arguments.get(MULTIPLIER, 1)
    filters = channels * multiplier if is_int(channels) and is_int(multiplier) else multiplier
    return {**canonical, "out_channels": filters, "groups": channels}


def _function_to_canonical(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    *sizes, second, first = arguments["kernel"].shape
    return _read_function(layer, read_weight(layer, (first, second, *sizes), 1), arguments)


def _depthwise_function_to_canonical(arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    *sizes, channels, multiplier = arguments["kernel"].shape
    weight = read_weight("conv2d", (channels * multiplier, 1, *sizes), channels)
    return _read_function("conv2d", {**weight, "groups": channels}, arguments)


def _read_function(layer: LayerName, weight: Arguments, arguments: Arguments) -> Arguments | NoEquivalent:
    """The layer of a function, given what its weight implies."""
    own = {name: value for name, value in arguments.items() if name not in ("kernel", "data_format")}
    return _read_padding(layer, {**_read_names(own), **weight, "bias": False}, arguments)


def _transposed_to_canonical(canonical: Arguments, arguments: Arguments) -> Arguments | NoEquivalent:
    """With the padding and output_padding that crop the full output as Keras does."""
    added = arguments.get("output_padding")
    if added is None and canonical["padding"] == "same":
        return {**canonical, "output_padding": 0}
    crops = _find_crops(canonical, {"padding": canonical["padding"], "output_padding": _read_pair(added)})
    if crops is None:
        # No layer's, which is for the oracle to say.
        return {**canonical, "padding": 0, "output_padding": 0 if added is None else canonical["output_padding"]}
    (top, bottom), (left, right) = crops
    sides = (top, max(bottom, 0), left, max(right, 0))
    more = (max(-bottom, 0), max(-right, 0))
    return {**canonical, "padding": sides if any(sides) else 0, "output_padding": more if any(more) else 0}


def _read_pair(value: Value) -> Value:
    """A list is a pair of an axis each."""
    return value if is_int(value) else pair(value) or value


def _is_channels_last(arguments: Arguments) -> bool:
    return bool(arguments.get("data_format") != "channels_first")


def _kernel_last(array: Array, groups: int) -> Array:
    """(A, B, kh, kw) as (kh, kw, B, A)."""
    return np.transpose(array, (2, 3, 1, 0))


def _kernel_first(array: Array, groups: int) -> Array:
    return np.transpose(array, (3, 2, 0, 1))


def _split_channels(array: Array, groups: int) -> Array:
    """(C * M, 1, kh, kw) as (kh, kw, C, M), where C is the groups."""
    return np.transpose(array.reshape(groups, -1, *array.shape[2:]), (2, 3, 0, 1))


def _join_channels(array: Array, groups: int) -> Array:
    return np.transpose(array, (2, 3, 0, 1)).reshape(-1, 1, *array.shape[:2])


KERNEL = Layout(_kernel_last, _kernel_first, "weight.transpose(2, 3, 1, 0)", "weight.transpose(3, 2, 0, 1)")
DEPTHWISE_KERNEL = Layout(
    _split_channels,
    _join_channels,
    "weight.reshape(groups, -1, *weight.shape[2:]).transpose(2, 3, 0, 1)",
    "weight.transpose(2, 3, 0, 1).reshape(-1, 1, *weight.shape[:2])",
)

TENSORFLOW = """\
import tensorflow as tf
operands = [getattr(operand, "value", operand) for operand in [{operands}]]
with tf.GradientTape() as tape:
    tape.watch(operands)
    output = {call}
gradients = tape.gradient(output, operands, grad_output)"""
TORCH = """\
import torch
operands = [getattr(operand, "value", operand) for operand in [{operands}]]
gradients = torch.autograd.grad([{call}], operands, [grad_output])"""
JAX = """\
import jax
def run(values, x):
    return layer.stateless_call(values, [], x)[0]
output, back = jax.vjp(run, [variable.value for variable in layer.trainable_variables], x)
of_variables, of_x = jax.tree.map(jax.numpy.conj, back(jax.numpy.conj(grad_output)))
gradients = dict(zip([variable.name for variable in layer.trainable_variables], of_variables))"""
JAX_OF_FUNCTION = """\
import jax
output, back = jax.vjp(lambda {operands}: {call}, {operands})
gradients = [jax.numpy.conj(gradient) for gradient in back(jax.numpy.conj(grad_output))]"""
BY_POSITION = {"gradient_of_x": "gradients[{position}]", "gradient_of_parameter": "gradients[{position}]"}
OF_TORCH = {"backward": TORCH, "leaf": "{tensor}.requires_grad_()", **BY_POSITION}
OF_JAX = {"backward": JAX, "gradient_of_x": "of_x", "gradient_of_parameter": "gradients[{operand}.name]"}
OF_FUNCTION_BY_JAX = {"backward": JAX_OF_FUNCTION, **BY_POSITION}
# A function has nothing that is saved, and its operand is another tensor, as not every backend's can be changed.
FUNCTION_SOURCE = {"steps": StepSource(change="{held} = {tensor}")}


# What a symbolic tensor tells of the output has to be what comes.
SYMBOLIC = """\
def describe(tensor):
    return tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype)
def foretell(layer, x):
    shape, dtype = describe(x)
    foretold = layer(keras.Input(batch_shape=shape, dtype=dtype))
    output = layer(x)
    assert describe(foretold) == describe(output), f"{describe(output)}, and {describe(foretold)} was foretold"
    return output"""


def _by(
    backend: str,
    source: Mapping[str, str],
    of_functions: Mapping[str, str],
    denies: Callable[[Inputs], str | None] = lambda inputs: None,
) -> Mode:
    variables = {"KERAS_BACKEND": backend}
    return Mode(f"by its backend {backend}", source, denies, variables=variables, of_functions=of_functions)


def _deny_subnormals(inputs: Inputs) -> str | None:
    """JAX's page "The Sharp Bits" says so, "on some backends": what comes of such numbers is not promised."""
    return "JAX documents that it flushes subnormal numbers to zero" if inputs.values in SUBNORMALS else None


LAYER = partial(Contract, operands=OPERANDS, awaits_input=True, is_channels_last=_is_channels_last)
FUNCTION = partial(
    Contract,
    functional=True,
    operands=OF_FUNCTION,
    required=(),
    is_channels_last=_is_channels_last,
    source=FUNCTION_SOURCE,
)

FRAMEWORK = Framework(
    name="keras",
    environment=ENVIRONMENT,
    source=Source(
        imports="import numpy as np\nimport keras",
        tensor="keras.ops.convert_to_tensor({array})",
        narrow='keras.ops.cast({array}, "{name}")',
        numpy="keras.ops.convert_to_numpy({tensor})",
        wide='keras.ops.convert_to_numpy(keras.ops.cast({tensor}, "float32"))',
        dtype_name="keras.backend.standardize_dtype({tensor}.dtype)",
        turned="keras.ops.swapaxes({tensor}, -1, -2)",
        moved="keras.ops.moveaxis({tensor}, -1, -3)",
        element="keras.ops.convert_to_numpy({tensor})[{index}].item()",
        build="{layer}.build({shape})",
        set_parameter="{layer}.{name}.assign({tensor})",
        backward=TENSORFLOW,
        dtype='"{name}"',
        seed="keras.utils.set_random_seed(0)",
        gradient_of_x=BY_POSITION["gradient_of_x"],
        gradient_of_parameter=BY_POSITION["gradient_of_parameter"],
        steps=StepSource(
            change="{held}.assign({tensor})",
            checkpoint="held = dict()\nlayer.save_own_variables(held)\nother.load_own_variables(held)",
        ),
    ),
    contracts=(
        LAYER(
            api="keras.layers.Conv2D",
            layer="conv2d",
            to_vendor=partial(_to_vendor, "conv2d"),
            to_canonical=partial(_to_canonical, "conv2d"),
            required=("filters", "kernel_size"),
            weight=KERNEL,
            instead={**pad_first(PAD, ("reflect",)), **ADD_BATCH},
        ),
        LAYER(
            api="keras.layers.Conv2DTranspose",
            layer="conv_transpose2d",
            to_vendor=partial(_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_to_canonical, "conv_transpose2d"),
            required=("filters", "kernel_size"),
            weight=KERNEL,
            instead=ADD_BATCH,
        ),
        LAYER(
            api="keras.layers.DepthwiseConv2D",
            layer="conv2d",
            to_vendor=_depthwise_to_vendor,
            to_canonical=_depthwise_to_canonical,
            required=("kernel_size",),
            depthwise=True,
            weight=DEPTHWISE_KERNEL,
            instead={**pad_first(PAD, ("reflect",)), **ADD_BATCH},
        ),
        FUNCTION(
            api="keras.ops.conv",
            layer="conv2d",
            to_vendor=partial(_function_to_vendor, "conv2d"),
            to_canonical=partial(_function_to_canonical, "conv2d"),
            weight=KERNEL,
            instead={**pad_first(PAD, ("reflect",)), **ADD_BATCH, **ADD_BIAS},
        ),
        FUNCTION(
            api="keras.ops.conv_transpose",
            layer="conv_transpose2d",
            to_vendor=partial(_function_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_function_to_canonical, "conv_transpose2d"),
            weight=KERNEL,
            instead={**ADD_BATCH, **ADD_BIAS},
        ),
        FUNCTION(
            api="keras.ops.depthwise_conv",
            layer="conv2d",
            to_vendor=_depthwise_function_to_vendor,
            to_canonical=_depthwise_function_to_canonical,
            depthwise=True,
            weight=DEPTHWISE_KERNEL,
            instead={**pad_first(PAD, ("reflect",)), **ADD_BATCH, **ADD_BIAS},
        ),
    ),
    limits=CORES,
    modes={
        "jax": _by("jax", OF_JAX, OF_FUNCTION_BY_JAX, _deny_subnormals),
        "torch": _by("torch", OF_TORCH, {}),
        "symbolic": Mode(
            "shape and dtype as a symbolic tensor foretells them",
            {"setting": SYMBOLIC, "run": "foretell({called}, x)"},
            gradients=False,
        ),
    },
)
