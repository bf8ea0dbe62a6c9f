"""The commands: ``python3 -m conformance audit``, ``explore`` and ``test``.

Standard library alone, because nothing is installed yet: it makes an environment with tox in it, once, and hands over.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.environments import UnusableEnvironmentError, choose_environments, join_titles, read_environments

ROOT = Path(__file__).resolve().parent.parent
TOX = "tox>=4.29,<5"
EXTENT = 600  # seconds of a search
QUIETLY = ["-qq"]  # tox says what fails, and leaves the last word to what it runs
ENVIRONMENTS = read_environments()
DEFAULT = choose_environments(None, ENVIRONMENTS)

EPILOG = f"""\
Each makes the environments of the frameworks under .tox on the first run (some gigabytes, a few minutes) and use them
again afterwards: those of {", ".join(DEFAULT)} where none is named. What follows the command goes to pytest:

  python3 -m conformance audit specs/conv2d/padding.yaml -k same
  python3 -m conformance audit --frameworks {",".join(list(ENVIRONMENTS)[-2:])}
  python3 -m conformance audit --target torch=/path/to/python
  python3 -m conformance explore 600,7 specs/conv2d
  python3 -m conformance test tests/reference -x
"""

OUTSIDE = f"""\
this needs a clone of the repository, whose tox.ini makes the environments and whose specs are asked; {ROOT} is none.
Run it in a clone, or ask the specs of a clone of frameworks that you have:
  python3 -m pytest -p conformance.plugin path/to/clone/specs --target torch=/path/to/python"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m conformance", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "command",
        choices=("audit", "explore", "test"),
        help="audit: run the specs against frameworks and write audit/report.html; "
        f"explore [SECONDS[,SEED]]: draw calls of what the specs write, {EXTENT} seconds long if not told otherwise, "
        "and run what no spec has; "
        "test: run the project's own tests, linters and type checks",
    )
    parser.add_argument(
        "--frameworks",
        metavar="NAME,...",
        help=f"those to prepare and, if it is an audit, to ask: of {', '.join(ENVIRONMENTS)}; "
        f"default: {', '.join(DEFAULT)}",
    )
    options, arguments = parser.parse_known_args()
    if sys.version_info < (3, 11):
        parser.error(f"CPython 3.11 or newer is needed, this is {sys.version.split()[0]}")
    try:
        names = choose_environments(options.frameworks, ENVIRONMENTS)
    except UnusableEnvironmentError as error:
        parser.error(f"--frameworks: {error}")
    if not (ROOT / "tox.ini").exists():
        parser.error(OUTSIDE)
    python = _make_tox(parser)
    _make_environments(python, names)
    environment = "test" if options.command == "test" else "audit"
    if options.command == "explore":
        arguments = _name_extent(arguments)
    if environment == "audit" and options.frameworks is not None:
        arguments = [*_name_targets(names), *arguments]
    if not (ROOT / ".tox" / environment).exists():
        print(f"making the environment of the {environment} itself ...", flush=True)
    command: list[str | Path] = [python, "-m", "tox", "run", "-e", environment, *QUIETLY]
    # tox takes "--" without anything behind it for no arguments, not for its defaults.
    if arguments:
        command += ["--", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _name_targets(names: Sequence[str]) -> Iterator[str]:
    """The options that name the targets of frameworks."""
    for name in names:
        yield f"--target={name}"
        yield from (f"--target={name}@{mode}" for mode in ENVIRONMENTS[name].modes)


def _name_extent(arguments: Sequence[str]) -> list[str]:
    """The arguments of a search: what begins with a digit says how long it is, and what its seed is."""
    if arguments and arguments[0][:1].isdigit():
        return [f"--explore={arguments[0]}", *arguments[1:]]
    return [f"--explore={EXTENT}", *arguments]


def _make_environments(python: Path, names: Sequence[str]) -> None:
    """Those of the frameworks. One that cannot be provisioned is the audit's to report; the rest goes on."""
    titles = join_titles(ENVIRONMENTS[name] for name in names)
    print(f"preparing {titles} under .tox (minutes on the first run) ...", flush=True)
    subprocess.run([python, "-m", "tox", "run-parallel", "-e", ",".join(names), *QUIETLY], cwd=ROOT, check=False)


def _make_tox(parser: argparse.ArgumentParser) -> Path:
    """An interpreter that has tox, made on the first run."""
    folder = ROOT / ".tox" / ".bootstrap"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print("making the environment that makes the others (tox) ...", flush=True)
        try:
            venv.create(folder, with_pip=True, clear=True)
        except (subprocess.CalledProcessError, OSError) as error:
            parser.error(f"cannot make a virtual environment: {error}; on Debian and Ubuntu: apt install python3-venv")
        installed = subprocess.run([python, "-m", "pip", "install", "--quiet", TOX], check=False)
        if installed.returncode:
            parser.error("cannot install tox; is a package index reachable?")
        (folder / "ready").touch()
    return python


if __name__ == "__main__":
    sys.exit(main())
