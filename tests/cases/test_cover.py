"""`cover` in a spec file: complete over what the conditions admit, and the same every time."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from conformance.cases import spec

DOMAIN: dict[str, list[object]] = {
    "a": [1, 2, 3, 4],
    "b": ["same", "valid", 0, 1, 2],
    "c": [1, 2, 3],
    "d": [0, 1, 2],
    "e": [True, False],
}
WHERE = ['b != "same" or a == 1', "d < max(a, c)", 'd == 0 or b != "same"', "e or c != 3"]


def admissible(row: dict[str, object]) -> bool:
    """WHERE, written again in Python."""
    a, b, c, d, e = (row[name] for name in "abcde")
    assert isinstance(a, int)
    assert isinstance(c, int)
    assert isinstance(d, int)
    return (b != "same" or a == 1) and d < max(a, c) and (d == 0 or b != "same") and (bool(e) or c != 3)


def rows(folder: Path, strength: int) -> list[dict[str, object]]:
    path = folder / "cover.yaml"
    lines = ["layer: conv2d", "clause: none", "cases:", "  - name: all", f"    cover: {strength}", "    for:"]
    lines += [
        f"      {name}: {items}".replace("'", '"').replace("True", "true").replace("False", "false")
        for name, items in DOMAIN.items()
    ]
    lines += ["    where:"] + [f"      - '{text}'" for text in WHERE]
    lines += ["    arguments:"] + [f"      {name}: '={name}'" for name in DOMAIN]
    lines += ["    raises: TypeError", "    wrong: stride"]  # as no layer has such parameters
    path.write_text("\n".join(lines), encoding="utf-8")
    return [dict(case.arguments) for case in spec.load(path, "cover.yaml").cases]


@pytest.mark.parametrize("strength", [1, 2, 3, 4])
def test_every_admissible_combination_is_covered(tmp_path: Path, strength: int) -> None:
    found = rows(tmp_path, strength)
    assert all(admissible(row) for row in found)
    product = [dict(zip(DOMAIN, values, strict=True)) for values in itertools.product(*DOMAIN.values())]
    for names in itertools.combinations(DOMAIN, strength):
        possible = {tuple(row[name] for name in names) for row in product if admissible(row)}
        assert {tuple(row[name] for name in names) for row in found} == possible
    assert len(found) < sum(map(admissible, product))


def test_the_same_rows_every_time(tmp_path: Path) -> None:
    assert rows(tmp_path, 2) == rows(tmp_path, 2)
