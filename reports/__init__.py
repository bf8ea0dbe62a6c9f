"""From results files to what people open: an HTML page, Markdown, a diff. Knows no test runner and no framework.

In: the paths of results files. Out: `write_html`, `representatives`, and the commands of ``python -m reports``. The
rooms import one way: `results` (read, loaded), `findings` (failures told once), `views` (porting, errors, diff, query),
`output` (what is opened). Imports inside are relative: the folder is `reports` in a clone, `conv_reports` installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .findings.clusters import cluster_new
from .findings.patterns import find_patterns, fits
from .output import page
from .output.modes import write_modes
from .results.loaded import load
from .results.merge import find_contradiction
from .results.read import ResultsError

__all__ = ["ResultsError", "find_contradiction", "find_patterns", "fits", "representatives", "tell_modes", "write_html"]


def write_html(results: Sequence[Path], out: Path, since: Sequence[Path] = ()) -> None:
    """Write one self-contained page of one or more results files.

    Args:
        since: results files of an earlier run, to show what changed.

    Raises:
        ResultsError: a file is no results file, or two of them judge the same.
        OSError: `out` cannot be written.
    """
    page.write(load(results), out, load(since) if since else None)


def tell_modes(results: Sequence[Path]) -> list[str]:
    """Lines that say of each target in a mode what came out otherwise than without. Raises ResultsError."""
    return list(write_modes(load(results)))


def representatives(results: Sequence[Path]) -> list[tuple[str, str, str]]:
    """(case id, target, API) of a verdict for each finding that the catalogue does not know: the new clusters.

    It is one with a script, or the simplest.
    """
    run = load(results)
    verdicts = [run.judged[finding.representative].verdict for finding in cluster_new(run)]
    return [(verdict.case, verdict.target, verdict.api) for verdict in verdicts]
