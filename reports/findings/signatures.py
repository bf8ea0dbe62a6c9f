"""In what way a verdict failed: two failures of one signature may have one cause."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..results.loaded import JudgedCase, LoadedRun
from ..results.records import Case
from .messages import message_shape

_OF_INVALID_CALLS = frozenset({"wrongly_accepted", "error_class", "error_phase"})
_WITH_MESSAGE = frozenset({"wrongly_rejected", "error_class", "error_phase"})
_SHAPE_LIMIT = 300


@dataclass(frozen=True)
class Signature:
    """In what way verdicts failed alike. Its text is part of a finding's id: a field's name is not changed lightly.

    Attributes:
        subject: what was compared; of an invalid canonical call the argument that is wrong.
        shape: the exception without what changes from call to call; "" where messages do not matter or differ.
        claim: of claims' verdicts that no message tells apart.
    """

    target: str
    outcome: str
    kind: str
    subject: str
    shape: str = ""
    claim: str = ""
    ruling: str = ""

    @property
    def is_of_wrong_argument(self) -> bool:
        """Whether an invalid canonical call failed: its argument is the condition, there is nothing to learn."""
        return self.kind in _OF_INVALID_CALLS and bool(self.subject) and not self.claim

    @property
    def word(self) -> str:
        """The kind of a divergence, else the outcome."""
        return self.kind or self.outcome


def sign(run: LoadedRun, judged: JudgedCase) -> Signature:
    """The signature of a failure."""
    verdict = judged.verdict
    target = run.column(judged).target.name
    raised = verdict.raised
    if verdict.kind in _OF_INVALID_CALLS and judged.case.invalid and judged.case.api is None:
        argument = name_wrong_argument(judged.case)
        return Signature(target, verdict.outcome, verdict.kind, argument, verdict.error_class)
    if raised is not None and verdict.kind in _WITH_MESSAGE:
        shape = f"{raised.phase} {raised.cls}: {message_shape(raised.message, verdict.api)}"
        return Signature(target, verdict.outcome, verdict.kind, "", shape[:_SHAPE_LIMIT])
    if verdict.outcome in ("crashed", "timed_out"):
        shape = f"{verdict.phase} {message_shape(verdict.observed, verdict.api)}"
        return Signature(target, verdict.outcome, verdict.kind, "", shape[:_SHAPE_LIMIT])
    if judged.case.claim:
        claim = judged.case.claim
        return Signature(target, verdict.outcome, verdict.kind, verdict.subject, "", claim, verdict.ruling)
    return Signature(target, verdict.outcome, verdict.kind, verdict.subject)


def name_wrong_argument(case: Case) -> str:
    """What an invalid canonical case gets wrong: the argument that its name begins with, or that beginning itself."""
    return re.split(r"[.\[]", case.name, maxsplit=1)[0]
