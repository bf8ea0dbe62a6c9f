"""`for`, `cover` and `where`: from one case as it is written to the bindings of its names."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, TypeAlias

import covertable

from conformance.case.values import Value
from conformance.cases import expression
from conformance.cases.node import Node

MAX_COMBINATIONS = 200_000  # of one `for`, before `where`; with `cover`, of what is to be covered
STEPS = 256  # of a search between looks at the clock, each of which takes as long as a step

Binding: TypeAlias = Mapping[str, Value]
Domain: TypeAlias = Mapping[str, Sequence[Value]]


def expand(node: Node) -> Iterator[Binding]:
    """Bind the names of a case's `for`: every combination of their values, or as few as `cover` needs.

    Raises:
        SpecError: there are too many combinations or none, or an expression cannot be evaluated.
    """
    domain = _read_domain(node.child("for", {}))
    cover = node.data.get("cover")
    strength = len(domain) if cover is None else min(cover, len(domain))
    _check_combinations(node, domain, strength)
    where = node.child("where", [])
    conditions = [where.data] if isinstance(where.data, str) else where.data
    if strength == len(domain):
        rows = itertools.product(*domain.values())
        bindings: Iterator[Binding] = (dict(zip(domain, row, strict=True)) for row in rows)
    else:
        bindings = _cover(domain, strength, conditions, where)
    found = False
    for binding in bindings:
        where.check_time("use fewer names or values")
        bound = where.with_names(binding)
        if all(bound.evaluate_expression(condition) for condition in conditions):
            found = True
            yield binding
    if not found:
        raise where.error("no combination of the values in `for` fulfils all of it; mend a condition, or the values")


def _read_domain(node: Node) -> Domain:
    domain = {}
    for name in node.data:
        items = node.child(name).with_names({})
        domain[name] = [items.child(number).evaluate() for number in range(len(items.data))]
    return domain


def _check_combinations(node: Node, domain: Domain, strength: int) -> None:
    """Refuse what would take long to expand."""
    sizes = map(len, domain.values())
    count = sum(math.prod(chosen) for chosen in itertools.combinations(sizes, strength))
    if count > MAX_COMBINATIONS:
        remedy = "use cover" if strength == len(domain) else "cover fewer names at once"
        message = f"expands to {count} combinations, at most {MAX_COMBINATIONS} are allowed; {remedy}"
        raise node.error(message, "for")


def _cover(domain: Domain, strength: int, conditions: Sequence[str], where: Node) -> Iterator[Binding]:
    """Bindings that hold every admissible combination of `strength` names, far fewer than the whole product.

    Rows are of indices, which hash where a value does not.
    """
    names = list(domain)
    factors = [list(range(len(items))) for items in domain.values()]
    constraints = [_constrain(domain, text, where) for text in conditions]
    remedy = "cover fewer names at once, or fewer values"

    def choose(search: Any) -> Iterator[Any]:
        where.check_time(remedy)
        for chosen in covertable.criteria.greedy.extract(search):
            where.check_time(remedy)
            yield chosen

    criterion = SimpleNamespace(extract=choose)
    rows = map(tuple, covertable.make(factors, strength=strength, constraints=constraints, criterion=criterion))
    for row in dict.fromkeys(rows):
        yield {name: domain[name][index] for name, index in zip(names, row, strict=True)}


class _Watched(list[int]):
    """The names of a condition. The search looks through them at every step, and has no other place to interrupt it."""

    def __init__(self, names: Sequence[int], check: Callable[[], None]) -> None:
        super().__init__(names)
        self._check = check
        self._steps = itertools.cycle(range(STEPS))

    def __iter__(self) -> Iterator[int]:
        if next(self._steps) == 0:
            self._check()
        return super().__iter__()


def _constrain(domain: Domain, text: str, where: Node) -> dict[str, Any]:
    """A condition as the library takes it: with the names that it speaks of.

    Were it asked of whole rows alone, combinations would be lost to a condition that they could have avoided.
    """
    names = list(domain)
    remedy = "cover fewer names at once, or simplify the conditions"
    spoken_of = [position for position, name in enumerate(names) if name in expression.names(text)]

    @functools.cache
    def holds(*indices: int) -> bool:
        binding = {}
        for position, index in zip(spoken_of, indices, strict=True):
            name = names[position]
            binding[name] = domain[name][index]
        return bool(where.with_names(binding).evaluate_expression(text))

    required = _Watched(spoken_of, lambda: where.check_time(remedy))
    return {"operator": "fn", "requires": required, "evaluate": lambda row: holds(*map(row.get, spoken_of))}
