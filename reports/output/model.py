"""A model's layers in another framework, in Markdown: what each becomes, on what evidence, and what will bite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..findings.clusters import Finding, cluster, cluster_differences
from ..findings.order import rate_seriousness, rate_severity
from ..results.loaded import LoadedRun
from ..results.records import Contract
from ..views.initial import list_initial_values
from ..views.model import Ported, Porter, Written, read_layers
from ..views.pads import find_pads, name_layer, read_pad, write_pad
from ..views.porting import Table, build_tables
from . import words
from .escaping import tick
from .markdown import build_markdown_environment
from .visible import visible

_SCRIPT_LIMIT = 8_000  # characters


def write_port(run: LoadedRun, text: str, source: str, target: str, language: str) -> str:
    """Markdown on the layers that `text` lists.

    Raises:
        ValueError: no layer of the source's is in it, or a framework is not in the run.
    """
    findings = cluster(run)
    differences = cluster_differences(run)
    tables = build_tables(run, findings, differences)
    porter = Porter(run, tables, (*findings, *differences), source, target)
    own_pads, their_pads = find_pads(run, source), find_pads(run, target)
    names = {name_layer(pad).rpartition(".")[2] for pad in own_pads.values()}
    written, others = read_layers(text, (*porter.names(), *names))
    layers = [layer for layer in written if layer.name.rpartition(".")[2] not in names]
    if not layers:
        raise ValueError(
            f"no layer of {source!r} in it; looked for {', '.join(sorted(set(porter.names())))}, one a line"
        )
    writer = _Writer(run, tables, language)
    ported: list[Ported | Padded] = []
    unread: Counter[str] = Counter(others)
    for layer in written:
        if layer in layers:
            ported.append(porter.port(layer))
        elif (pad := read_pad(own_pads, layer)) is not None:
            ported.append(Padded(layer, write_pad(their_pads, pad)))
        else:
            unread[layer.name] += layer.count
    return writer.render(source, target, ported, unread)


@dataclass(frozen=True)
class Padded:
    """A layer that only pads, and its `call` in the other framework, "" where it has none."""

    written: Written
    call: str


def _list_biting(ported: Sequence[Ported]) -> Sequence[Finding]:
    """What is behind all layers, the most serious first."""
    found = {finding.id: finding for one in ported for finding in one.findings}
    return sorted(found.values(), key=lambda finding: (_rate(finding), finding.entry is None, finding.id))


def _rate(finding: Finding) -> int:
    return rate_seriousness(finding.signature) if finding.entry is None else rate_severity(finding.entry.severity)


class _Writer:
    def __init__(self, run: LoadedRun, tables: Sequence[Table], language: str) -> None:
        self._run = run
        self._tables = tables
        self._language = language

    def _say(self, key: str, **named: object) -> str:
        return words.say(self._language, key, **named)

    def render(self, source: str, target: str, rows: Sequence[Ported | Padded], others: Mapping[str, int]) -> str:
        ported = [one for one in rows if isinstance(one, Ported)]
        routes = dict.fromkeys(one.columns for one in ported if one.columns[1] is not None)
        failing = [one for one in ported if any(finding.authority for finding in one.findings)]
        return (
            build_markdown_environment()
            .get_template("port.md")
            .render(
                say=self._say,
                source=source,
                target=target,
                rows=[self._describe(one) if isinstance(one, Ported) else self._describe_pad(one) for one in rows],
                layers=sum(one.written.count for one in rows),
                biting=sum(one.written.count for one in failing),
                bites=[self._describe_bite(finding) for finding in _list_biting(ported)],
                pairs=[self._describe_route(mine, theirs) for mine, theirs in routes],
                others=", ".join(f"{count} {visible(name, 80)}" for name, count in others.items()),
            )
            .strip()
            + "\n"
        )

    def _describe(self, one: Ported) -> dict[str, Any]:
        bites = [{"id": finding.id, "severity": self._name_severity(finding)} for finding in _list_biting([one])]
        return {
            "source": one.written.source,
            "count": one.written.count,
            "call": one.call,
            "nearest": bool(one.unlike),
            "reason": words.translate(self._language, one.reason) or self._say("model.no_layer"),
            "instead": visible(one.instead, _SCRIPT_LIMIT),
            "evidence": self._say_evidence(one),
            "bites": bites,
        }

    def _describe_pad(self, one: Padded) -> dict[str, Any]:
        return {
            "source": one.written.source,
            "count": one.written.count,
            "call": one.call,
            "nearest": False,
            "reason": self._say("model.no_pad"),
            "instead": "",
            "evidence": self._say("model.pad"),
            "bites": (),
        }

    def _say_evidence(self, one: Ported) -> str:
        if one.columns[1] is None:
            return ""
        case = tick(one.case)
        if one.reason:
            return self._say("model.refused", case=case)
        if one.unlike:
            return self._say("model.nearest", case=case, unlike=tick(", ".join(one.unlike)))
        if one.proven:
            return self._say("model.proven", count=one.proven, case=case)
        return self._say("model.unproven", case=case)

    def _name_severity(self, finding: Finding) -> str:
        if finding.entry is not None:
            return words.name_term(self._language, "severity", finding.entry.severity)
        return words.name_kind(self._language, finding.signature.word)

    def _describe_bite(self, finding: Finding) -> dict[str, str]:
        workaround = None if finding.entry is None else finding.entry.workaround
        return {
            "id": finding.id,
            "title": words.write_headline(self._language, self._run, finding),
            "effect": words.write_circumstance(self._language, self._run, finding),
            "workaround": "" if workaround is None else workaround.text.in_language(self._language),
            "script": "" if workaround is None else _make_block(workaround.script),
        }

    def _describe_route(self, source: int, target: int | None) -> dict[str, Any]:
        assert target is not None, "layers that the target lacks have no route"
        table = next(table for table in self._tables if source in table.columns)
        pair = table.pair(source, target)
        contracts = (self._run.contract(source), self._run.contract(target))
        return {
            "source": self._run.columns[source].label,
            "target": self._run.columns[target].label,
            "defaults": [
                (one.name, one.first, one.second, one.say_second) for one in pair.defaults if one.first and one.second
            ],
            "layouts": [(name, self._join_layouts(name, *contracts)) for name in ("weight", "bias")],
            "initial": list(self._list_initial((source, target))),
        }

    def _join_layouts(self, name: str, source: Contract | None, target: Contract | None) -> str:
        """Source that makes the target's array of the source's."""
        if source is None or target is None:
            return self._say("port.unknown_layout")
        there = getattr(target, name)
        back = getattr(source, f"{name}_back") or ("" if getattr(source, name) != name else name)
        if not back:
            return self._say("port.unknown_layout")
        steps = [f"{name} = {step}" for step in (back, there) if step != name]
        return "; ".join(steps) or self._say("port.same_array")

    def _list_initial(self, columns: tuple[int, int]) -> Iterator[tuple[str, str, str]]:
        for initial in list_initial_values(self._run):
            if initial.column in columns:
                judged = self._run.judged[initial.index]
                outcome = "port.holds" if judged.conforms else f"outcome.{judged.verdict.outcome}"
                yield (
                    self._run.columns[initial.column].label,
                    initial.says.in_language(self._language),
                    self._say(outcome),
                )


def _make_block(script: str) -> str:
    return visible(script, _SCRIPT_LIMIT).rstrip().replace("```", "'''")
