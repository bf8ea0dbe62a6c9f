"""The contracts of JAX: two functions of jax.lax and two layers of flax.nnx. The documents stand in `specs/claims`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from conformance.apis import Contract, Environment, Framework, Layout, NoEquivalent, Source, StepSource
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
    weight_shape,
)
from conformance.apis.functional import find_weight, functional_to_vendor, read_weight
from conformance.case import Array, DType, Inputs, LayerName, Numpy, Tensor
from conformance.case.values import Arguments, Value

ENVIRONMENT = Environment(
    "JAX",
    # The newest flax for this version of jax on this interpreter.
    requires=("jax==0.10.2", "flax==0.12.8", "numpy==2.4.6"),
    python=("python3.11",),
)

OF_LAYERS = {
    "in_channels": "in_features",
    "out_channels": "out_features",
    "kernel_size": "kernel_size",
    "stride": "strides",
    "padding": "padding",
    "dilation": "kernel_dilation",
    "groups": "feature_group_count",
    "bias": "use_bias",
}
OF_FUNCTIONS: Mapping[LayerName, Mapping[str, str]] = {
    "conv2d": {
        "weight": "rhs",
        "stride": "window_strides",
        "padding": "padding",
        "dilation": "rhs_dilation",
        "groups": "feature_group_count",
    },
    "conv_transpose2d": {"weight": "rhs", "stride": "strides", "padding": "padding", "dilation": "rhs_dilation"},
}
# Of their own arguments those that say how numbers are computed or kept, and not which layer it is.
HOW = (
    *("precision", "preferred_element_type", "out_sharding", "dtype", "param_dtype", "promote_dtype"),
    *("kernel_init", "bias_init", "kernel_metadata", "bias_metadata", "conv_general_dilated"),
)
# Of a function those that are read apart.
READ = (
    *("rhs", "padding", "dimension_numbers", "lhs_dilation", "batch_group_count"),
    *("transpose_kernel", "use_consistent_padding"),
)
STRINGS = {"same": "SAME", "valid": "VALID"}
MODES = {"circular": "CIRCULAR", "reflect": "REFLECT"}
Sides = tuple[tuple[int, int], tuple[int, int]]  # before and after, of height and of width

NO_GROUPS = NoEquivalent("there are no groups")
COMPUTED = NoEquivalent("padding and output_padding are what is computed of both, and neither is given as it is")
NO_MODE = NoEquivalent("there is no padding_mode")
# The docstrings define a transposed layer as a convolution over x with zeros between and around its elements.
ZEROS_MEET = NoEquivalent("by its docstring the kernel meets zeros, which with a NaN or infinity make NaN")
MEETING_ZEROS = ("nan_in_weight", "inf_in_weight", "nan_in_upstream", "inf_in_upstream")
# Its page "The Sharp Bits" says so, "on some backends": what comes of such numbers is not promised.
FLUSHED = NoEquivalent("JAX documents that its operations flush subnormal numbers to zero")
PADS = "jnp.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right))"
PADS_LAST = "jnp.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0))"
MODES_OF_PAD = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _function_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    """Every number is a pair, which a function needs; padding has pairs of two sides."""
    if is_unbatched(inputs):
        return NOT_BATCHED
    if layer == "conv_transpose2d" and not is_default(arguments, "groups"):
        return NO_GROUPS
    undefined = _find_undefined(layer, inputs)
    if undefined is not None:
        return undefined
    vendor = functional_to_vendor(layer, arguments, _padding_of_function)
    if isinstance(vendor, NoEquivalent):
        return vendor
    if arguments.get("bias", True) is not False:
        return NO_BIAS
    own: dict[str, Value] = {"stride": (1, 1), **vendor}
    for name in ("stride", "dilation"):
        if name in own:
            own[name] = _write_pair(own[name])
    names = {**OF_FUNCTIONS[layer], "use_consistent_padding": "use_consistent_padding"}
    named = {names[name]: value for name, value in own.items() if name in names}
    if layer == "conv_transpose2d":
        height_first = find_weight(layer, arguments)
        assert height_first is not None
        first, second, *kernel = height_first.shape
        named["rhs"] = Tensor((*kernel, first, second))
    return named


def _find_undefined(layer: LayerName, inputs: Inputs | None) -> NoEquivalent | None:
    """Why the numbers of an array have another outcome by JAX's documents; None where they have not."""
    values = None if inputs is None else inputs.values
    if values in SUBNORMALS:
        return FLUSHED
    return ZEROS_MEET if layer == "conv_transpose2d" and values in MEETING_ZEROS else None


def _padding_of_function(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    if layer == "conv2d":
        if not is_default(arguments, "output_padding"):
            return NoEquivalent("there is no output_padding")
        return {"padding": _write_padding(arguments.get("padding", "valid"))}
    string = _find_string(arguments)
    if string is not None:
        return string
    crops = _find_crops(arguments)
    if crops is None and not is_default(arguments, "output_padding"):
        return COMPUTED
    if crops is None:
        return {"padding": _write_padding(arguments.get("padding", "valid")), "use_consistent_padding": True}
    return {"padding": crops, "use_consistent_padding": True}


def _find_string(arguments: Arguments) -> Arguments | NoEquivalent | None:
    """The string that a transposed layer is given for one; None where numbers are to be written."""
    padding = arguments.get("padding", 0)
    is_plain = is_default(arguments, "output_padding")
    if padding == "same":
        return {"padding": "SAME"} if is_plain else NoEquivalent("'SAME' takes no output_padding")
    steps = pair(_read_numpy(arguments.get("stride", 1)))
    extent = _extent(arguments)
    if padding != "valid" or not is_plain or steps is None or extent is None:
        return None
    # Where a step is longer than the kernel, the string adds the rows between.
    return {"padding": "VALID"} if all(size >= step for size, step in zip(extent, steps, strict=True)) else None


def _find_crops(arguments: Arguments) -> Sides | None:
    """What is cropped of the full output, less than nothing where it is added; None where arguments are no layer's."""
    padding = arguments.get("padding", 0)
    sides = _read_sides(0 if padding == "valid" else padding)
    added = pair(arguments.get("output_padding", 0))
    if sides is None or added is None:
        return None
    (top, bottom), (left, right) = sides
    return (top, bottom - added[0]), (left, right - added[1])


def _extent(arguments: Arguments) -> tuple[int, int] | None:
    """How many rows and columns a dilated kernel reaches over; None where the arguments define none."""
    kernel = pair(_read_numpy(arguments.get("kernel_size")))
    dilation = pair(1 if arguments.get("dilation") is None else _read_numpy(arguments["dilation"]))
    if kernel is None or dilation is None or min(kernel) < 1 or min(dilation) < 1:
        return None
    return dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1


def _has_numpy(value: Value) -> bool:
    return isinstance(value, Numpy) or (isinstance(value, tuple | list) and any(map(_has_numpy, value)))


def _read_numpy(value: Value) -> Value:
    """Integers of NumPy's as Python's, to reckon with."""
    if isinstance(value, Numpy):
        return tuple(value.value) if isinstance(value.value, tuple | list) else value.value
    return tuple(map(_read_numpy, value)) if isinstance(value, tuple | list) else value


def _write_pair(value: Value) -> Value:
    """Of what is one value the pair; another sequence, a string and None as they are."""
    if value is None or isinstance(value, str | tuple | list) or (isinstance(value, Numpy) and value.is_array):
        return value
    return value, value


def _write_padding(padding: Value) -> Value:
    """A string in capitals, or numbers as pairs of two sides; what is neither as it is."""
    if isinstance(padding, str):
        return STRINGS.get(padding, padding)
    sides = _write_pair(padding)
    if isinstance(sides, tuple | list) and len(sides) == 2:
        return tuple((side, side) for side in sides)
    if isinstance(sides, tuple | list) and len(sides) == 4:
        top, bottom, left, right = sides
        return (top, bottom), (left, right)
    return sides


def _read_sides(padding: Value) -> Sides | None:
    """Two sides of each axis, of canonical padding; None for what is none."""
    four = four_sided(padding)
    if four is not None:
        return (four[0], four[1]), (four[2], four[3])
    two = pair(padding)
    return None if two is None else ((two[0], two[0]), (two[1], two[1]))


def _layer_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if layer == "conv_transpose2d":
        if not is_default(arguments, "groups"):
            return NO_GROUPS
        if not is_default(arguments, "padding_mode"):
            return NO_MODE
    undefined = _find_undefined(layer, inputs)
    if undefined is not None:
        return undefined
    padding = _padding_of_layer(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    kept = {name: value for name, value in arguments.items() if name != "padding"}
    if layer == "conv_transpose2d":
        kept.pop("groups", None)
    if "kernel_size" in kept:
        kept["kernel_size"] = _write_pair(kept["kernel_size"])
    vendor = {own: kept[name] for name, own in OF_LAYERS.items() if name in kept}
    dtype = dtype_argument(inputs)
    return {**vendor, **padding, **({"param_dtype": dtype["dtype"]} if dtype else {})}


def _padding_of_layer(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    """Always given: the default is 'SAME'."""
    if layer == "conv2d":
        return _padding_of_convolution(arguments)
    string = _find_string(arguments)
    if string is not None:
        return string
    crops, extent = _find_crops(arguments), _extent(arguments)
    if crops is None and (not is_default(arguments, "output_padding") or _has_numpy(arguments["padding"])):
        return COMPUTED
    if crops is None or extent is None:
        return {"padding": _write_padding(arguments.get("padding", "valid"))}
    # What is added to x, dilated by the stride, before it meets the kernel.
    (top, bottom), (left, right) = crops
    height, width = extent[0] - 1, extent[1] - 1
    return {"padding": ((height - top, height - bottom), (width - left, width - right))}


def _padding_of_convolution(arguments: Arguments) -> Arguments | NoEquivalent:
    if not is_default(arguments, "output_padding"):
        return NoEquivalent("there is no output_padding")
    padding = arguments.get("padding", "valid")
    if is_default(arguments, "padding_mode"):
        is_written_so = is_int(padding) or pair(padding) is not None
        return {"padding": padding if is_written_so else _write_padding(padding)}
    mode = arguments["padding_mode"]
    if not isinstance(mode, str) or mode not in MODES:
        return NoEquivalent("a mode of padding is 'CIRCULAR' or 'REFLECT'")
    extent = _extent(arguments)
    stride = pair(arguments.get("stride", 1))
    if extent is None or stride is None:
        return NoEquivalent("a mode pads by the size of the kernel")
    by_kernel = tuple(((size - 1) // 2, size // 2) for size in extent)
    if _read_sides(0 if padding == "valid" else padding) == by_kernel or (padding == "same" and stride == (1, 1)):
        return {"padding": MODES[mode]}
    return NoEquivalent("a mode pads by the size of the kernel, and not by numbers")


def _function_to_canonical(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    own = {name: value for name, value in arguments.items() if name not in HOW}
    reason = _explain_layout(layer, own) or _explain_other(own)
    if reason is not None:
        return NoEquivalent(reason)
    shape = own["rhs"].shape
    if layer == "conv_transpose2d":
        *kernel, first, second = shape
        shape = (first, second, *kernel)
    canonical: dict[str, Value] = {**DEFAULTS, **read_weight(layer, shape, own.get("feature_group_count", 1))}
    canonical["bias"] = False
    # What is of another length than the axes is no layer's, and asked as it is.
    for vendor in ("dimension_numbers", "lhs_dilation"):
        if not _fits(vendor, own.get(vendor)):
            return {**canonical, vendor: own[vendor]}
    names = {vendor: name for name, vendor in OF_FUNCTIONS[layer].items()}
    for vendor, value in own.items():
        if vendor not in READ and (value is not None or vendor != "rhs_dilation"):  # of which None is 1
            canonical[names.get(vendor, vendor)] = _read_pair(value)
    if layer == "conv2d":
        return {**canonical, **_read_padding(own.get("padding"))}
    return _transposed_to_canonical(canonical, own.get("padding"), bool(own.get("use_consistent_padding")))


def _fits(name: str, value: Value) -> bool:
    if value is None:
        return True
    if name == "lhs_dilation":
        return len(value) == 2
    return len(value) == 3 and all(len(numbers) == 4 for numbers in value)


def _explain_layout(layer: LayerName, own: Arguments) -> str | None:
    """Why dimension_numbers are none that this suite writes x, kernel and output in; None where they are."""
    numbers = own.get("dimension_numbers")
    if numbers is None or not _fits("dimension_numbers", numbers):
        return None
    kernel = "OIHW" if layer == "conv2d" else "HWIO"
    if tuple(numbers) in (("NCHW", kernel, "NCHW"), ("NHWC", kernel, "NHWC")):
        return None
    return "x and output lie as (N, C, H, W) or (N, H, W, C), and the kernel as by default"


def _explain_other(own: Arguments) -> str | None:
    """What of the arguments no layer has."""
    dilation = own.get("lhs_dilation")
    if _fits("lhs_dilation", dilation) and dilation not in (None, (1, 1)):
        return "a convolution has no dilated input"
    if own.get("batch_group_count", 1) != 1:
        return "a convolution has no groups of the batch"
    if own.get("transpose_kernel"):
        return "the kernel lies otherwise than by default"
    return None


def _layer_to_canonical(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    own = {name: value for name, value in arguments.items() if name not in HOW}
    if own.pop("transpose_kernel", False):
        return NoEquivalent("the kernel lies otherwise than by default")
    if own.pop("input_dilation", None) not in (None, 1, (1, 1)):
        return NoEquivalent("a convolution has no dilated input")
    padding = own.pop("padding", "SAME")
    canonical: dict[str, Value] = dict(DEFAULTS)
    names = {vendor: name for name, vendor in OF_LAYERS.items()}
    for vendor, value in own.items():
        if value is not None or vendor not in ("strides", "kernel_dilation"):  # of which None is 1
            canonical[names.get(vendor, vendor)] = _read_pair(value)
    mask = canonical.pop("mask", None)
    if isinstance(mask, Tensor):
        weight = weight_shape(layer, canonical)
        if weight is not None and sorted(mask.shape) == sorted(weight) and mask.shape[:2] == weight[2:]:
            return NoEquivalent("a convolution has no mask")
        return {**canonical, "mask": mask}  # no layer's
    if layer == "conv_transpose2d":
        return _transposed_to_canonical(canonical, padding, False)
    mode = {own: name for name, own in MODES.items()}.get(padding) if isinstance(padding, str) else None
    if mode is None:
        return {**canonical, **_read_padding(padding)}
    extent = _extent(canonical)
    if extent is None:
        return {**canonical, "padding_mode": mode}
    (height, width) = extent
    sides = ((height - 1) // 2, height // 2, (width - 1) // 2, width // 2)
    return {**canonical, "padding": sides if any(sides) else 0, "padding_mode": mode}


def _read_padding(padding: Value) -> Arguments:
    """Canonical padding for a string, or for what has two sides of each axis, which flax writes as an int too."""
    if isinstance(padding, str):
        strings: dict[str, Value] = {"SAME": "same", "VALID": 0}
        # A name of none is no padding, and the oracle says so.
        return {"padding": strings.get(padding, f"{padding} is none")}
    sides = _read_pairs(padding)
    if sides is None:
        return {"padding": padding}
    flat = tuple(side for axis in sides for side in axis)
    return {"padding": flat if any(flat) else 0}


def _read_pairs(padding: Value) -> Sides | None:
    if is_int(padding):
        return (padding, padding), (padding, padding)
    if not isinstance(padding, tuple | list) or len(padding) != 2:
        return None
    sides = [pair(side) for side in padding]
    height, width = sides
    return None if height is None or width is None else (height, width)


def _transposed_to_canonical(canonical: Arguments, padding: Value, is_consistent: bool) -> Arguments | NoEquivalent:
    """With the padding and output_padding that crop the full output as JAX does."""
    if padding == "SAME":
        return {**canonical, "padding": "same"}
    extent, steps, sides = _extent(canonical), pair(canonical["stride"]), _read_pairs(padding)
    if extent is None or steps is None:
        return {**canonical, **_read_padding(padding)}
    if padding == "VALID":
        crops = [(0, -max(step - size, 0)) for size, step in zip(extent, steps, strict=True)]
    elif sides is None:
        return {**canonical, **_read_padding(padding)}
    elif is_consistent:
        crops = list(sides)
    else:
        crops = [(size - 1 - low, size - 1 - high) for size, (low, high) in zip(extent, sides, strict=True)]
    (top, bottom), (left, right) = crops
    if min(top, left) < 0:
        return NoEquivalent("nothing is added before the first row or column of an output")
    cropped = (top, max(bottom, 0), left, max(right, 0))
    added = (max(-bottom, 0), max(-right, 0))
    return {**canonical, "padding": cropped if any(cropped) else 0, "output_padding": added if any(added) else 0}


def _read_pair(value: Value) -> Value:
    """A list is a pair of an axis each."""
    return value if is_int(value) or isinstance(value, DType) else pair(value) or value


def _are_channels_last(default: bool, arguments: Arguments) -> bool:
    numbers = arguments.get("dimension_numbers")
    return default if numbers is None else bool(numbers[0] == "NHWC")


def _kernel_last(array: Array, groups: int) -> Array:
    """(O, I, kh, kw) as (kh, kw, I, O)."""
    return np.transpose(array, (2, 3, 1, 0))


def _kernel_first(array: Array, groups: int) -> Array:
    return np.transpose(array, (3, 2, 0, 1))


def _turn_last(array: Array, groups: int) -> Array:
    """(I, O, kh, kw) as (kh, kw, I, O), from its last row and column to the first."""
    return np.transpose(array[:, :, ::-1, ::-1], (2, 3, 0, 1))


def _turn_first(array: Array, groups: int) -> Array:
    return np.transpose(array, (2, 3, 0, 1))[:, :, ::-1, ::-1]


KERNEL = Layout(_kernel_last, _kernel_first, "weight.transpose(2, 3, 1, 0)", "weight.transpose(3, 2, 0, 1)")
# A transposed layer of JAX is a convolution of x with zeros between its elements: the kernel is not turned.
TURNED = Layout(
    _turn_last,
    _turn_first,
    "weight[:, :, ::-1, ::-1].transpose(2, 3, 0, 1)",
    "weight.transpose(2, 3, 0, 1)[:, :, ::-1, ::-1]",
)

# JAX takes derivatives of complex numbers as they are; those that go down are the conjugated ones.
OF_FUNCTION = """\
output, back = jax.vjp(lambda {operands}: {call}, {operands})
gradients = [gradient.conj() for gradient in back(grad_output.conj())]"""
OF_LAYER = """\
output, back = flax.nnx.vjp(lambda layer, x: {call}, layer, x, graph=False)
of_layer, of_x = jax.tree.map(jnp.conj, back(grad_output.conj()))"""
# Of the ways to draw numbers the one that is compiled in a sixth of the time.
RNGS = 'rngs = flax.nnx.Rngs(jax.random.key(0, impl="rbg"))'
FUNCTION_SOURCE = {"steps": StepSource(change="{held} = {tensor}")}
LAYER_SOURCE = {
    "call": "{api}({arguments}, rngs=rngs)",
    "backward": OF_LAYER,
    "gradient_of_x": "of_x",
    "gradient_of_parameter": "of_{operand}",
}
ADD_BIAS = {"bias True": "y = layer(x) + bias[:, None, None]  # no bias in the function itself"}
ADD_BIAS_LAST = {"bias True": "y = layer(x) + bias  # no bias in the function itself"}


def _pad_first(pad: str, modes: Mapping[str, str], *, sides: bool) -> Mapping[str, str]:
    """`pad_first` with NumPy's names of the modes, which jnp.pad's are too."""
    remedies = {**pad_first(pad, sides=sides)}
    for mode, own in modes.items():
        remedies[f"padding_mode {mode!r}"] = f'y = layer({pad}, mode="{own}"))  # no padding in the layer itself'
    return remedies


FRAMEWORK = Framework(
    name="jax",
    needs=("flax",),
    environment=ENVIRONMENT,
    source=Source(
        imports=(
            "import flax.nnx\nimport jax\nimport jax.numpy as jnp\nimport numpy as np\n"
            f'jax.config.update("jax_enable_x64", True)\n{RNGS}'
        ),
        tensor="jnp.array({array})",
        narrow="jnp.array({array}, jnp.{name})",
        numpy="np.asarray({tensor}[...])",
        wide='np.asarray({tensor}[...]).astype("{held}")',
        dtype_name="{tensor}.dtype.name",
        turned="{tensor}.swapaxes(-1, -2)",
        moved="jnp.moveaxis({tensor}, -1, -3)",
        element="{tensor}[{index}].item()",
        set_parameter="{layer}.{name}.set_value({tensor})",
        backward=OF_FUNCTION,
        dtype="jnp.{name}",
        seed=RNGS,
        gradient_of_x="gradients[{position}]",
        gradient_of_parameter="gradients[{position}]",
        steps=StepSource(
            change="{held}.set_value({tensor})",
            checkpoint="flax.nnx.update(other, flax.nnx.state(layer))",
            switch="layer.train() if {training} else layer.eval()",
        ),
    ),
    contracts=(
        Contract(
            api="jax.lax.conv_general_dilated",
            layer="conv2d",
            to_vendor=partial(_function_to_vendor, "conv2d"),
            to_canonical=partial(_function_to_canonical, "conv2d"),
            functional=True,
            operands={"weight": "rhs"},
            source=FUNCTION_SOURCE,
            required=("window_strides", "padding"),
            is_channels_last=partial(_are_channels_last, False),
            instead={**_pad_first(PADS, MODES_OF_PAD, sides=False), **ADD_BATCH, **ADD_BIAS},
        ),
        Contract(
            api="jax.lax.conv_transpose",
            layer="conv_transpose2d",
            to_vendor=partial(_function_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_function_to_canonical, "conv_transpose2d"),
            functional=True,
            operands={"weight": "rhs"},
            source=FUNCTION_SOURCE,
            required=("strides", "padding"),
            is_channels_last=partial(_are_channels_last, True),
            weight=TURNED,
            instead={**ADD_BATCH, **ADD_BIAS_LAST},
        ),
        Contract(
            api="flax.nnx.Conv",
            layer="conv2d",
            to_vendor=partial(_layer_to_vendor, "conv2d"),
            to_canonical=partial(_layer_to_canonical, "conv2d"),
            operands={"weight": "kernel", "bias": "bias"},
            required=("in_features", "out_features", "kernel_size"),
            is_channels_last=lambda arguments: True,
            weight=KERNEL,
            source=LAYER_SOURCE,
            instead=_pad_first(PADS_LAST, MODES_OF_PAD, sides=False),
        ),
        Contract(
            api="flax.nnx.ConvTranspose",
            layer="conv_transpose2d",
            to_vendor=partial(_layer_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_layer_to_canonical, "conv_transpose2d"),
            operands={"weight": "kernel", "bias": "bias"},
            required=("in_features", "out_features", "kernel_size"),
            is_channels_last=lambda arguments: True,
            weight=TURNED,
            source=LAYER_SOURCE,
        ),
    ),
    limits=CORES,
)
