"""Which processor, interpreter and packages these are. The host describes its processor by the same words."""

import hashlib
import importlib.metadata
import os
import platform
from typing import Dict, List

# Environment variables that frameworks and their libraries obey, by how they begin.
OBEYED = (
    "ACL_", "ASCEND_", "ATEN_", "CUBLAS_", "CUDA_", "CUDNN_", "DNNL_", "GLOG_", "GOMP_", "HCCL_", "JAX_", "KERAS_",
    "KMP_", "LD_", "MALLOC_", "MEGENGINE_", "MGB_", "MGE_", "MINDSPORE_", "MKL_", "MS_", "NPY_", "NVIDIA_", "OMP_",
    "ONEDNN_", "OPENBLAS_", "PYTHON", "PYTORCH_", "TF_", "TORCH", "XLA_",
)  # fmt: skip
# The sets that the kernels of frameworks are chosen by, as Linux calls them.
INSTRUCTIONS = (
    "sse4_1", "avx", "avx2", "avx_vnni", "avx_ne_convert", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16",
    "avx512_fp16", "amx_tile", "amx_bf16",
)  # fmt: skip
NO_INFLUENCE = ("PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONUNBUFFERED")


def describe_machine() -> Dict[str, str]:
    """What a verdict may depend on besides the framework."""
    import numpy as np

    machine = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        **describe_processor(),
        "packages": digest_packages(),
    }
    variables = describe_variables()
    if variables:
        machine["variables"] = variables
    return machine


def describe_processor() -> Dict[str, str]:
    return {
        "processor": name_processor(),
        "instructions present": " ".join(list_instructions()),
        "cores": str(count_cores()),
    }


def describe_variables() -> str:
    """The environment variables that libraries obey."""
    names = [name for name in sorted(os.environ) if name.startswith(OBEYED) and name not in NO_INFLUENCE]
    return " ".join(f"{name}={os.environ[name]}" for name in names)


def digest_packages() -> str:
    """How many packages are installed, and a digest of them: of the lists of their files, which name the versions."""
    digests = []
    for package in importlib.metadata.distributions():
        files = package.read_text("RECORD") or package.read_text("METADATA") or package.read_text("PKG-INFO") or ""
        digests.append(hashlib.sha256(files.encode("utf-8", "replace")).hexdigest())
    together = hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()
    return f"{len(digests)}, {together[:12]}"


def name_processor() -> str:
    """The processor's model, as the kernel names it; elsewhere as Python does."""
    return read_processor("model name") or platform.processor() or platform.machine()


def list_instructions() -> List[str]:
    """Those of `INSTRUCTIONS` that the processor has; none where the kernel does not tell."""
    present = read_processor("flags").split()
    return [name for name in INSTRUCTIONS if name in present]


def read_processor(field: str) -> str:
    """What the kernel says of the first processor; "" where it does not."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                if name.strip() == field:
                    return value.strip()
    except OSError:
        pass
    return ""


def count_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
