"""Only of a file that was asked whole it is told what is gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conformance.run.extent import find_complete
from tests.catalogue.entries import fact

CONV2D = Path(__file__).parents[2] / "specs" / "conv2d"


def test_a_file_of_which_nothing_was_asked_is_not_complete() -> None:
    asked = {str(CONV2D / "stride.yaml"): 1, str(CONV2D / "dtype.yaml"): 0, str(CONV2D / "padding.yaml"): 2}
    ran = [replace(fact("x"), case=f"conv2d/{name}.yaml::x") for name in ("stride", "padding")]
    assert find_complete(asked, ran) == {"conv2d/stride.yaml"}
