"""A small catalogue of torch, and facts to hold against it."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import Any

from conformance import safe_yaml
from conformance.case import Outcome
from conformance.catalogue import load
from conformance.catalogue.catalogue import Catalogue
from conformance.catalogue.fact import Fact, Place
from conformance.catalogue.load import CatalogueError

API = "torch.nn.Conv2d"
ENVIRONMENT = {
    "device": "cpu",
    "instructions": "avx512 avx512_bf16",
    "platform": "linux-x86_64",
    "processor": "some processor",
}
PLACE = Place("torch", "2.13.0+cpu", tuple(ENVIRONMENT.items()))
HEAD = "framework: torch\nentries:\n"


def fact(name: str, observed: str = "", kind: str = "wrongly_rejected", **more: Any) -> Fact:
    """A fact about a case of conv2d/a.yaml; it conforms where nothing was observed."""
    outcome = Outcome.DIVERGES if observed else Outcome.CONFORMS
    made = Fact(f"conv2d/a.yaml::{name}", API, PLACE, outcome, kind if observed else "conforms", "call", observed)
    return replace(made, **more)


def entry(
    cases: str = "conv2d/a.yaml::x: 1",
    id: str = "TOR-one",
    kind: str = "wrongly_rejected",
    message: str = "",
    where: str = '{versions: "==2.13.0"}',
    severity: str = "crash",
    authority: str = "robustness",
    more: str = "",
) -> str:
    """The text of an entry; `cases` are lines, `more` further fields."""
    said = f'\n        message: "{message}"' if message else ""
    listed = textwrap.indent(cases, "          ")
    fields = textwrap.indent(more, "    ")
    return f"""\
  - id: {id}
    title: {{en: it fails, zh: 失败}}
    severity: {severity}
    authority: {authority}
    rests_on: {{en: a process does not die, zh: 进程不应死掉}}
    effect: {{en: all layers, zh: 所有层}}
    upstream: not reported
    where: {where}
    script: |
      assert False
{fields}
    seen:
      - api: {API}
        kind: {kind}{said}
        cases:
{listed}
""".replace("\n\n", "\n")


def read(text: str) -> Catalogue:
    document = safe_yaml.parse("torch.yaml", text.encode(), CatalogueError)
    return Catalogue("torch.yaml", load.read(document))


def count(text: str) -> dict[str, int]:
    """By pattern its number, over all entries."""
    return {
        pattern.text: pattern.count
        for listed in read(text).entries
        for sighting in listed.sightings
        for pattern in sighting.patterns
    }
