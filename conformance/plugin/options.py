"""The command line: the options, what they are worth, and what of them a run needs."""

from __future__ import annotations

import math
import secrets

import pytest

from conformance.environments import choose_environments, read_environments
from conformance.run import Settings
from conformance.run.modes import CASE_LIMIT, COMPILING_LIMIT


def pytest_addoption(parser: pytest.Parser) -> None:
    environments = read_environments()  # not `frameworks`, which a plugin that is loaded later may add to
    group = parser.getgroup(
        "conformance",
        "conformance audit: exit status 0 when every case conforms or is as the catalogue has it; 1 when one is new, "
        "gone or changed, a script of the catalogue does not show its entry, a target that --target names does not "
        "start, or the suite itself failed; 2 when it was interrupted or a spec file cannot be used; 4 when an option, "
        "a target, a catalogue or an output file cannot be used, or the disk is full; 5 when no case was selected",
    )
    group.addoption(
        "--target",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="an interpreter to audit, several allowed: torch=/path/to/python, or NAME=EXECNET-SPEC such as "
        "npu=ssh=user@host//python=/path/python//device=Ascend//env:NAME=VALUE; "
        f"default: {', '.join(choose_environments(None, environments))}. "
        f"A framework alone, of {', '.join(environments)}, is the environment that tox makes, and a name may have "
        "limits, as torch@avx2@1core; an unknown one is answered by those that are known",
    )
    group.addoption(
        "--results",
        metavar="FILE",
        help="results file (JSON Lines), default audit/results.jsonl; a previous one is kept as results.previous.jsonl",
    )
    group.addoption("--report", metavar="FILE", help="HTML report, default audit/report.html")
    group.addoption(
        "--resume",
        metavar="FILE",
        help="take over the verdicts of an earlier run's results file whose case, code and target are the same, and "
        "ask the rest",
    )
    group.addoption(
        "--only-changed",
        metavar="FILE",
        help="ask only what has changed since an earlier run's results file: by an edit of a spec or of this suite, or "
        "another version of a framework",
    )
    group.addoption(
        "--known",
        metavar="PATH",
        help="catalogue of known causes, a YAML file or a folder of them: their cases are expected to fail, and to "
        "fail as it says",
    )
    group.addoption(
        "--update-known",
        action="store_true",
        help="count the cases of the --known catalogue anew, all else in it stays; only after a whole run",
    )
    group.addoption(
        "--repeat",
        type=_positive,
        default=1,
        metavar="N",
        help="ask every case N times; unstable where the verdicts differ",
    )
    group.addoption(
        "--processes",
        type=_positive,
        default=1,
        metavar="N",
        help="processes of each target, which share its cases, default 1; more than there are cores for make it slower",
    )
    group.addoption(
        "--case-timeout",
        type=float,
        metavar="SECONDS",
        help=f"limit for one case in a target, default {CASE_LIMIT:g}; {COMPILING_LIMIT:g} where a mode compiles; "
        "waiting for a processor does not count",
    )
    group.addoption(
        "--modes",
        action="store_true",
        help="run every target in all modes of its framework besides, on the cases that are chosen for that",
    )
    group.addoption(
        "--shrink",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="what may be spent at the end on finding the smallest call that shows each finding, default 60; 0: none",
    )
    group.addoption(
        "--explore",
        type=_extent,
        metavar="SECONDS[,SEED]",
        help="instead of asking the selected cases, draw calls from what they write, for so long; then run what was "
        "found that neither they nor the --known catalogue have. The same seed draws the same calls",
    )
    group.addoption(
        "--save",
        metavar="FOLDER",
        help="where --explore writes what it finds, as spec files under FOLDER/specs; default audit/explored",
    )
    group.addoption(
        "--certify",
        action="store_const",
        const="always",
        default="auto",
        help="certify the adapters anew; by default those that were not since a version or this suite changed",
    )
    group.addoption(
        "--no-certify", action="store_const", const="never", dest="certify", help="believe the adapters as they are"
    )
    group.addoption(
        "--require-targets",
        action="store_true",
        help="fail the run when a default target is unavailable, as it fails for one that --target names",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < math.inf:
        raise ValueError(text)
    return seconds


def _extent(text: str) -> tuple[float, int]:
    """Seconds, and the seed of a search, drawn where none is given."""
    seconds, _, seed = text.partition(",")
    return _seconds(seconds), int(seed) if seed else secrets.randbelow(1_000_000)


def read_settings(config: pytest.Config) -> Settings:
    option = config.option
    return Settings(
        root=config.rootpath,
        targets=tuple(option.target),
        results=option.results,
        report=option.report,
        resume=option.resume,
        only_changed=option.only_changed,
        known=option.known,
        recounts=option.update_known,
        repeats=option.repeat,
        processes=option.processes,
        case_timeout=option.case_timeout or 0.0,
        modes=option.modes,
        shrink_seconds=option.shrink,
        certifies=option.certify,
        arguments=tuple(map(str, config.invocation_params.args)),
    )
