"""Says which of the frameworks an interpreter has, without importing any. Its source travels over execnet.

Standard library only, Python 3.8 and later. Receives a list of import names, and answers with those that are there.
"""

import importlib.util
from typing import Any, List


def installed(names: List[str]) -> List[str]:
    """Those of the names that can be imported."""
    return [name for name in names if importlib.util.find_spec(name) is not None]


def main(channel: Any) -> None:
    channel.send(installed(channel.receive()))


if __name__ == "__channelexec__":
    main(channel)  # type: ignore[name-defined]  # noqa: F821
