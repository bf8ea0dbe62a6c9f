"""Starts a worker: writes its files into a folder of its own and imports them from there.

Standard library only, CPython 3.8 and later. Its source travels over execnet, which sends one file at a time. Receives
({path within the folder: source}, dotted name of the module to run), and calls `main(channel, folder)` of that module.
Files, because some frameworks compile what they can read back from one.
"""

import importlib
import os
import sys
import tempfile
from typing import Any, Dict


def write_files(folder: str, files: Dict[str, str]) -> None:
    """Write each source to its path within the folder."""
    for name, source in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)


def main(channel: Any) -> None:
    files, module = channel.receive()
    folder = tempfile.mkdtemp(prefix="conformance-", dir=os.environ.get("CONFORMANCE_FOLDER"))
    os.chdir(folder)
    write_files(folder, files)
    sys.path.insert(0, folder)
    importlib.import_module(module).main(channel, folder)


if __name__ == "__channelexec__":
    main(channel)  # type: ignore[name-defined]  # noqa: F821
