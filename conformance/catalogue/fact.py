"""A verdict, and the place where it was observed, as far as the catalogue speaks of them."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.case import Outcome
from conformance.records.record import TargetRecord, VerdictRecord

DIVERGENT = frozenset({Outcome.DIVERGES, Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.UNSTABLE})
MACHINE = re.compile(r"x86_64|amd64|aarch64|arm64|i[3-6]86|ppc64le|riscv64|s390x|loongarch64", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Where a verdict was observed.

    Attributes:
        target: its name.
        environment: what the target says of its environment; its platform as system and machine alone, such as
            ``linux-x86_64``.
        mode: in which its layers are run; "" as the framework does by itself.
    """

    target: str
    version: str
    environment: tuple[tuple[str, str], ...] = ()
    mode: str = ""

    def tell(self, name: str) -> str:
        """What the target says of itself under a name; "" where it says nothing."""
        return dict(self.environment).get(name, "")


def describe_place(target: TargetRecord) -> Place:
    """Where the verdicts of a target are observed."""
    return make_place(target.name, target.version, target.environment, target.mode)


def make_place(target: str, version: str, environment: Mapping[str, str], mode: str = "") -> Place:
    """The place of a target that says this of itself."""
    system = _describe_platform(environment.get("platform", platform.platform()))
    return Place(target, version, tuple(sorted({**environment, "platform": system}.items())), mode)


def _describe_platform(system: str) -> str:
    """``"linux-x86_64"`` of ``"Linux-6.1-x86_64-with-glibc2.31"``."""
    name = system.partition("-")[0]
    machine = MACHINE.search(system)
    if machine is None:
        return name.lower()
    return f"{name}-{machine.group()}".lower()


@dataclass(frozen=True, slots=True)
class Fact:
    """A verdict, as far as the catalogue speaks of verdicts.

    Attributes:
        kind: how the case diverges. Any other outcome is its own kind.
        subject, observed: as the verdict has them.
    """

    case: str
    api: str
    place: Place
    outcome: Outcome
    kind: str = ""
    subject: str = ""
    observed: str = ""

    @property
    def diverges(self) -> bool:
        return self.outcome in DIVERGENT


def describe_fact(record: VerdictRecord, place: Place) -> Fact:
    """What the catalogue may say of a verdict that was observed there."""
    verdict = record.verdict
    kind = str(verdict.kind or "") if verdict.outcome is Outcome.DIVERGES else str(verdict.outcome)
    question = record.question
    return Fact(question.case, question.api, place, verdict.outcome, kind, verdict.subject, verdict.observed)
