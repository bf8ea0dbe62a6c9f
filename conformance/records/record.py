"""The records of a results file: a frozen class for each kind, which writes itself as JSON data and reads itself back.

A record stays what it is until the file: `write_line` makes its line, and `read_record` makes it of that line's data
again. A field that says nothing is left out of the data. Schema: ``specs/schema/results.json``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, TypeAlias

from conformance.apis import Contract
from conformance.case import (
    Added,
    Again,
    Aspect,
    Assigned,
    Authority,
    Case,
    Cast,
    Changed,
    Confirmation,
    Copied,
    Direction,
    Divergence,
    Docstring,
    Document,
    DocumentKind,
    Entry,
    Execution,
    Greeting,
    Inputs,
    Kind,
    LayerName,
    Moved,
    Outcome,
    Overtaken,
    Phase,
    Raised,
    Returned,
    Ruling,
    Severity,
    Statement,
    Step,
    Switched,
    Target,
    Text,
    Threaded,
    Verdict,
    Workaround,
    Worst,
    values,
)
from conformance.certificate.certificate import Certificate
from conformance.records.basis import Basis, digest_case

FORMAT = 1
ENCODER = json.JSONEncoder(separators=(",", ":"))  # which `json.dumps` would make anew for each record
Data: TypeAlias = dict[str, Any]


class RecordError(ValueError):
    """Data of which no record can be read; the message says why."""


class Question(NamedTuple):
    """What a verdict answers: a case, asked of an API of a target."""

    case: str
    target: str
    api: str


@dataclass(frozen=True)
class Header:
    """The run. `host` describes the machine that judged; `arguments` are the command line's."""

    suite: str
    started: str
    host: Mapping[str, str]
    arguments: tuple[str, ...]

    def to_json(self) -> Data:
        return {
            "record": "header",
            "format": FORMAT,
            "suite": self.suite,
            "started": self.started,
            "host": dict(self.host),
            "arguments": list(self.arguments),
        }

    @classmethod
    def from_json(cls, data: Data) -> Header:
        return cls(data["suite"], data["started"], _texts(data["host"]), tuple(data["arguments"]))


@dataclass(frozen=True)
class TargetRecord:
    """One installed framework to audit.

    Attributes:
        spec: the interpreter, as the command line gave it.
        apis: the APIs that are asked.
        available: whether the target started. If not, `reason` says what is missing, and the rest is empty.
        certificate: what was checked of the adapter, where that was asked for.
        basis: what its verdicts came from besides their cases.
        mode: how its layers are run; "" as the framework does by itself.
        pads: by padding_mode, source of the framework's layer that only pads so.
    """

    name: str
    framework: str
    spec: str
    apis: tuple[str, ...]
    available: bool
    reason: str = ""
    version: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    certificate: Certificate | None = None
    basis: Basis | None = None
    mode: str = ""
    pads: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> Data:
        data: Data = {
            "record": "target",
            "name": self.name,
            "framework": self.framework,
            "spec": self.spec,
            "available": self.available,
            "apis": list(self.apis),
        }
        if self.mode:
            data["mode"] = self.mode
        if not self.available:
            return {**data, "reason": self.reason}
        data |= {"version": self.version, "environment": dict(self.environment)}
        if self.certificate is not None:
            data["certificate"] = self.certificate.record()
        if self.basis is not None:
            data["basis"] = asdict(self.basis)
        if self.pads:
            data["pads"] = dict(self.pads)
        return data

    @classmethod
    def from_json(cls, data: Data) -> TargetRecord:
        return cls(
            name=data["name"],
            framework=data["framework"],
            spec=data.get("spec", ""),
            apis=tuple(data.get("apis", ())),
            available=data["available"],
            reason=data.get("reason", ""),
            version=data.get("version", ""),
            environment=_texts(data.get("environment", {})),
            certificate=Certificate.of(data["certificate"]) if "certificate" in data else None,
            basis=Basis(**data["basis"]) if "basis" in data else None,
            mode=data.get("mode", ""),
            pads=_texts(data.get("pads", {})),
        )


def describe_target(
    target: Target,
    apis: tuple[str, ...],
    greeting: Greeting,
    certificate: Certificate | None,
    basis: Basis,
    pads: Mapping[str, str],
) -> TargetRecord:
    """A target that started."""
    return TargetRecord(
        target.name,
        target.framework,
        target.given or target.spec,
        apis,
        available=True,
        version=greeting.version,
        environment=greeting.environment,
        certificate=certificate,
        basis=basis,
        mode=target.mode,
        pads=pads,
    )


def describe_unavailable(target: Target, apis: tuple[str, ...], reason: str) -> TargetRecord:
    """A target that did not start, and why."""
    return TargetRecord(
        target.name,
        target.framework,
        target.given or target.spec,
        apis,
        available=False,
        reason=reason,
        mode=target.mode,
    )


@dataclass(frozen=True)
class ContractRecord:
    """How an API says its layer, for the porting tables.

    Attributes:
        weight, bias: source that makes the API's parameter of the oracle's.
        weight_back, bias_back: source that makes the oracle's of the API's.
        defaults: by argument the source of its default; None where the implementation does not tell.
        instead: by parameter and form that the API cannot express, source that does without.
    """

    target: str
    api: str
    weight: str
    bias: str
    defaults: Mapping[str, str] | None = None
    weight_back: str = "weight"
    bias_back: str = "bias"
    instead: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> Data:
        data: Data = {
            "record": "contract",
            "target": self.target,
            "api": self.api,
            "weight": self.weight,
            "bias": self.bias,
            "weight_back": self.weight_back,
            "bias_back": self.bias_back,
        }
        if self.instead:
            data["instead"] = dict(self.instead)
        return data if self.defaults is None else {**data, "defaults": dict(self.defaults)}

    @classmethod
    def from_json(cls, data: Data) -> ContractRecord:
        defaults = _texts(data["defaults"]) if "defaults" in data else None
        back = (data.get("weight_back", "weight"), data.get("bias_back", "bias"))
        return cls(
            data["target"], data["api"], data["weight"], data["bias"], defaults, *back, _texts(data.get("instead", {}))
        )


def describe_contract(contract: Contract, target: str, greeting: Greeting) -> ContractRecord:
    """An API's contract, and the defaults that a started target tells of it."""
    return ContractRecord(
        target,
        contract.api,
        contract.weight.source or "weight",
        contract.bias.source or "bias",
        greeting.defaults.get(contract.api),
        contract.weight.source_back or "weight",
        contract.bias.source_back or "bias",
        contract.instead,
    )


@dataclass(frozen=True)
class CaseRecord:
    """One concrete call, written once before the first verdict on it.

    Attributes:
        arguments: JSON data, in the notation of a spec: a list is a tuple, ``{"list": [...]}`` a list, and so on.
        invalid: whether the call is to be rejected.
        wrong: the argument that makes it so, where the case names it.
        digest: of the whole case, promises included; another one, and an earlier verdict on it says nothing.
        then: what happens to the layer once it has been called, step by step, in the notation of a spec.
    """

    id: str
    line: int
    layer: LayerName
    api: str | None
    arguments: Mapping[str, Any]
    inputs: Inputs | None
    invalid: bool
    clause: str
    claim: str | None
    wrong: str | None = None
    digest: str = ""
    then: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> Data:
        data: Data = {
            "record": "case",
            "id": self.id,
            "line": self.line,
            "layer": self.layer,
            "api": self.api,
            "arguments": dict(self.arguments),
            "inputs": None if self.inputs is None else _inputs_to_json(self.inputs),
            "invalid": self.invalid,
            "clause": self.clause,
            "claim": self.claim,
        }
        optional = {"wrong": self.wrong, "digest": self.digest, "then": [dict(step) for step in self.then]}
        return data | {name: value for name, value in optional.items() if value}

    @classmethod
    def from_json(cls, data: Data) -> CaseRecord:
        inputs = data.get("inputs")
        return cls(
            id=data["id"],
            line=data.get("line", 0),
            layer=data["layer"],
            api=data.get("api"),
            arguments=data["arguments"],
            inputs=None if inputs is None else Inputs(**{**inputs, "shape": tuple(inputs["shape"])}),
            invalid=data.get("invalid", False),
            clause=data["clause"],
            claim=data.get("claim"),
            wrong=data.get("wrong"),
            digest=data.get("digest", ""),
            then=tuple(data.get("then", ())),
        )


def describe_case(case: Case) -> CaseRecord:
    """A case as it is written."""
    return CaseRecord(
        id=case.id,
        line=case.line,
        layer=case.layer,
        api=case.api,
        arguments={name: values.to_json(value) for name, value in case.arguments.items()},
        inputs=case.inputs,
        invalid=bool(case.promise.raises),
        clause=case.clause,
        claim=case.claim,
        wrong=case.wrong,
        digest=digest_case(case),
        then=tuple(map(_describe_step, case.then)),
    )


def _describe_step(step: Step) -> Data:
    """A step in the notation of a spec; a call with all of its inputs."""
    match step:
        case Again(inputs):
            return {"call": _inputs_to_json(inputs)}
        case Assigned(attributes):
            return {"assign": {name: values.to_json(value) for name, value in attributes.items()}}
        case Changed(parameters):
            return {"change": list(parameters)}
        case Copied(how):
            return {"copy": str(how)}
        case Cast(dtype):
            return {"cast": dtype}
        case Switched(training):
            return {"train": training}
        case Threaded(number):
            return {"threads": number}
        case Moved():
            return {"move": "cpu"}
        case Added(how):
            return {"add": str(how)}
        case Returned(retained):
            return {"retain": retained}
        case Overtaken(parameters):
            return {"overtake": list(parameters)}


def _inputs_to_json(inputs: Inputs) -> Data:
    data = {
        "shape": list(inputs.shape),
        "dtype": inputs.dtype,
        "values": inputs.values,
        "layout": inputs.layout,
        "gradients": inputs.gradients,
        "weight_dtype": inputs.weight_dtype,
        "seed": inputs.seed,
        "infer": inputs.infer,
    }
    return {name: value for name, value in data.items() if value is not None}


@dataclass(frozen=True)
class StatementRecord:
    """One statement of a document, and how it is accounted for."""

    statement: Statement

    def to_json(self) -> Data:
        statement = self.statement
        data = {
            "record": "statement",
            "document": statement.document,
            "api": statement.api,
            "claim": statement.claim,
            "section": statement.section,
            "says": _text_to_json(statement.says),
        }
        optional = {
            "unchecked": None if statement.unchecked is None else _text_to_json(statement.unchecked),
            "docstring": statement.docstring,
            "announced": statement.announced,
        }
        data |= {name: value for name, value in optional.items() if value is not None}
        return {**data, "source": _source_to_json(statement.source)}

    @classmethod
    def from_json(cls, data: Data) -> StatementRecord:
        statement = Statement(
            document=data["document"],
            api=data["api"],
            claim=data["claim"],
            section=data["section"],
            says=Text(**data["says"]),
            unchecked=Text(**data["unchecked"]) if "unchecked" in data else None,
            source=_source_from_json(data["source"]),
            docstring=Docstring(data["docstring"]) if "docstring" in data else None,
            announced=data.get("announced"),
        )
        return cls(statement)


def _source_to_json(source: Document) -> Data:
    data = {
        "publisher": source.publisher,
        "title": source.title,
        "version": source.version,
        "kind": source.kind,
        "address": source.address,
    }
    return {name: value for name, value in data.items() if value is not None}


def _source_from_json(data: Data) -> Document:
    return Document(**{**data, "kind": DocumentKind(data["kind"])})


@dataclass(frozen=True)
class VerdictRecord:
    """A verdict, and what a person needs to see it again.

    Attributes:
        call: the call in the vendor's own source; empty where the API has no such call.
        script: of a divergence, a script that shows it.
        known: the id of the catalogue's entry that explains it.
    """

    question: Question
    verdict: Verdict
    call: str = ""
    script: str | None = None
    known: str | None = None

    def to_json(self) -> Data:
        verdict = self.verdict
        said = {
            "outcome": verdict.outcome,
            "kind": verdict.kind,
            "subject": verdict.subject,
            "expected": verdict.expected,
            "observed": verdict.observed,
            "phase": verdict.phase,
            "raised": None if verdict.raised is None else _raised_to_json(verdict.raised),
            "ratio": None if verdict.ratio is None else _number_to_json(verdict.ratio),
            "exact": verdict.exact,
            "worst": None if verdict.worst is None else _worst_to_json(verdict.worst),
            "ruling": verdict.ruling,
            "authority": verdict.authority,
            "rests_on": verdict.rests_on,
            "direction": verdict.direction,
            "further": [_divergence_to_json(divergence) for divergence in verdict.further],
            "compared": list(verdict.compared),
            "accident": verdict.accident,
            "inferred": verdict.inferred,
            "stderr": verdict.stderr,
            "arrays": verdict.arrays,
        }
        data: Data = {"record": "verdict", **self.question._asdict()}
        for name, value in said.items():
            if value is None or value is False or value in ("", []):
                continue
            data[name] = value
        data["seconds"] = round(verdict.seconds, 6)
        data["call"] = self.call
        if self.script is not None:
            data["script"] = self.script
        if self.known is not None:
            data["known"] = self.known
        return data

    @classmethod
    def from_json(cls, data: Data) -> VerdictRecord:
        verdict = Verdict(
            outcome=Outcome(data["outcome"]),
            kind=Kind(data["kind"]) if "kind" in data else None,
            subject=data.get("subject", ""),
            expected=data.get("expected", ""),
            observed=data.get("observed", ""),
            phase=Phase(data["phase"]) if "phase" in data else None,
            raised=_raised_from_json(data["raised"]) if "raised" in data else None,
            ratio=float(data["ratio"]) if "ratio" in data else None,
            exact=data.get("exact", False),
            worst=_worst_from_json(data["worst"]) if "worst" in data else None,
            ruling=Ruling(data["ruling"]) if "ruling" in data else None,
            authority=Authority(data["authority"]) if "authority" in data else None,
            rests_on=data.get("rests_on", ""),
            direction=Direction(data["direction"]) if "direction" in data else None,
            further=tuple(map(_divergence_from_json, data.get("further", ()))),
            compared=tuple(map(Aspect, data.get("compared", ()))),
            accident=data.get("accident", False),
            inferred=data.get("inferred", False),
            stderr=data.get("stderr", ""),
            arrays=data.get("arrays"),
            seconds=data.get("seconds", 0.0),
        )
        question = Question(data["case"], data["target"], data["api"])
        return cls(question, verdict, data.get("call", ""), data.get("script"), data.get("known"))


def _divergence_to_json(divergence: Divergence) -> Data:
    data = {
        "kind": divergence.kind,
        "subject": divergence.subject,
        "expected": divergence.expected,
        "observed": divergence.observed,
    }
    return data if divergence.ratio is None else {**data, "ratio": _number_to_json(divergence.ratio)}


def _divergence_from_json(data: Data) -> Divergence:
    """As it was written: without its worst element, which the file keeps of the first divergence alone."""
    ratio = float(data["ratio"]) if "ratio" in data else None
    return Divergence(Kind(data["kind"]), data["subject"], data["expected"], data["observed"], ratio)


def _raised_to_json(raised: Raised) -> Data:
    return {"phase": raised.phase, "cls": raised.cls, "bases": list(raised.bases), "message": raised.message}


def _raised_from_json(data: Data) -> Raised:
    return Raised(Phase(data["phase"]), data["cls"], tuple(data["bases"]), data["message"])


def _number_to_json(number: float) -> float | str:
    """JSON has no infinity, and nothing that is no number."""
    return number if math.isfinite(number) else str(number)


def _worst_to_json(worst: Worst) -> Data:
    return {
        "index": list(worst.index),
        "expected": repr(worst.expected),
        "observed": repr(worst.observed),
        "bound": repr(worst.bound),
    }


def _worst_from_json(data: Data) -> Worst:
    return Worst(
        tuple(data["index"]),
        _read_number(data["expected"]),
        _read_number(data["observed"]),
        float(data["bound"]),
    )


def _read_number(text: str) -> int | float | complex:
    """The inverse of `repr`."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return complex(text)


@dataclass(frozen=True)
class ConfirmationRecord:
    """A script was executed in the target of a verdict.

    Attributes:
        script: what was executed, where it is not the verdict's own: of a smaller call that shows the same, or with its
            memory filled.
    """

    question: Question
    confirmation: Confirmation
    script: str | None = None

    def to_json(self) -> Data:
        data: Data = {
            "record": "confirmation",
            **self.question._asdict(),
            "confirmed": self.confirmation.confirmed,
            "printed": self.confirmation.printed,
        }
        return data if self.script is None else {**data, "script": self.script}

    @classmethod
    def from_json(cls, data: Data) -> ConfirmationRecord:
        question = Question(data["case"], data["target"], data["api"])
        return cls(question, Confirmation(data["confirmed"], data["printed"]), data.get("script"))


@dataclass(frozen=True)
class EntryRecord:
    """An entry of the catalogue whose cases a target was asked.

    Attributes:
        where: the places where the cause is known, in words.
        apis: those that are known to show it.
        asked: how many verdicts of this run are on its cases.
        verdicts: how many of this run it explains; none where it was not seen.
        holds: whether the target is one of those places.
        execution: of its script in the target; None where the run was stopped before.
    """

    target: str
    entry: Entry
    where: str
    apis: tuple[str, ...]
    asked: int
    verdicts: int
    holds: bool = True
    execution: Execution | None = None

    def to_json(self) -> Data:
        entry = self.entry
        data: Data = {
            "record": "entry",
            "target": self.target,
            "id": entry.id,
            "framework": entry.framework,
            "title": _text_to_json(entry.title),
            "severity": entry.severity,
            "authority": entry.authority,
            "rests_on": _text_to_json(entry.rests_on),
            "effect": _text_to_json(entry.effect),
            "upstream": entry.upstream,
            "where": self.where,
            "apis": list(self.apis),
            "script": entry.script,
            "ends": entry.ends,
            "asked": self.asked,
            "verdicts": self.verdicts,
            "holds": self.holds,
        }
        if entry.correction is not None:
            data["correction"] = _text_to_json(entry.correction)
        if entry.workaround is not None:
            data["workaround"] = {**_text_to_json(entry.workaround.text), "script": entry.workaround.script}
        if self.execution is not None:
            data["execution"] = {
                "shown": self.execution.shown,
                "ended": self.execution.ended,
                "workaround": self.execution.workaround,
            }
        return data

    @classmethod
    def from_json(cls, data: Data) -> EntryRecord:
        workaround = data.get("workaround")
        entry = Entry(
            id=data["id"],
            framework=data["framework"],
            title=Text(**data["title"]),
            severity=Severity(data["severity"]),
            authority=None if data["authority"] is None else Authority(data["authority"]),
            rests_on=Text(**data["rests_on"]),
            effect=Text(**data["effect"]),
            workaround=None
            if workaround is None
            else Workaround(Text(workaround["en"], workaround["zh"]), workaround["script"]),
            upstream=data["upstream"],
            script=data["script"],
            ends=data["ends"],
            correction=Text(**data["correction"]) if "correction" in data else None,
        )
        execution = Execution(**data["execution"]) if "execution" in data else None
        return cls(
            data["target"],
            entry,
            data["where"],
            tuple(data["apis"]),
            data["asked"],
            data["verdicts"],
            data["holds"],
            execution,
        )


def _text_to_json(text: Text) -> Data:
    return {"en": text.en, "zh": text.zh}


@dataclass(frozen=True)
class Footer:
    """The end of a run. `verdicts` is how many verdicts the file holds, `seconds` how long the run took."""

    complete: bool
    finished: str
    verdicts: int
    seconds: float

    def to_json(self) -> Data:
        return {
            "record": "footer",
            "complete": self.complete,
            "finished": self.finished,
            "verdicts": self.verdicts,
            "seconds": round(self.seconds, 1),
        }

    @classmethod
    def from_json(cls, data: Data) -> Footer:
        return cls(data["complete"], data["finished"], data["verdicts"], data.get("seconds", 0.0))


Record: TypeAlias = (
    Header
    | TargetRecord
    | ContractRecord
    | CaseRecord
    | StatementRecord
    | VerdictRecord
    | ConfirmationRecord
    | EntryRecord
    | Footer
)

CLASSES: Mapping[str, type[Record]] = {
    "header": Header,
    "target": TargetRecord,
    "contract": ContractRecord,
    "case": CaseRecord,
    "statement": StatementRecord,
    "verdict": VerdictRecord,
    "confirmation": ConfirmationRecord,
    "entry": EntryRecord,
    "footer": Footer,
}


def write_line(record: Record) -> str:
    """A record as one line of ASCII, without the newline."""
    return ENCODER.encode(record.to_json())


def read_line(line: str) -> Record:
    """The inverse of `write_line`. Raises RecordError."""
    return read_record(json.loads(line))


def read_record(data: Data) -> Record:
    """The record that wrote this data.

    Raises:
        RecordError: it was none.
    """
    kind = data.get("record")
    record = CLASSES.get(str(kind))
    if record is None:
        raise RecordError(f"no record is called {kind!r:.60}")
    try:
        return record.from_json(data)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RecordError(f"no {kind} record: {type(error).__name__}: {error}") from error


def _texts(data: Data) -> dict[str, str]:
    return {str(name): str(value) for name, value in data.items()}
