"""In what an invalid call differs from its valid twin."""

from __future__ import annotations

from conformance.case import Case


def list_differences(case: Case) -> set[str]:
    """The arguments, and what of the input, in which a case differs from its twin."""
    assert case.twin is not None
    # As text: 1 is not True, and NaN is itself.
    written = {f"{name}={value!r}" for name, value in case.arguments.items()}
    mended = {f"{name}={value!r}" for name, value in case.twin.arguments.items()}
    different = {text.partition("=")[0] for text in written ^ mended}
    for name in ("shape", "dtype"):
        if getattr(case.inputs, name, None) != getattr(case.twin.inputs, name, None):
            different.add(name)
    return different
