"""Machines that are reached over ssh, all of them this one, in the place of sshd and ssh."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# What sshd and ssh do with a command: the user's shell runs it at home, and ssh says 255 of what a signal has ended.
SSH = """#!{python}
import os, subprocess, sys
home = os.path.join({homes!r}, sys.argv[-2])
os.makedirs(home, exist_ok=True)
environment = dict(os.environ, HOME=home, FAKEFLOW_VERSION=sys.argv[-2].rpartition("@")[2])
shell = subprocess.run(["/bin/sh", "-c", sys.argv[-1]], cwd=home, env=environment)
sys.exit(255 if shell.returncode < 0 else shell.returncode)
"""


def install_ssh(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ssh reach any host: each has a home of its own in a folder, and a fakeflow whose version is its name."""
    ssh = folder / "ssh"
    ssh.write_text(SSH.format(python=sys.executable, homes=str(folder)))
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
