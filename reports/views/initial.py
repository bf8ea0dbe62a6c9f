"""What a layer starts from: the sentences on initial values that its default arguments were held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..results.loaded import JudgedCase, LoadedRun
from ..results.records import Text


@dataclass(frozen=True)
class InitialValues:
    """A sentence of a column's document about initial values, and the verdict that says whether it holds.

    Attributes:
        says: in the suite's words.
        index: of the verdict, a failing one where any fails.
    """

    column: int
    says: Text
    index: int


def list_initial_values(run: LoadedRun) -> Sequence[InitialValues]:
    """Of each column, what its documents say of a layer that is given no initialiser."""
    statements = {(statement.api, statement.claim): statement for statement in run.statements}
    found: dict[tuple[int, str], int] = {}
    for index, judged in enumerate(run.judged):
        if not _is_of_initial_values(judged) or _names_initialiser(run, judged):
            continue
        key = (judged.column, judged.case.claim or "")
        if key not in found or judged.failed > run.judged[found[key]].failed:
            found[key] = index
    initial = []
    for (column, claim), index in found.items():
        statement = statements.get((run.columns[column].api, claim))
        if statement is not None:
            initial.append(InitialValues(column, statement.says, index))
    return initial


def _is_of_initial_values(judged: JudgedCase) -> bool:
    verdict = judged.verdict
    return bool(judged.case.claim) and (verdict.kind == "distribution" or "initial_values" in verdict.compared)


def _names_initialiser(run: LoadedRun, judged: JudgedCase) -> bool:
    """Whether the call gives an argument that no part of the layer's arithmetic says: then it chooses the values."""
    contract = run.contract(judged.column)
    if contract is None:
        return False
    return any(contract.defaults.get(name) == "None" for name in judged.case.arguments)
