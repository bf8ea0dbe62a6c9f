"""Which processor, interpreter and NumPy this is. The host describes itself by the same words."""

import os
import platform
from typing import Dict


def describe_machine() -> Dict[str, str]:
    """What a verdict may depend on besides the framework."""
    import numpy as np

    threads = []
    for name in sorted(os.environ):
        if name.endswith("_NUM_THREADS"):
            threads.append(f"{name}={os.environ[name]}")
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "processor": name_processor(),
        "cores": str(count_cores()),
        "threads": " ".join(threads),
    }


def name_processor() -> str:
    """The processor's model, as the kernel names it; elsewhere as Python does."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def count_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
