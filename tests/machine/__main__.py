"""Which mistakes, made by machine in some modules, some tests let pass.

    python -m tests.machine conformance.verdicts.ruling conformance.verdicts.twin tests/verdicts

Exits with 1 where one is unnoticed that `equivalent` does not explain.
"""

from __future__ import annotations

import sys

import pytest

from tests.machine.plugin import Machine

OPTIONS = ["-q", "-s", "-p", "no:cacheprovider", "-o", "addopts=", "--import-mode=importlib"]


def main(*names: str) -> int:
    modules = [name for name in names if "/" not in name]
    tests = [name for name in names if "/" in name]
    return int(pytest.main([*OPTIONS, *tests], plugins=[Machine(modules)]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
