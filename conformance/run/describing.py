"""Where a verdict becomes the records that say it."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.apis import NoEquivalent, framework_of_target
from conformance.audit import Task
from conformance.case import Case, Target, Verdict
from conformance.catalogue.fact import DIVERGENT, Place, describe_place
from conformance.records.basis import Basis, find_basis
from conformance.records.record import (
    CaseRecord,
    ContractRecord,
    Question,
    Record,
    TargetRecord,
    VerdictRecord,
    describe_case,
    describe_contract,
    describe_target,
    describe_unavailable,
)
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.call import write_call, write_layer_call
from conformance.reproducers.script import write_script
from conformance.reproducers.sequel import describe_sequel
from conformance.run.asking import Asking
from conformance.run.settings import Settings
from conformance.targets.errors import TargetError
from conformance.targets.protocol import vendor_arguments


class Describer:
    """Describes targets, contracts, cases and verdicts, each once: a target's certificate alone is a long record."""

    def __init__(self, asking: Asking, settings: Settings) -> None:
        self._asking = asking
        self._asked = {"seconds": settings.case_timeout, "repeats": settings.repeats}
        self._bases: dict[str, Basis] = {}
        self._targets: dict[str, TargetRecord] = {}
        self._places: dict[str, Place] = {}
        self._contracts: dict[tuple[str, str], ContractRecord] = {}
        self._case: CaseRecord | None = None  # the last one: the APIs that are asked a case follow each other

    def describe_context(self, task: Task) -> Sequence[Record]:
        """The records that a verdict on a task refers to."""
        records: list[Record] = [self.describe_target(task.target)]
        contract = self._describe_contract(task)
        if contract is not None:
            records.append(contract)
        records.append(self.describe_case(task.case))
        return records

    def describe_target(self, target: Target) -> TargetRecord:
        """A target, once it has started or failed to, and its certificate is complete."""
        record = self._targets.get(target.name)
        if record is None:
            record = self._targets[target.name] = self._ask_target(target)
        return record

    def find_place(self, target: Target) -> Place:
        """Where the verdicts on a target are observed."""
        if target.name not in self._places:
            self._places[target.name] = describe_place(self.describe_target(target))
        return self._places[target.name]

    def find_basis(self, target: Target) -> Basis:
        """What the verdicts on a target come from besides their cases. Raises TargetError when it cannot be used."""
        if target.name not in self._bases:
            self._bases[target.name] = find_basis(target, self._asking.greet(target), self._asked)
        return self._bases[target.name]

    def describe_case(self, case: Case) -> CaseRecord:
        if self._case is None or self._case.id != case.id:
            self._case = describe_case(case)
        return self._case

    def describe_verdict(self, task: Task, verdict: Verdict) -> VerdictRecord:
        """A verdict with its call, and the script that shows it if it diverges."""
        question = Question(task.case.id, task.target.name, task.contract.api)
        arguments = vendor_arguments(task.case, task.contract)
        if isinstance(arguments, NoEquivalent):
            return VerdictRecord(question, verdict)
        framework = framework_of_target(task.target)
        call = write_call(task.contract, framework, arguments, task.case.positional) + describe_sequel(task.case)
        if not arguments.keys().isdisjoint(task.contract.at_call):
            call = write_layer_call(call, task.contract, framework, arguments)
        if verdict.outcome not in DIVERGENT:
            return VerdictRecord(question, verdict, call)
        asked = AskedCase(task.case, task.contract, framework, arguments, self._asking.expect(task.case))
        return VerdictRecord(question, verdict, call, write_script(asked, verdict))

    def _ask_target(self, target: Target) -> TargetRecord:
        framework = framework_of_target(target)
        apis = tuple(contract.api for contract in framework.contracts)
        try:
            greeting = self._asking.greet(target)
        except TargetError as error:
            return describe_unavailable(target, apis, str(error))
        certificate = self._asking.find_certificate(target)
        return describe_target(target, apis, greeting, certificate, self.find_basis(target), framework.pads)

    def _describe_contract(self, task: Task) -> ContractRecord | None:
        """The contract of a task's API; None where the target, which tells its defaults, did not start."""
        key = task.target.name, task.contract.api
        if key not in self._contracts:
            try:
                greeting = self._asking.greet(task.target)
            except TargetError:
                return None
            self._contracts[key] = describe_contract(task.contract, task.target.name, greeting)
        return self._contracts[key]
