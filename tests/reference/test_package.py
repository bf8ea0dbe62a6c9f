"""The oracle is usable alone: NumPy, types, and names that are there."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import conv_reference as reference

LOADED = """
import numpy.random
before = set(sys.modules)
import conv_reference
print(*{name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))
"""


@pytest.mark.process
def test_it_imports_numpy_and_nothing_else():
    """Without `site`, which may load packages of its own."""
    paths = [str(Path(module.__file__).parents[1]) for module in (reference, np)]
    script = f"import sys; sys.path[:0] = {paths!r}{LOADED}"
    loaded = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True)
    assert set(loaded.stdout.split()) - {"numpy"} == {"conv_reference"}


def test_it_is_typed():
    assert Path(reference.__file__).with_name("py.typed").is_file()


@pytest.mark.parametrize("name", reference.__all__)
def test_every_public_name_is_there(name):
    assert getattr(reference, name) is not None
