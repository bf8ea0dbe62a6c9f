"""Counts a worker's processor time by part. `benchmarks.audit_host` sends it to the workers beside their modules."""

import os
import sys
import time
from typing import Any, Tuple

from . import execution, loop, state
from .stopwatch import Stopwatch

EVERY = 32  # calls, after which what was counted is written: a worker may be killed at any moment
ADAPTER: Tuple[Tuple[str, str], ...] = (
    ("reset", "restore"),
    ("construct", "construct"),
    ("parameters", "parameters"),
    ("parameter", "parameters"),
    ("set_parameter", "parameters"),
    ("tensor", "tensors"),
    ("forward", "forward"),
    ("infer", "forward"),
    ("backward", "backward"),
    ("array", "read back"),
)


def install(folder: str) -> None:
    """Watch the worker that is about to answer calls, and its adapter, whose module is imported already."""
    watch = Stopwatch(time.process_time)
    name = next(name for name in sys.modules if name.startswith("conformance_adapter_"))
    path = os.path.join(folder, f"{name.rpartition('_')[2]}-{os.getpid()}.json")
    for function, part in ADAPTER:
        if hasattr(sys.modules[name], function):
            watch.watch(sys.modules[name], function, part)
    watch.watch(state.State, "restore", "restore")
    watch.watch(loop, "send", "wire")
    watch.watch(execution, "decode_array", "decode")
    watch.watch(execution, "encode_array", "encode")
    watch.watch(execution.Execution, "run", "calls")
    watch.seconds["start"] = time.process_time()  # a first time, for a process that its first call ends
    watch.write(path)
    restore = state.Memory.is_spent

    def is_spent(self: Any) -> Any:
        if watch.calls["calls"] % EVERY == 0:
            watch.write(path)
        return restore(self)

    state.Memory.is_spent = is_spent  # type: ignore[method-assign]
    answer = loop.answer_calls

    def answer_calls(*arguments: Any) -> None:
        start = time.process_time()
        watch.seconds["start"] = start
        answer(*arguments)
        watch.write(path)

    loop.answer_calls = answer_calls
