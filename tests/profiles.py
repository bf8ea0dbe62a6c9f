"""Hypothesis' settings, by the kind of test: `settings(settings.get_profile(NAME), max_examples=...)`."""

from __future__ import annotations

from hypothesis import settings

# What is drawn is the same in every run, and how long it takes on a busy machine tells nothing.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
REPEATABLE = settings.get_profile("repeatable")
