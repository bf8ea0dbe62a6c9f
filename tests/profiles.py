"""Hypothesis' settings. `conftest` loads `repeatable`; pytest's ``--hypothesis-profile=search`` loads the other."""

from __future__ import annotations

from hypothesis import settings

# What is drawn is the same in every run, and how long it takes on a busy machine tells nothing.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
# Hours of other examples in every run: `pytest tests/cases/test_fuzz.py --hypothesis-profile=search`.
settings.register_profile("search", deadline=None, max_examples=50_000, database=None)
REPEATABLE = settings.get_profile("repeatable")


def load_default() -> None:
    """What holds where --hypothesis-profile names no other, which Hypothesis' own plugin loads later."""
    settings.load_profile("repeatable")
