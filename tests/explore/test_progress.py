"""How fast a search goes and how far it came."""

from __future__ import annotations

from conformance.case import Outcome, Verdict
from conformance.explore.progress import Progress


def test_rates_are_of_all_the_time() -> None:
    times = iter((0.0, 90.0))
    progress = Progress(lambda: next(times))
    for _ in range(100):
        progress.count("torch", Verdict(Outcome.CONFORMS, seconds=0.3))
    progress.shrinking = 30.0
    assert progress.describe(2).startswith(
        "90 s, 30 of them shrinking: torch 67 calls a minute (33% of its time); 0 pairs and 0 triples"
    )


def test_what_no_target_was_asked_is_no_call() -> None:
    progress = Progress()
    progress.count("torch", Verdict(Outcome.NO_EQUIVALENT))
    assert not progress.calls


def test_pairs_and_triples_of_traits_are_counted_once() -> None:
    progress = Progress()
    for _ in range(2):
        progress.count_traits({"a": "1", "b": "1", "c": "1"})
    assert "3 pairs and 1 triples" in progress.describe(0)


def test_an_error_of_this_suite_is_told_by_its_last_line() -> None:
    progress = Progress()
    progress.count("torch", Verdict(Outcome.FAULT, observed="Traceback\n  a line\nValueError: too few"))
    assert progress.describe(0).endswith("; 1 times ValueError: too few")
