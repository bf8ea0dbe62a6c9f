"""The overview's heat map: APIs by topics, each cell a link to what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ..results.loaded import Column, LoadedRun
from ..results.records import FAILURES
from ..views.topics import TOPICS, Heat, measure_heat
from .visible import visible


@dataclass(frozen=True)
class HeatCell:
    """`fails` and `all` are addresses within the page: of the failures, and of all that was asked."""

    heat: Heat
    fails: str
    all: str


@dataclass(frozen=True)
class HeatRow:
    """An API. `cells` has None for a topic that it was not asked about."""

    label: str
    cells: Sequence[HeatCell | None]


@dataclass(frozen=True)
class HeatLayer:
    name: str
    topics: Sequence[str]
    rows: Sequence[HeatRow]


def list_heat(run: LoadedRun) -> Sequence[HeatLayer]:
    """A table a layer, with the topics that any of its APIs was asked about."""
    heat = measure_heat(run)
    layer_of = {judged.column: judged.case.layer for judged in run.judged}
    layers = []
    for name in dict.fromkeys(layer_of.values()):
        columns = sorted(column for column, layer in layer_of.items() if layer == name)
        topics = [topic for topic in TOPICS if any((column, topic) in heat for column in columns)]
        rows = []
        for column in columns:
            cells = [_build_cell(name, run.columns[column], topic, heat.get((column, topic))) for topic in topics]
            rows.append(HeatRow(run.columns[column].label, cells))
        layers.append(HeatLayer(name, topics, rows))
    return layers


def _build_cell(layer: str, column: Column, topic: str, heat: Heat | None) -> HeatCell | None:
    if heat is None:
        return None
    query = f'column:"{visible(column.label)}" topic:{topic}'
    failing = f"{query} status:{','.join(sorted(FAILURES))}"
    return HeatCell(heat, _link("findings", failing), _link(f"matrix/{quote(visible(layer), safe='')}", query))


def _link(view: str, query: str) -> str:
    return f"#{view}?q={quote(query, safe='')}"
