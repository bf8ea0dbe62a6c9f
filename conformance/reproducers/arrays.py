"""The arrays of a script: which ones a call is given, and how they are written down, to the last bit."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping

import numpy as np

from conformance.apis import AS_THE_ORACLE, Framework
from conformance.case import Array, TypedArray
from conformance.reproducers.asked import AskedCase
from conformance.targets.protocol import PARAMETERS, vendor_parameter

LISTED = 64  # elements; longer arrays are packed


def arrays_of(asked: AskedCase) -> dict[str, TypedArray]:
    """The arrays that the worker was sent, in the vendor's layout; bfloat16 is held as numbers that it represents."""
    arrays = asked.expectation.arrays
    asked_inputs = asked.case.inputs
    if arrays is None or asked_inputs is None:
        return {}
    given = {"x": TypedArray(asked_inputs.dtype, arrays.x)}
    for name in PARAMETERS:
        parameter = vendor_parameter(name, asked.contract, asked.arguments, asked.expectation)
        if parameter is not None:
            given[name] = TypedArray(asked_inputs.weight_dtype or asked_inputs.dtype, parameter)
    if arrays.grad_output is not None and asked.expectation.output is not None:
        given["grad_output"] = TypedArray(asked_inputs.dtype, arrays.grad_output)
    return given


def position_in_vendor_layout(asked: AskedCase, subject: str, index: tuple[int, ...]) -> tuple[int, ...]:
    """Where the vendor's layout has an element of the output or of a gradient, by its index in the oracle's."""
    layouts = {"grad_weight": asked.contract.weight, "grad_bias": asked.contract.bias}
    layout = layouts.get(subject, AS_THE_ORACLE)
    if layout is AS_THE_ORACLE or asked.expectation.canonical is None:
        return index
    shape = asked.expectation.gradients[subject.removeprefix("grad_")].value.shape
    positions = np.arange(np.prod(shape)).reshape(shape)
    moved = layout.to_vendor(positions, asked.groups)
    return tuple(int(i) for i in np.argwhere(moved == positions[index])[0])


def write_tensors(asked: AskedCase, sources: Mapping[str, str]) -> list[str]:
    """A line for each array, whose source is given by name, that makes the framework's tensor of that name."""
    lines = []
    for name, array in arrays_of(asked).items():
        layout = asked.layout if name == "x" else "contiguous"
        lines.append(f"{name} = {write_tensor(sources[name], array.dtype, asked.framework, layout)}")
    return lines


def write_tensor(array: str, dtype: str, framework: Framework, layout: str) -> str:
    """Source of a tensor that lies in memory as it should, made of the source of an array."""
    template = framework.source.tensor
    if dtype == "bfloat16":
        template = framework.source.bfloat16
    if layout == "strided":
        return template.format(array=f"np.repeat({array}, 2, axis=-1)") + "[..., ::2]"
    if layout == "transposed":
        turned = template.format(array=f"np.ascontiguousarray({array}.swapaxes(-1, -2))")
        return framework.source.turned.format(tensor=turned)
    return template.format(array=array)


def write_array(array: TypedArray) -> str:
    """Source of a NumPy array: its elements where they are few, else packed."""
    dtype = "float32" if array.dtype == "bfloat16" else array.dtype
    values = array.values.astype(dtype)
    if values.size == 0:
        return f'np.zeros({values.shape}, dtype="{dtype}")'
    if values.size > LISTED:
        data = base64.b64encode(zlib.compress(values.tobytes(), 9)).decode()
        return f'np.frombuffer(zlib.decompress(base64.b64decode("{data}")), "{dtype}").reshape({values.shape}).copy()'
    if values.dtype.kind != "c":
        return f'np.array({write_elements(values)}, dtype="{dtype}")'
    # Complex numbers as pairs: as a sum of parts a literal loses the signs of zeros.
    pairs = values[..., None].view(values.real.dtype)
    return f'np.array({write_elements(pairs)}, dtype="{pairs.dtype}").view("{dtype}")[..., 0]'


def write_elements(values: Array) -> str:
    """Nested lists of the elements, on one line."""
    listed = np.array2string(values, separator=", ", threshold=2 * LISTED + 1, floatmode="unique")
    one_line = " ".join(listed.replace("\n", "").split())
    return one_line.replace("nan", "np.nan").replace("inf", "np.inf")
