"""Bounds the process that executes this, and ends it with its parent. Its source travels over execnet.

Standard library only, Python 3.8 and later. Receives the bytes of memory to allow (None for the default), and
answers with those allowed. What the process starts inherits its bounds, but is not ended with it.

The environment variable CONFORMANCE_CORES says how many of its cores the process may use; all where it is not set.
"""

import contextlib
import ctypes
import os
import resource
import signal
from typing import Any, Optional

MAX_FILE = 1 << 28  # bytes that may be written to one file, the noise of a call among them
PR_SET_PDEATHSIG = 1
CORES = "CONFORMANCE_CORES"


def die_with_parent() -> None:
    """Have the kernel end this process with its parent, even while a call holds the interpreter's lock.

    The parent is the thread that started this process: the host keeps it for as long as the connection.
    """
    # Where there is no prctl, a closed connection ends this process as soon as the call returns.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def default_memory() -> int:
    """Bytes of memory that a process may use by default: half of the machine's, or of its control group's."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        # "max" is no number, and no limit.
        with contextlib.suppress(OSError, ValueError), open(path, encoding="ascii") as file:
            total = min(total, int(file.read()))
    return total // 2


def limit_resources(limit: Optional[int]) -> int:
    """Bound memory and files, and leave no core dumps, which take longer than a restart. Returns the memory allowed.

    RLIMIT_DATA counts what is written to; RLIMIT_AS would count what frameworks merely map or reserve too.
    """
    limit_resource(resource.RLIMIT_FSIZE, MAX_FILE)
    limit_resource(resource.RLIMIT_CORE, 0)
    allowed = limit_resource(resource.RLIMIT_DATA, limit or default_memory())
    # If memory runs out all the same, the kernel ends this process, and not the host's.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")
    return allowed


def limit_cores() -> None:
    """Leave the process no more cores than its environment says: frameworks choose their threads by them."""
    limit = os.environ.get(CORES)
    if limit is not None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(limit)])


def limit_resource(name: int, amount: int) -> int:
    """Bound one resource, as far as its hard limit allows. Returns the amount allowed."""
    hard = resource.getrlimit(name)[1]
    allowed = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    resource.setrlimit(name, (allowed, hard))
    return allowed


def main(channel: Any) -> None:
    die_with_parent()
    limit_cores()
    channel.send(limit_resources(channel.receive()))


if __name__ == "__channelexec__":
    main(channel)  # type: ignore[name-defined]  # noqa: F821
