"""What pytest's configuration keeps for the plugin, and what every part of it asks of that."""

from __future__ import annotations

import pytest

from conformance.run import Run

RUN = pytest.StashKey[Run]()
# The attribute of a report that holds records, and the key under which xdist's workers tell what they collected.
CARRIED = "conformance"


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of xdist's, which reports to the one that writes the files."""
    return hasattr(config, "workerinput")
