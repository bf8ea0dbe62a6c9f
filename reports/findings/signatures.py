"""In what way a verdict fails or differs: two of one signature may have one cause."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..results.loaded import JudgedCase, LoadedRun
from ..results.records import Case
from .messages import message_shape

_OF_INVALID_CALLS = frozenset({"wrongly_accepted", "error_class", "error_phase"})
_WITH_MESSAGE = frozenset({"wrongly_rejected", "internal_error", "error_class", "error_phase"})
_SHAPE_LIMIT = 300


@dataclass(frozen=True)
class Signature:
    """In what way verdicts failed alike. Its text is part of a finding's id: a field's name is not changed lightly.

    Attributes:
        subject: what was compared; of an invalid canonical call the argument that is wrong.
        shape: the exception without what changes from call to call; "" where messages do not matter or differ.
        claim: of claims' verdicts that no message tells apart.
        authority: who says that a failure is wrong; "" of a difference.
    """

    target: str
    outcome: str
    kind: str
    subject: str
    shape: str = ""
    claim: str = ""
    ruling: str = ""
    authority: str = ""

    @property
    def is_of_wrong_argument(self) -> bool:
        """Whether an invalid canonical call failed: its argument is the condition, there is nothing to learn."""
        return self.kind in _OF_INVALID_CALLS and bool(self.subject) and not self.claim

    @property
    def word(self) -> str:
        """The kind of a divergence, else the outcome."""
        return self.kind or self.outcome


def sign(run: LoadedRun, judged: JudgedCase) -> Signature:
    """The signature of a failure or a difference."""
    return replace(_sign_observation(run, judged), authority=judged.verdict.authority or "")


def _sign_observation(run: LoadedRun, judged: JudgedCase) -> Signature:
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
    """What an invalid canonical case gets wrong: what it names itself, or else the beginning of its name."""
    return case.wrong or re.split(r"[.\[]", case.name, maxsplit=1)[0]
