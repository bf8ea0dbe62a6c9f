"""How a case's arrays are made, and the closed sets that this is written in."""

from __future__ import annotations

from dataclasses import dataclass

# Common names of dtypes; a framework may lack some.
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTEGERS = ("int8", "int16", "int32", "int64", *UNSIGNED)
COMPLEX = ("complex32", "complex64", "complex128")
BOOL = "bool"  # of an x that its parameters are not of
# Those that NumPy lacks, and in which of its own their numbers are held.
HELD = {"bfloat16": "float32", "complex32": "complex64"}
DTYPES = ("float16", "bfloat16", "float32", "float64", *COMPLEX, *INTEGERS, BOOL)
# How x lies in memory; `targets.remote.adapters` says each.
LAYOUTS = ("contiguous", "strided", "transposed", "channels_last")
# Classes of values; `conformance.oracle.inputs.CLASSES` says how each fills the arrays.
VALUES = (
    "exact",
    "real",
    "ones",
    "arange",
    "all_ones",
    "all_counted",
    "tiny",
    "huge",
    "subnormal",
    "signed_zeros",
    "with_nan",
    "with_inf",
    "nan_in_weight",
    "inf_in_weight",
    "nan_in_bias",
    "inf_in_bias",
    "nan_in_upstream",
    "inf_in_upstream",
    "apart",
    "wrapping",
)
VALUES_OF_INTEGERS = ("exact", "ones", "arange", "all_ones", "all_counted", "wrapping")
ONLY_OF_INTEGERS = ("wrapping",)
MAX_ELEMENTS = 50_000_000  # of one array of a case


@dataclass(frozen=True)
class Inputs:
    """How a case's arrays are made.

    Attributes:
        shape: shape of x, (N, C, H, W) or (C, H, W).
        dtype: common name of the dtype of x, weight, bias and the upstream gradient.
        values: a name of `VALUES`, such as ``"exact"`` or ``"real"``.
        layout: how x lies in memory, a name of `LAYOUTS`.
        gradients: whether the input, weight and bias gradients are asked for.
        weight_dtype: dtype of weight and bias where it differs from x's.
        seed: what the numbers are drawn from, where that is not the id of the case.
        infer: where the device lacks the operation, ask the framework's own shape inference (it costs a compile).
    """

    shape: tuple[int, ...]
    dtype: str = "float32"
    values: str = "exact"
    layout: str = "contiguous"
    gradients: bool = True
    weight_dtype: str | None = None
    seed: str | None = None
    infer: bool = False
