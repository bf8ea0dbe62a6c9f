"""What the command line asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


class UnusableError(Exception):
    """What the command line asked for cannot be done; the message names the thing and the remedy."""


@dataclass(frozen=True)
class Settings:
    """What the command line asked for. Paths are as given, None where they were not.

    Attributes:
        root: the folder of the environments that tox makes, and of files that no option names.
        known: the catalogue, a file or a folder; `recounts` tells whether its numbers are written anew.
        processes: how many of each target share its cases.
        case_timeout: seconds that one case may take in a target; 0 for what the targets need.
        modes: whether each target is run in all modes of its framework besides, on the cases chosen for that.
        shrink_seconds: what may be spent on finding smaller calls that show what was found; 0 for none.
        arguments: the command line itself, for the results file.
    """

    root: Path
    targets: tuple[str, ...] = ()
    results: str | None = None
    report: str | None = None
    resume: str | None = None
    only_changed: str | None = None
    known: str | None = None
    recounts: bool = False
    repeats: int = 1
    processes: int = 1
    case_timeout: float = 0.0
    modes: bool = False
    shrink_seconds: float = 60.0
    certifies: Literal["auto", "always", "never"] = "auto"
    arguments: tuple[str, ...] = ()

    @property
    def results_path(self) -> Path:
        return Path(self.results).absolute() if self.results else self.root / "audit" / "results.jsonl"

    @property
    def report_path(self) -> Path:
        return Path(self.report).absolute() if self.report else self.root / "audit" / "report.html"


def check_files(settings: Settings) -> None:
    """Raises UnusableError when what a run finds could not be written."""
    for option, path in (("results", settings.results_path), ("report", settings.report_path)):
        folder = next(folder for folder in path.parents if folder.exists())
        if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
            raise UnusableError(f"cannot write {path}; choose another with --{option} FILE")
