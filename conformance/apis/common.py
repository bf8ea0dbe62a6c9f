"""What the contracts share: canonical defaults, sizes, the weight's shape, the dtype argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from conformance.apis.contract import Limit, NoEquivalent
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments, DType, Value
from conv_reference import LAYERS

# Of either layer: a canonical call may name a parameter of the other one, at its default.
DEFAULTS: Arguments = {**LAYERS["conv_transpose2d"].defaults, **LAYERS["conv2d"].defaults}

# Of every framework, by `conformance/targets/remote/limits.py`.
CORES = {
    "1core": Limit("cores: 1", {"CONFORMANCE_CORES": "1"}),
    "2cores": Limit("cores: 2", {"CONFORMANCE_CORES": "2"}),
}


def pad_first(pad: str, modes: Iterable[str] = (), *, sides: bool = True) -> Mapping[str, str]:
    """What a person writes where a layer cannot pad so: x is padded before it.

    Args:
        pad: the call that pads x with zeros, without its closing bracket.
        modes: values of its argument mode that the layer lacks.
        sides: whether the layer lacks sides that differ as well.
    """
    calls = {"padding four": f"{pad})"} if sides else {}
    calls |= {f"padding_mode {mode!r}": f'{pad}, mode="{mode}")' for mode in modes}
    return {form: f"y = layer({call})  # no padding in the layer itself" for form, call in calls.items()}


ADD_BATCH = {"batch none": "y = layer(x[None])[0]"}
NO_BIAS = NoEquivalent("there is no bias: it is added to the output")
SUBNORMALS = ("tiny", "subnormal")  # classes of values that have subnormal numbers, or products
NOT_BATCHED = NoEquivalent("the document takes only batched (N, C, H, W) input")


def is_default(arguments: Arguments, name: str) -> bool:
    """Whether an argument is left at, or given, the canonical default."""
    if name not in arguments:
        return True
    value = arguments[name]
    default = DEFAULTS[name]
    return type(value) is type(default) and bool(value == default)


def is_int(value: Value) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def pair(value: Value) -> tuple[int, int] | None:
    """(height, width) of an int or a pair of ints; None for anything else."""
    if is_int(value):
        return value, value
    if isinstance(value, tuple | list) and len(value) == 2 and all(map(is_int, value)):
        return value[0], value[1]
    return None


def four_sided(padding: Value) -> tuple[int, int, int, int] | None:
    """(top, bottom, left, right) of a four-sided padding; None for anything else."""
    if isinstance(padding, tuple | list) and len(padding) == 4 and all(map(is_int, padding)):
        return padding[0], padding[1], padding[2], padding[3]
    return None


def weight_shape(layer: LayerName, arguments: Arguments) -> tuple[int, ...] | None:
    """The oracle's weight shape, or None where the arguments define none.

    conv2d: (C_out, C_in / groups, kh, kw); conv_transpose2d: (C_in, C_out / groups, kh, kw).
    """
    kernel = pair(arguments.get("kernel_size"))
    channels_in: Value = arguments.get("in_channels")
    channels_out: Value = arguments.get("out_channels")
    groups: Value = arguments.get("groups", DEFAULTS["groups"])
    # The oracle also takes what can be made an int, such as an array of one; no vendor's document does.
    if kernel is None or not all(map(is_int, (channels_in, channels_out, groups))):
        return None
    try:
        return LAYERS[layer].weight_shape(channels_in, channels_out, kernel, groups)
    except ValueError:
        return None


def dtype_argument(inputs: Inputs | None) -> Arguments:
    """The dtype argument of an API that has one, float32 being every vendor's default."""
    dtype = "float32" if inputs is None else inputs.weight_dtype or inputs.dtype
    return {} if dtype == "float32" else {"dtype": DType(dtype)}


def is_unbatched(inputs: Inputs | None) -> bool:
    return inputs is not None and len(inputs.shape) == 3


def deny_derivatives(inputs: Inputs) -> str | None:
    """Why a mode that adds a layer's value at zero to its derivative cannot be asked some inputs; None where it can."""
    if inputs.dtype in ("float16", "bfloat16") and inputs.values != "exact":
        return "the sum of value and derivative is rounded once more"
    if "nan" in inputs.values or "inf" in inputs.values:
        return "the value at zero has products of zero with what is not finite"
    return None


def read_another_first(numpy: str) -> Mapping[str, str]:
    """`Source` of a mode as frameworks run by default: asynchronously, with another tensor read before the output.

    Args:
        numpy: makes a NumPy array of ``{tensor}``.
    """
    setting = f"""\
def read_another_first(called, x):
    output = called(x)
    try:
        {numpy.format(tensor="(x + 0)")}
    except Exception as error:
        raise RuntimeError(f"raised where another tensor was read: {{error}}") from error
    return output"""
    return {"prepare": "", "setting": setting, "run": "read_another_first({called}, x)"}
