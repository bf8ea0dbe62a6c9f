"""The complete script that shows a divergence, in the vendor's own API and NumPy."""

from __future__ import annotations

from textwrap import indent, wrap

from conformance.case import Kind, Verdict
from conformance.reproducers.arrays import arrays_of, write_array, write_tensors
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.call import Extent, extent_of, write_steps
from conformance.reproducers.check import write_check

PACKED = 60_000  # characters; larger arrays make no script
ABOUT_ERRORS = (
    Kind.WRONGLY_REJECTED,
    Kind.WRONGLY_ACCEPTED,
    Kind.INTERNAL_ERROR,
    Kind.ERROR_CLASS,
    Kind.ERROR_PHASE,
)


def write_script(asked: AskedCase, verdict: Verdict) -> str | None:
    """A script that shows a divergence: its last line says DIVERGES while it does, CONFORMS once it does not.

    That of a crash ends as the call did. None where the arrays are too large to write down, and where the
    observation came from the framework's own inference, which no plain call asks.
    """
    if verdict.inferred:
        return None
    arrays = write_arrays(asked)
    if any(len(source) > PACKED for source in arrays.values()):
        return None
    lines = write_head(asked, verdict, arrays)
    # A signature is read without a call.
    if verdict.kind is not Kind.DEFAULT:
        steps = write_tensors(asked, arrays) + write_steps(asked, arrays, extent_of(asked, verdict))
        if verdict.kind in ABOUT_ERRORS:
            steps = catch_errors(steps)
        lines += steps
    lines += write_check(asked, verdict)
    return "\n".join(lines) + "\n"


def write_whole_call(asked: AskedCase) -> list[str]:
    """The lines, imports apart, that run a whole call: they leave `output`, and `gradients` where asked for."""
    arrays = write_arrays(asked)
    return write_tensors(asked, arrays) + write_steps(asked, arrays, Extent())


def write_arrays(asked: AskedCase) -> dict[str, str]:
    """The source of each array that the call is given."""
    return {name: write_array(array) for name, array in arrays_of(asked).items()}


def write_head(asked: AskedCase, verdict: Verdict, arrays: dict[str, str]) -> list[str]:
    """What the script is about, its imports, and the settings that show errors where they happen."""
    source = asked.framework.source
    lines = [f"# {escape(asked.case.id)}"]
    lines += write_comment(f"expected: {verdict.expected}")
    lines += write_comment(f"observed: {verdict.observed}")
    lines.append(source.imports)
    package = asked.contract.api.rpartition(".")[0]
    if f"import {package}\n" not in f"{source.imports}\n":
        lines.append(f"import {package}")
    if any("zlib" in array for array in arrays.values()):
        lines.append("import base64, zlib")
    if source.prepare:
        lines.append(source.prepare)
    return [*lines, ""]


def write_comment(text: str) -> list[str]:
    return wrap(escape(text), 100, initial_indent="# ", subsequent_indent="#   ")


def escape(text: str) -> str:
    """Text on one line of ASCII, so that none of it can leave its comment."""
    return text.encode("unicode_escape").decode("ascii")


def catch_errors(steps: list[str]) -> list[str]:
    """The steps of a call; whatever they raise is kept as `raised`, and printed."""
    return [
        "raised = None",
        "try:",
        indent("\n".join(steps), "    "),
        "except BaseException as error:",
        "    raised = error",
        "    print(type(error).__name__, error)",
        "",
    ]
