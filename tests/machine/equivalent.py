"""Slips that change nothing that can be seen, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

VERDICTS = "conformance.verdicts"


@dataclass(frozen=True)
class Equivalent:
    """A slip as `generate` makes it, and why no test can notice it."""

    where: str
    within: str
    old: str
    new: str
    why: str


EQUIVALENT = [
    Equivalent(f"{VERDICTS}.comparison", "compare", "copy=False", "", "a copy has the same numbers"),
    Equivalent(f"{VERDICTS}.comparison", "compare", "False", "True", "a copy has the same numbers"),
    Equivalent(f"{VERDICTS}.repeat", "without_chance", "0.0", "1.0", "any time does that is the same for all"),
    Equivalent(
        f"{VERDICTS}.judge", "judge_conforming",
        "has_ratio and arrays is not None and arrays.exact", "has_ratio and arrays.exact",
        "there is a ratio only where there were arrays",
    ),
    Equivalent(
        f"{VERDICTS}.picture", "take",
        "arrays is None or arrays.weight is None or inputs is None or (output is None)",
        "arrays is None or arrays.weight is None or output is None",
        "arrays are made of inputs",
    ),
]  # fmt: skip
