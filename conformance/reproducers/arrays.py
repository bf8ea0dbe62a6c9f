"""The arrays of a script: which ones a call is given, and how a person would write them, to the last bit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from conformance.apis import AS_THE_ORACLE, Framework
from conformance.case import HELD, Array, TypedArray
from conformance.reproducers.asked import AskedCase
from conformance.targets.protocol import PARAMETERS, vendor_parameter

LISTED = 64  # elements that a person reads; more are written only where a rule makes them


def arrays_of(asked: AskedCase) -> dict[str, TypedArray]:
    """The arrays that the worker was sent, in the vendor's layout; of a dtype that NumPy lacks, in one that it has."""
    arrays = asked.expectation.arrays
    asked_inputs = asked.case.inputs
    if arrays is None or asked_inputs is None:
        return {}
    given = {"x": TypedArray(asked_inputs.dtype, lay_out_image(asked, arrays.x))}
    for name in PARAMETERS:
        parameter = vendor_parameter(name, asked.contract, asked.arguments, asked.expectation)
        if parameter is not None:
            given[name] = TypedArray(asked_inputs.weight_dtype or asked_inputs.dtype, parameter)
    if asked.contract.gradients and arrays.grad_output is not None and asked.expectation.output is not None:
        given["grad_output"] = TypedArray(asked_inputs.dtype, lay_out_image(asked, arrays.grad_output))
    return given


def lay_out_image(asked: AskedCase, image: Array) -> Array:
    """What is (N, C, H, W) as the vendor has it."""
    return np.moveaxis(image, -3, -1) if asked.is_channels_last and image.ndim >= 3 else image


def image_in_vendor_layout(asked: AskedCase, subject: str, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape, or an index, of the output or the gradient of x, as the vendor has it; of another subject as it is."""
    is_image = subject in ("output", "grad_input") and len(sizes) >= 3
    return (*sizes[:-3], *sizes[-2:], sizes[-3]) if asked.is_channels_last and is_image else sizes


def position_in_vendor_layout(asked: AskedCase, subject: str, index: tuple[int, ...]) -> tuple[int, ...]:
    """Where the vendor's layout has an element of the output or of a gradient, by its index in the oracle's."""
    layouts = {"grad_weight": asked.contract.weight, "grad_bias": asked.contract.bias}
    layout = layouts.get(subject, AS_THE_ORACLE)
    if layout is AS_THE_ORACLE or asked.expectation.canonical is None:
        return image_in_vendor_layout(asked, subject, index)
    shape = asked.expectation.gradients[subject.removeprefix("grad_")].value.shape
    positions = np.arange(np.prod(shape)).reshape(shape)
    moved = layout.to_vendor(positions, asked.groups)
    return tuple(int(i) for i in np.argwhere(moved == positions[index])[0])


def write_tensors(asked: AskedCase, sources: Mapping[str, str]) -> dict[str, str]:
    """Source of the framework's tensor of each array, whose own source is given by name."""
    tensors = {}
    for name, array in arrays_of(asked).items():
        if name in sources:
            layout = asked.layout if name == "x" else "contiguous"
            tensors[name] = write_tensor(sources[name], array.dtype, asked.framework, layout)
    return tensors


def write_tensor(array: str, dtype: str, framework: Framework, layout: str) -> str:
    """Source of a tensor that lies in memory as it should, made of the source of an array."""
    template = framework.source.tensor
    if dtype in HELD:
        template = framework.source.narrow.replace("{name}", dtype)
    if layout == "strided":
        return template.format(array=f"np.repeat({array}, 2, axis=-1)") + "[..., ::2]"
    if layout == "transposed":
        turned = template.format(array=f"np.ascontiguousarray({array}.swapaxes(-1, -2))")
        return framework.source.turned.format(tensor=turned)
    if layout == "channels_last":
        moved = template.format(array=f"np.moveaxis({array}, -3, -1).copy()")
        return framework.source.moved.format(tensor=moved)
    return template.format(array=array)


def numpy_dtype(name: str) -> str:
    """NumPy's dtype in which arrays of a dtype are written."""
    return HELD.get(name, name)


def write_ones(array: TypedArray) -> str:
    """Source of an array of that shape and dtype, whose elements do not matter."""
    return f'np.ones({array.values.shape}, dtype="{numpy_dtype(array.dtype)}")'


def write_array(array: TypedArray) -> str | None:
    """Source of a NumPy array, as short as it goes; None where it has too many elements that no rule makes."""
    values = array.values.astype(numpy_dtype(array.dtype))
    return write_filled(values) or write_counted(values) or write_listed(values)


def write_filled(values: Array) -> str | None:
    """Source of an array whose elements are all the same."""
    shape, dtype = values.shape, values.dtype
    if values.size == 0 or same_bits(values, np.zeros(shape, dtype)):
        return f'np.zeros({shape}, dtype="{dtype}")'
    if same_bits(values, np.ones(shape, dtype)):
        return f'np.ones({shape}, dtype="{dtype}")'
    first = values.flat[0].item()
    if values.size <= LISTED or isinstance(first, complex) or not np.isfinite(first):
        return None
    return f'np.full({shape}, {first!r}, dtype="{dtype}")' if same_bits(values, np.full(shape, first, dtype)) else None


def write_counted(values: Array) -> str | None:
    """Source of an array whose elements are consecutive whole numbers."""
    first = values.flat[0].item()
    if values.size < 3 or isinstance(first, complex) or not np.isfinite(first) or first != np.floor(first):
        return None
    start, stop = int(first), int(first) + values.size
    if not same_bits(values.ravel(), np.arange(start, stop).astype(values.dtype)):
        return None
    return f'np.arange({start}, {stop}).reshape{values.shape}.astype("{values.dtype}")'


def write_listed(values: Array) -> str | None:
    """Source of an array with its elements, where they are few."""
    if values.size > LISTED:
        return None
    if values.dtype.kind != "c":
        return f'np.array({write_elements(values)}, dtype="{values.dtype}")'
    # Complex numbers as pairs: as a sum of parts a literal loses the signs of zeros.
    pairs = np.ascontiguousarray(values)[..., None].view(values.real.dtype)
    return f'np.array({write_elements(pairs)}, dtype="{pairs.dtype}").view("{values.dtype}")[..., 0]'


def same_bits(one: Array, other: Array) -> bool:
    """Whether two arrays are the same to the last bit: a zero has a sign."""
    return one.tobytes() == other.tobytes()


def write_elements(values: Array) -> str:
    """Nested lists of the elements, on one line."""
    listed = np.array2string(values, separator=", ", threshold=2 * LISTED + 1, floatmode="unique")
    one_line = " ".join(listed.replace("\n", "").split())
    return one_line.replace("nan", "np.nan").replace("inf", "np.inf")
