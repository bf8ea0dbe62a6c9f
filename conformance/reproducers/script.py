"""The complete script that shows a divergence, in the vendor's own API and NumPy, as a person would post it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from conformance.case import OF_NEXT_CALL, Kind, Outcome, Phase, Threaded, Verdict
from conformance.reproducers.arrays import write_tensors
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.call import (
    Extent,
    extent_of,
    write_arrays,
    write_gradients,
    write_running,
    write_steps,
)
from conformance.reproducers.check import check_default, fail_early, is_early, say_of_tensor, write_check
from conformance.reproducers.sequel import find_gradient_left, write_race, write_sequence
from conformance.targets.protocol import PARAMETERS

NUMPY = "import numpy as np"
OF_CONSTRUCTION = (Phase.CONSTRUCT, Phase.PARAMETERS)  # before the first call of a layer


def write_script(asked: AskedCase, verdict: Verdict) -> str | None:
    """A script that ends in an assertion of what should be, which fails while the divergence is there.

    That of a wrong refusal ends with the exception, that of a crash or a hang as the call does. None where the arrays
    are too large for a person to read; where the observation came from the framework's own inference, which no plain
    call asks; and of an unstable call, of which one execution shows nothing, but for one that another thread disturbs.
    """
    if verdict.inferred:
        return None
    if verdict.outcome is Outcome.UNSTABLE:
        race = write_race(asked, verdict) if Threaded(2) in asked.case.then else None
        return None if race is None else join_lines(asked, verdict, race)
    if verdict.kind is Kind.DEFAULT:  # read without a call
        return join_lines(asked, verdict, check_default(asked, verdict.subject))
    extent = extent_of(asked, verdict)
    if asked.case.then:
        if extent.last not in OF_CONSTRUCTION:
            return write_goes_on(asked, verdict, extent)
        asked = replace(asked, case=replace(asked.case, then=()))
    sources = write_arrays(asked, verdict)
    if sources is None:
        return None
    tensors = write_tensors(asked, sources)
    steps = write_steps(asked, tensors, extent)
    found = find_tensor(asked, verdict, tensors, extent)
    if verdict.kind is Kind.ERROR_PHASE and is_early(asked, verdict):
        steps = fail_early(steps, verdict)
    return join_lines(asked, verdict, steps + write_check(asked, verdict, found))


def write_goes_on(asked: AskedCase, verdict: Verdict, extent: Extent) -> str | None:
    """The script of a layer that goes on, whose last call is what the verdict is about."""
    if any(isinstance(step, OF_NEXT_CALL) for step in asked.case.then):
        extent = replace(extent, operands=None)  # it asks for all gradients
    sequence = write_sequence(asked, verdict, extent)
    if sequence is None:
        return None
    found = find_gradient_left(asked, verdict.subject) if verdict.subject.startswith("grad_") else None
    found = found or find_tensor(sequence.last, verdict, sequence.tensors, extent)
    return join_lines(asked, verdict, sequence.lines + write_check(sequence.last, verdict, found))


def find_tensor(asked: AskedCase, verdict: Verdict, tensors: Mapping[str, str], extent: Extent) -> str:
    """Source of the tensor that a verdict is about, after the call."""
    if verdict.subject.startswith("grad_"):
        return write_gradients(asked, tensors, extent)[verdict.subject.removeprefix("grad_")]
    return say_of_tensor(asked, verdict.subject)


def join_lines(asked: AskedCase, verdict: Verdict, lines: list[str]) -> str:
    """The script of these lines, which imports what they use."""
    source = asked.source
    body = "\n".join(lines)
    head = [line for line in source.imports.splitlines() if line != NUMPY or "np." in body]
    if source.variables:
        settings = [f"os.environ[{name!r}] = {value!r}" for name, value in source.variables.items()]
        head = ["import os", *settings, *head]
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
    lines = [f"{name} = {asked.source.leaf.format(tensor=name)}" for name in operands]
    lines += write_running(asked, tensors, Extent())
    named = [f'"{name}": {source}' for name, source in write_gradients(asked, tensors, Extent()).items()]
    return [*lines, f"gradients = {{{', '.join(named)}}}"]
