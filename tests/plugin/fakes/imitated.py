"""A pytest plugin: makes the fake framework's contract and adapter visible to the suite."""

from pathlib import Path

import conformance.adapters
import conformance.apis

HERE = Path(__file__).parent
for room in (conformance.apis, conformance.adapters):
    folder = str(HERE / room.__name__.rpartition(".")[2])
    if folder not in room.__path__:
        room.__path__.append(folder)
