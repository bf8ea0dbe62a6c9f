"""Runs script after script in one interpreter, which imports its framework once. Its source travels over execnet.

Standard library only, Python 3.8 and later. Sends the folder that it works in; then each message is a script, and is
answered with the end of what the script printed, and what it raised, as the last line of a traceback.
"""

import contextlib
import ctypes
import io
import os
import shutil
import tempfile
import traceback
from typing import Any, Tuple

MAX_PRINTED = 4000  # characters
M_PERTURB = -6  # an option of glibc's mallopt: every byte that malloc hands out is the complement of this one


def run(script: str) -> Tuple[str, str]:
    """What a script prints, and the exception that ended it; "" where it ran to its end."""
    printed = io.StringIO()
    raised = ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})
        except BaseException as error:
            raised = "".join(traceback.format_exception_only(type(error), error))
    return encodable(printed.getvalue()[-MAX_PRINTED:]), encodable(raised[:MAX_PRINTED])


def clear_memory() -> None:
    """Have the C library hand out zeros, as it does in a fresh process: what other scripts have left shows nothing."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_PERTURB, 0xFF)


def encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def main(channel: Any) -> None:
    process = os.getpid()
    folder = tempfile.mkdtemp(prefix="conformance-", dir=os.environ.get("CONFORMANCE_FOLDER"))
    channel.send(folder)
    os.chdir(folder)
    # What a framework prints by itself must not reach the wire.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    for script in channel:
        clear_memory()
        answer = run(script)
        if os.getpid() != process:
            os._exit(0)  # what a script has forked answers nothing
        channel.send(answer)
    os.chdir("/")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__channelexec__":
    main(channel)  # type: ignore[name-defined]  # noqa: F821
