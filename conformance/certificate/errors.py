"""How a check ends that does not pass."""

from __future__ import annotations


class CheckFailedError(Exception):
    """Something is not as it must be: the harness is wrong, or its worker gave no answer."""


class NotObservableError(Exception):
    """This device lacks what the check needs, so that nothing speaks for the harness, nor against it."""
