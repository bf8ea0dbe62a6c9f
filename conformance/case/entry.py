"""What the catalogue says of one cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from conformance.case.text import Text
from conformance.case.verdict import Authority

ASSERTION = "AssertionError"


class Severity(StrEnum):
    """What a cause does to a person, the most serious first."""

    SILENT_WRONG_VALUES = "silent_wrong_values"
    CRASH = "crash"
    HANG = "hang"
    WRONG_SHAPE_OR_DTYPE = "wrong_shape_or_dtype"
    INTERNAL_ERROR = "internal_error"  # an error that asks to be reported
    REFUSES_DOCUMENTED = "refuses_documented"
    ACCEPTS_FORBIDDEN = "accepts_forbidden"
    WRONG_DOCUMENT = "wrong_document"
    DIFFERENCE = "difference"  # no failure: what a port from another framework meets


@dataclass(frozen=True)
class Workaround:
    """How to do without the failing call. The script runs to its end."""

    text: Text
    script: str


@dataclass(frozen=True)
class Entry:
    """One cause, wherever it shows.

    Attributes:
        id: the same for ever, such as ``MEG-output-padding-width``.
        title: what happens to a person.
        authority: who says that this is wrong; None of a difference.
        rests_on: the sentence with its place, or the definition; of a difference, what it differs from.
        effect: which layers meet it, and what a person sees.
        correction: what the vendor's own document should say; None where nothing is proposed.
        upstream: the address of the vendor's issue; "" where it is not reported.
        script: the vendor's API and NumPy alone; it ends in an assertion of what should be.
        ends: how the script ends while the cause is there: how the last line of its traceback begins, the name of a
            signal, or ``no end``.
    """

    id: str
    framework: str
    title: Text
    severity: Severity
    authority: Authority | None
    rests_on: Text
    effect: Text
    workaround: Workaround | None
    upstream: str
    script: str
    ends: str = ASSERTION
    correction: Text | None = None


@dataclass(frozen=True)
class Execution:
    """What came of executing an entry's script in a target.

    Attributes:
        shown: whether the script ended as the entry says.
        ended: how it ended; "" where it ran to its end.
        workaround: how the workaround's script ended, "" as it should be; None where there is none.
    """

    shown: bool
    ended: str
    workaround: str | None = None
