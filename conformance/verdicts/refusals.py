"""How a call is refused: by a check, by accident, or with an error that asks to be reported.

By the text and class of an exception alone, the same for every framework.
"""

from __future__ import annotations

import re

from conformance.case import Raised

# Raised from deep within, by code that met a value which nobody had checked.
ACCIDENTAL_CLASSES = frozenset({"ZeroDivisionError", "IndexError", "UnboundLocalError", "AttributeError"})
# By kind: what Python says of an operator, an index or a conversion that met a value of another type; a conversion to
# C++ that failed; an assertion; a step inside a library that failed, told by the step's own name.
ACCIDENTAL_TEXTS = re.compile(
    r"index out of range|not subscriptable|unsized object|iteration over a 0-d array"
    r"|unsupported operand type|not supported between instances|during string formatting|unhashable type"
    r"|unable to cast python instance|cast failed, original value"
    r"|internal assert"
    r"|\bfailed for kernel\b|could not (?:create|construct) a (?:primitive|memory) descriptor",
    re.IGNORECASE,
)
REPORT_REQUEST = re.compile(
    r"\bplease (?:report|file|open|submit|create|raise)\b.{0,40}\b(?:bug|issue|report)\b", re.IGNORECASE | re.DOTALL
)


# A dtype for which this device or version has no kernel, by the words that frameworks have for it.
REFUSED_DTYPE = re.compile(
    r"not implemented for '\w+'|unsupported data ?type|does not support .{0,40}\bdtype\b|unregistered"
    r"|must be a type of \{tensor\[|only tensors of floating point and complex dtype",
    re.IGNORECASE,
)


def list_classes(raised: Raised) -> frozenset[str]:
    """The names of an exception's class and its bases, without their modules."""
    return frozenset(without_module(name) for name in (raised.cls, *raised.bases))


def without_module(name: str) -> str:
    return name.rpartition(".")[2]


def refuses_dtype(raised: Raised) -> bool:
    """Whether the error says that there is no such operation for this dtype or on this device."""
    return REFUSED_DTYPE.search(raised.message) is not None


def asks_to_be_reported(raised: Raised) -> bool:
    """Whether the error calls itself a bug of the framework."""
    return REPORT_REQUEST.search(raised.message) is not None


def is_accident(raised: Raised) -> bool:
    """Whether the call was refused by no check.

    A readable message is a check, whatever its class; an assertion without text is none.
    """
    name = without_module(raised.cls)
    if name == "AssertionError" and not raised.message.strip():
        return True
    return name in ACCIDENTAL_CLASSES or ACCIDENTAL_TEXTS.search(raised.message) is not None
