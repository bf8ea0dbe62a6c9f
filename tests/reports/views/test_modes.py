"""A mode is held against its framework's own target; what came out alike is a number."""

from __future__ import annotations

import pytest

from conv_reports.output.modes import write_modes
from conv_reports.results.loaded import load
from conv_reports.views.modes import compare_modes
from tests.reports import synthetic

DIVERGES = {"outcome": "diverges", "kind": "value", "subject": "output", "seconds": 1.0}


@pytest.fixture
def records():
    return [record for record in synthetic.records(40) if record["record"] != "confirmation"]


@pytest.fixture
def load_records(results):
    return lambda made: load([results(made, "modes.jsonl")])


def test_a_mode_that_shows_the_same_has_no_groups(records, load_records):
    (mode,) = compare_modes(load_records(synthetic.in_mode(records)[0]))
    asked = [one for one in records if one.get("target") == "torch" and one["record"] == "verdict"]
    assert (mode.target.name, mode.beside.name, mode.groups) == ("torch@vmap", "torch", ())
    assert mode.cases == sum(one["outcome"] != "no_equivalent" for one in asked)


def test_what_comes_out_otherwise_is_named_by_its_index_in_the_run(records, load_records):
    made, changed = synthetic.in_mode(records, DIVERGES)
    run = load_records(made)
    (mode,) = compare_modes(run)
    ((one,),) = [group.cases for group in mode.groups]
    verdict = run.judged[one.after].verdict
    assert (verdict.case, verdict.target, verdict.outcome) == (changed["case"], "torch@vmap", "diverges")
    assert (mode.different, mode.seconds) == (1, 1.0)


def test_what_a_mode_cannot_be_asked_is_no_difference(records, load_records):
    made, _ = synthetic.in_mode(records, {"outcome": "no_equivalent", "observed": "it has no gradients"})
    (mode,) = compare_modes(load_records(made))
    assert mode.different == 0


def test_a_mode_without_gradients_says_nothing_of_theirs(records, load_records):
    made, _ = synthetic.in_mode(records, {"outcome": "conforms", "phase": "forward"})
    own = next(one for one in made if one.get("outcome") == "conforms" and one["target"] == "torch")
    own |= {
        "outcome": "differs",
        "kind": "wrongly_rejected",
        "subject": "gradients",
        "phase": "backward",
        "direction": "stricter",
    }
    (mode,) = compare_modes(load_records(made))
    assert mode.different == 0


def test_a_value_that_is_wrong_on_both_sides_is_no_difference(records, load_records):
    made, _ = synthetic.in_mode(records, {**DIVERGES, "phase": "forward"})
    own = next(one for one in made if one.get("outcome") == "conforms" and one["target"] == "torch")
    own |= {**DIVERGES, "phase": "backward"}
    (mode,) = compare_modes(load_records(made))
    assert mode.different == 0


def test_a_mode_is_a_line_and_each_difference_one_more(records, load_records):
    same = list(write_modes(load_records(synthetic.in_mode(records)[0])))
    first, second = write_modes(load_records(synthetic.in_mode(records, DIVERGES)[0]))
    assert len(same) == 1
    assert same[0].startswith("torch@vmap: no difference in ")
    assert first.startswith("torch@vmap: 1 otherwise in ")
    assert "conforms -> diverges value output" in second


def test_a_run_without_modes_says_nothing(records, load_records):
    assert list(write_modes(load_records(records))) == []
