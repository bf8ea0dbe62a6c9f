"""A case's arrays, made deterministically from its id."""
CLASSES = {}
LAYOUTS = ("contiguous", "strided", "transposed")
DTYPES = ("float16","bfloat16","float32","float64","complex64","complex128","int8","int32","int64")
MAX_ELEMENTS = 50_000_000
