"""A catalogue counted anew: its numbers are the run's, and what people wrote stays."""

from __future__ import annotations

import pytest

from conformance.catalogue.fact import Fact
from conformance.catalogue.load import CatalogueError
from conformance.catalogue.recount import Recounted, recount
from tests.catalogue.entries import HEAD, count, entry, fact, read

WRITTEN = HEAD + "  # The kernel of dtype d was never written.\n" + entry(
    """\
# mentioned in the document
conv2d/a.yaml::x[*]: 2   # two
# gone soon
conv2d/a.yaml::y: 1""",
    message="no kernel",
) + "  # Fixed by now.\n" + entry("conv2d/a.yaml::z: 1", id="TOR-two", kind="value") + "# The end.\n"  # fmt: skip


def recounted(text: str, facts: list[Fact]) -> Recounted:
    return recount(text, "torch.yaml", facts)


def test_what_people_wrote_stays() -> None:
    facts = [fact(f"x[k:{k}]", "no kernel") for k in (1, 2, 3)]
    facts += [fact("y"), fact("z"), fact("w", "no kernel for w"), fact("v", "another")]
    changed = recounted(WRITTEN, facts)
    expected = WRITTEN.replace("x[*]: 2 ", "x[*]: 3 ").replace(
        "          # gone soon\n          conv2d/a.yaml::y: 1\n", "          conv2d/a.yaml::w: 1\n"
    )
    assert changed.text == expected
    assert changed.gone == ("TOR-two",)
    assert recounted(changed.text, facts).text == changed.text


def test_cases_come_in_as_patterns_that_no_conforming_case_fits() -> None:
    facts = [fact("x", "no kernel")]
    facts += [fact(f"all[k:{k}]", "no kernel") for k in range(5)]
    facts += [fact(f"some[k:{k}-d:{d}]", "no kernel" if d == 2 else "") for k in range(4) for d in (1, 2, 22)]
    facts += [fact(f"both[k:{k}-d:{d}-m:x]", "no kernel" if (k, d) == (1, 2) else "") for k in (1, 2) for d in (1, 2)]
    assert count(recounted(HEAD + entry(message="no kernel"), facts).text) == {
        "conv2d/a.yaml::x": 1,
        "conv2d/a.yaml::all[*]": 5,
        "conv2d/a.yaml::some[*-d:2]": 4,
        "conv2d/a.yaml::both[k:1-d:2-m:x]": 1,
    }


def test_wrong_values_of_another_name_are_another_cause() -> None:
    facts = [fact("x", "3.0", "value"), fact("w", "4.0", "value")]
    assert count(recounted(HEAD + entry(kind="value"), facts).text) == {"conv2d/a.yaml::x": 1}


def test_a_pattern_that_a_conforming_case_fits_is_taken_apart() -> None:
    facts = [fact("x[k:1]", "no"), fact("x[k:2]", "no"), fact("x[k:3]")]
    text = HEAD + entry("conv2d/a.yaml::x[*]: 3", message="no")
    assert count(recounted(text, facts).text) == {"conv2d/a.yaml::x[k:1]": 1, "conv2d/a.yaml::x[k:2]": 1}


def test_what_was_not_asked_is_not_counted() -> None:
    facts = [fact("x", "no", api="torch.nn.functional.conv2d")]
    assert recounted(WRITTEN, facts) == Recounted(WRITTEN)


def test_an_unstable_entry_is_left_alone() -> None:
    text = HEAD + entry(more="unstable: [conforms, crashed]")
    assert recounted(text, [fact("x")]) == Recounted(text)


def test_a_layout_that_cannot_be_edited_is_refused() -> None:
    text = HEAD + entry().replace("cases:\n          conv2d/a.yaml::x: 1", 'cases: {"conv2d/a.yaml::x": 1}')
    assert len(read(text).entries) == 1
    text = text.replace("kind: wrongly_rejected", "kind: wrongly_rejected\n        message: no")
    with pytest.raises(CatalogueError, match="one a line, to have them counted anew"):
        recounted(text, [fact("x", "no"), fact("w", "no")])
