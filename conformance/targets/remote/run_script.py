"""Runs one script as a person would: from a file, by the same interpreter. Its source travels over execnet.

Standard library only, Python 3.8 and later. Sends the folder that it works in, receives (script, seconds that it may
run), and answers with (exit code or None when it was ended, what it printed, what it said on stderr). The script's
process is in the session of its parent and has its bounds; what it prints goes to files, which are bounded too, and
which nothing that it leaves behind can keep open.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from typing import IO, Any, Optional, Tuple

MAX_OUTPUT = 1 << 24  # bytes of each stream that are read back, the last ones


def run(folder: str, script: str, limit: float) -> Tuple[Optional[int], str, str]:
    """Exit code (None: ended after `limit` seconds), stdout and stderr of a script, run in a folder."""
    path = os.path.join(folder, "script.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(script)
    code = None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([sys.executable, path], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return code, last(out), last(err)


def last(stream: IO[bytes]) -> str:
    """The end of what was written to a file."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(size - MAX_OUTPUT, 0))
    return stream.read().decode("utf-8", "replace")


def main(channel: Any) -> None:
    folder = tempfile.mkdtemp(prefix="conformance-", dir=os.environ.get("CONFORMANCE_FOLDER"))
    channel.send(folder)
    script, limit = channel.receive()
    answer = run(folder, script, limit)
    shutil.rmtree(folder, ignore_errors=True)
    channel.send(answer)


if __name__ == "__channelexec__":
    main(channel)  # type: ignore[name-defined]  # noqa: F821
