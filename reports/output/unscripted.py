"""The tables of errors and of porting as they stand in the page for who reads it without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..results.loaded import LoadedRun
from ..views.errors import judge_manner, list_answers, list_invalid
from ..views.porting import Cell, Table
from .visible import visible

SIGNS = {"accepted": "A", "crash": "✖", "hang": "…", "internal": "I", "accident": "~", "checked": "✓", "none": "–"}


@dataclass(frozen=True)
class PlainTable:
    """A layer's table: a column an API. A row is what it is about, and a cell of each column."""

    layer: str
    labels: Sequence[str]
    rows: Sequence[tuple[Any, Sequence[Any]]]


def list_errors(run: LoadedRun) -> Sequence[PlainTable]:
    """How each API answers each invalid value; a cell has a line an answer."""
    tables = []
    for layer, values in list_invalid(run).items():
        columns = sorted({judged.column for judgeds in values.values() for judged in judgeds})
        rows = []
        for value, judgeds in values.items():
            cells = [_list_lines([one for one in judgeds if one.column == column]) for column in columns]
            rows.append((visible(value, 200), cells))
        tables.append(PlainTable(visible(layer), _label(run, columns), rows))
    return tables


def _list_lines(judgeds: Sequence[Any]) -> Sequence[str]:
    lines = []
    for judged in list_answers(judgeds):
        error = judged.verdict.error_class.rpartition(".")[2]
        said = f" {error}, {judged.verdict.phase}" if error else ""
        lines.append(f"{SIGNS[judge_manner(judged)]}{visible(said, 120)}")
    return lines


def list_porting(run: LoadedRun, tables: Sequence[Table]) -> Sequence[PlainTable]:
    """How each API says each argument: its source, or why it has none."""
    return [PlainTable(visible(table.layer), _label(run, table.columns), list(_list_rows(table))) for table in tables]


def _list_rows(table: Table) -> Iterator[tuple[tuple[str, str], Sequence[Cell]]]:
    for row, aspect in enumerate(table.aspects):
        cells = [table.cells[row, column] for column in table.columns]
        yield (visible(aspect.parameter), visible(aspect.form)), cells


def _label(run: LoadedRun, columns: Sequence[int]) -> Sequence[str]:
    return [run.columns[column].label for column in columns]
