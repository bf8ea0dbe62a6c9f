"""The complete script that shows a divergence, in the vendor's own API and NumPy, as a person would post it."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.case import Kind, Outcome, Phase, Verdict
from conformance.reproducers.arrays import arrays_of, write_array, write_ones, write_tensors
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.call import (
    Extent,
    extent_of,
    matter_elements,
    write_gradients,
    write_running,
    write_steps,
)
from conformance.reproducers.check import check_default, fail_early, is_early, say_of_tensor, write_check
from conformance.targets.protocol import PARAMETERS

NUMPY = "import numpy as np"


def write_script(asked: AskedCase, verdict: Verdict) -> str | None:
    """A script that ends in an assertion of what should be, which fails while the divergence is there.

    That of a wrong refusal ends with the exception, that of a crash or a hang as the call does. None where the arrays
    are too large for a person to read; where the observation came from the framework's own inference, which no plain
    call asks; and of an unstable call, of which one execution shows nothing.
    """
    if verdict.inferred or verdict.outcome is Outcome.UNSTABLE or asked.case.then:
        return None
    if verdict.kind is Kind.DEFAULT:  # read without a call
        return join_lines(asked, verdict, check_default(asked, verdict.subject))
    sources = write_arrays(asked, verdict)
    if sources is None:
        return None
    tensors = write_tensors(asked, sources)
    extent = extent_of(asked, verdict)
    steps = write_steps(asked, tensors, extent)
    found = say_of_tensor(asked, verdict.subject)
    if verdict.subject.startswith("grad_"):
        found = write_gradients(asked, tensors, extent)[verdict.subject.removeprefix("grad_")]
    if verdict.kind is Kind.ERROR_PHASE and is_early(asked, verdict):
        steps = fail_early(steps, verdict)
    return join_lines(asked, verdict, steps + write_check(asked, verdict, found))


def write_arrays(asked: AskedCase, verdict: Verdict) -> dict[str, str] | None:
    """The source of each array; None where one is too large to be read."""
    sources = {}
    for name, array in arrays_of(asked).items():
        source = write_array(array) if matter_elements(asked, verdict) else write_ones(array)
        if source is None:
            return None
        sources[name] = source
    return sources


def join_lines(asked: AskedCase, verdict: Verdict, lines: list[str]) -> str:
    """The script of these lines, which imports what they use."""
    source = asked.framework.source
    body = "\n".join(lines)
    head = [line for line in source.imports.splitlines() if line != NUMPY or "np." in body]
    if source.setting:
        head.append(source.setting)
    if source.prepare and (verdict.outcome is not Outcome.DIVERGES or verdict.raised is not None):
        head.append(source.prepare)
    return "\n".join([*head, body]) + "\n"


def write_whole_call(asked: AskedCase, sources: Mapping[str, str]) -> list[str]:
    """The lines, imports apart, that run a call forward: they leave its operands and `output`.

    Args:
        sources: of the arrays, by name.
    """
    tensors = write_tensors(asked, sources)
    return write_steps(asked, tensors, Extent(last=Phase.FORWARD))


def write_way_back(asked: AskedCase, sources: Mapping[str, str]) -> list[str]:
    """The lines that follow those of `write_whole_call` and go backward: they leave `gradients`."""
    tensors = write_tensors(asked, sources)
    operands = [name for name in ("x", *PARAMETERS) if name in tensors] if asked.contract.functional else ["x"]
    lines = [f"{name} = {asked.framework.source.leaf.format(tensor=name)}" for name in operands]
    lines += write_running(asked, tensors, Extent())
    named = [f'"{name}": {source}' for name, source in write_gradients(asked, tensors, Extent()).items()]
    return [*lines, f"gradients = {{{', '.join(named)}}}"]
