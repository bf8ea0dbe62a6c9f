"""Arguments and arrays, in and out, in NumPy's terms. `conformance/targets/codec.py` is the other end, and has the page
on how each is written."""

from typing import Any, Callable, Dict, Tuple

import numpy as np

from .apis import Lacking
from .texts import clean

MAX_ELEMENTS = 50_000_000  # of an output; more is not sent back

# Those that NumPy lacks, and the integers of as many bits.
PATTERNS = {"bfloat16": "uint16", "complex32": "uint32"}

WireArray = Tuple[str, Tuple[int, ...], bytes]  # dtype, shape, elements
# Of what holds or gives numbers, how it is made.
ITEMS: Dict[str, Callable[[Tuple[int, ...]], Any]] = {
    "bytes": bytes,
    "dict": dict.fromkeys,
    "generator": lambda items: (item for item in items),
}


class Unreadable(Exception):  # noqa: N818
    """What was returned is no array of numbers."""


def decode_value(value: Any, adapter: Any) -> Any:
    """An argument, as the framework takes it."""
    if isinstance(value, dict):
        return decode_notation(value, adapter)
    if isinstance(value, (tuple, list)):
        return type(value)(decode_value(item, adapter) for item in value)
    if isinstance(value, frozenset):
        return set(value)
    return value


def decode_notation(value: Any, adapter: Any) -> Any:
    """What has no builtin type of its own, and travels as a dictionary."""
    if "dtype" in value:
        return find_dtype(value["dtype"], adapter)
    if "integer" in value:
        return int(value["integer"])
    if "tensor" in value:
        size = int(np.prod(value["tensor"], dtype=int))
        filled = (np.arange(size) % 5 + 1).astype("float32").reshape(value["tensor"])
        return adapter.tensor(filled, "float32", "contiguous")
    if "items" in value:
        return ITEMS[value["kind"]](value["items"])
    if value["array"]:
        return np.array(value["value"], dtype=value["numpy"])
    return getattr(np, value["numpy"])(value["value"])


def describe_type(value: Any) -> str:
    """The type of an argument, with those of its items: what is equal may still be of another type."""
    if isinstance(value, np.ndarray):
        return f"ndarray({value.dtype})"
    if isinstance(value, (tuple, list, set)):
        return f"{type(value).__name__}({', '.join(map(describe_type, value))})"
    return type(value).__name__


def find_dtype(name: str, adapter: Any) -> Any:
    """The framework's dtype of a common name. Raises Lacking where the adapter makes no tensor of it.

    That says nothing of the framework, which may have the dtype and no convolution of it, as MegEngine has bfloat16.
    """
    if name not in adapter.DTYPES:
        raise Lacking(f"no {name} tensor of {adapter.FRAMEWORK} is made by this adapter")
    return adapter.DTYPES[name]


def decode_array(array: WireArray) -> Any:
    """A NumPy array; of a dtype that NumPy lacks, its patterns."""
    dtype, shape, data = array
    return np.frombuffer(data, dtype=PATTERNS.get(dtype, dtype)).reshape(shape).copy()


def encode_array(array: Any, dtype: Any) -> WireArray:
    """An array and the common name of its dtype, as they travel.

    Raises:
        Unreadable: it is no array of numbers.
        MemoryError: it is too large to be sent.
    """
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufc":
        kind = getattr(array, "dtype", type(array).__name__)
        raise Unreadable(f"what was returned is no array of numbers: {kind}")
    if array.size > MAX_ELEMENTS:
        raise MemoryError(f"an array of shape {array.shape!r} is too large to send back")
    return clean(dtype), encode_shape(array), array.tobytes()


def encode_shape(array: Any) -> Tuple[int, ...]:
    return tuple(int(size) for size in array.shape)
