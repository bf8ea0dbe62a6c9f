from __future__ import annotations

from enum import Enum

import pytest


def pytest_make_parametrize_id(config: pytest.Config, val: object) -> str | None:
    """Members of the closed sets by their own names."""
    return str(val.value) if isinstance(val, Enum) else None
