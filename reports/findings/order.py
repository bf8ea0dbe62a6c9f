"""What a reader should see first: the simplest of cases that show the same, the most serious of findings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..results.records import Case, Severity
from ..results.values import to_integers
from .signatures import Signature

_PLAIN_INPUTS: Mapping[str, Any] = {
    "dtype": "float32",
    "values": "exact",
    "layout": "contiguous",
    "weight_dtype": None,
}
_PLAIN_ARGUMENTS = (0, 1, False, None, "zeros")


def rate_complexity(case: Case) -> tuple[int, int, str]:
    """Order cases from the simplest: by what is unusual in them, eight times as many elements of x as one such thing.

    An input without elements is unusual, not small.
    """
    inputs = case.inputs or {}
    unusual = 0
    for value in case.arguments.values():
        unusual += value not in _PLAIN_ARGUMENTS
        unusual += isinstance(value, (list, dict))
    for name, plain in _PLAIN_INPUTS.items():
        unusual += inputs.get(name, plain) != plain
    elements = math.prod(to_integers(inputs.get("shape")) or (1,))
    if elements == 0:
        unusual += 3
    return unusual + elements.bit_length() // 3, len(str(case.arguments)), case.id


class Sort(NamedTuple):
    """Findings of one seriousness: what they are, and how many of them a first screen has room for."""

    words: frozenset[str]
    room: int


# The most serious first. A known cause has a severity; of a new cluster the kind or outcome tells.
SORTS: Sequence[Sort] = (
    Sort(frozenset({"silent_wrong_values", "value", "gradient"}), 4),
    Sort(frozenset({"crash", "hang", "crashed", "timed_out", "unstable"}), 3),
    Sort(frozenset({"wrong_shape_or_dtype", "shape", "dtype", "internal_error"}), 3),
    Sort(frozenset({"refuses_documented", "accepts_forbidden", "wrongly_accepted", "wrongly_rejected"}), 4),
    Sort(frozenset({"wrong_document", "document_wrong"}), 2),
    Sort(frozenset({"default", "distribution", "text", "error_class", "error_phase"}), 1),
)


def rate_seriousness(signature: Signature) -> int:
    """The place among SORTS, 0 the most serious; where the document alone stands apart, that is what counts."""
    return _find_place(signature.ruling if signature.ruling == "document_wrong" else signature.word)


def rate_severity(severity: Severity) -> int:
    """The place among SORTS of a known cause."""
    return _find_place(severity)


def _find_place(word: str) -> int:
    for place, sort in enumerate(SORTS):
        if word in sort.words:
            return place
    return len(SORTS)
