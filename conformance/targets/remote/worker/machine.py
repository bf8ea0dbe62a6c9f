"""Which processor, interpreter and NumPy this is. The host describes itself by the same words."""

import hashlib
import os
import platform
from importlib import metadata
from typing import Dict, List

# Of the variables that change what a framework or its libraries compute; what a target's specification sets is among
# them.
VARIABLES = (
    "ASCEND", "ATEN", "CUBLAS", "CUDA", "DNNL", "GLOG", "GOMP", "KMP", "LD_", "MEGENGINE", "MGB", "MGE", "MINDSPORE",
    "MKL", "MS_", "NPY", "NVIDIA", "OMP", "ONEDNN", "OPENBLAS", "PYTHON", "PYTORCH", "TORCH", "VECLIB",
)  # fmt: skip


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


def describe_installation() -> Dict[str, str]:
    """What is installed beside the framework and set for it, each as a number that changes with it."""
    packages = []
    for distribution in metadata.distributions():
        packages.append("{}=={}".format(distribution.metadata["Name"], distribution.version))
    variables = ["{}={}".format(*item) for item in os.environ.items() if item[0].startswith(VARIABLES)]
    return {"packages": digest(packages), "variables": digest(variables)}


def digest(lines: List[str]) -> str:
    """A short number of lines in any order."""
    return hashlib.sha256("\n".join(sorted(set(lines))).encode("utf-8", "backslashreplace")).hexdigest()[:16]


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
