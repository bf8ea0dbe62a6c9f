"""What a target says of its instructions, threads and cores is so."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.apis import frameworks
from conformance.targets.command_line import find_settings
from conformance.targets.connection import Connection
from conformance.targets.remote import adapters
from tests.frameworks import target_of

pytestmark = pytest.mark.process

ADAPTERS = Path(adapters.__file__).parent
# oneDNN's own word, which it prints before it computes anything, behind what an adapter prints.
TOLD = "import runpy, sys\nprint('adapter:', runpy.run_path(sys.argv[1])['_instructions']())\n"
TORCH = """
import torch
torch.nn.functional.conv2d(torch.ones(8, 16, 16, 16), torch.ones(16, 16, 3, 3))
"""
TENSORFLOW = """
import tensorflow
tensorflow.nn.conv2d(tensorflow.ones((8, 16, 16, 16)), tensorflow.ones((3, 3, 16, 16)), 1, "SAME")
"""
EACH = """
import os, runpy, sys
told = [runpy.run_path(adapter)["_instructions"] for adapter in sys.argv[1:3]]
for limit in sys.argv[3:]:
    os.environ["ONEDNN_MAX_CPU_ISA"] = limit
    print("adapters:", *(one() for one in told), sep="|")
"""
# By how its words for a processor begin, what it uses; the longer beginnings first. AVX10 is AVX-512 with all of these.
SAID = {
    "AVX 10": {"onednn_avx512", "avx512_bf16", "avx512_fp16"},
    "AVX10": {"onednn_avx512", "avx512_bf16", "avx512_fp16"},
    "AVX-512 with float16, Intel DL Boost and bfloat16": {"onednn_avx512", "avx512_bf16", "avx512_fp16"},
    "AVX-512 with Intel DL Boost and bfloat16": {"onednn_avx512", "avx512_bf16"},
    "AVX-512": {"onednn_avx512"},
    "AVX2": {"onednn_avx2"},
    "AVX": {"onednn_avx"},
    "SSE4.1": {"onednn_sse41"},
}
LIMITS = (
    "", "AVX10_1_512", "AVX512_CORE_FP16", "AVX512_CORE_BF16", "AVX512_CORE", "AVX2", "avx2_vnni", "AVX", "SSE41",
    "no such set",
)  # fmt: skip


@pytest.mark.parametrize("limit", LIMITS)
def test_torch_tells_what_onednn_uses(limit: str, tmp_path: Path) -> None:
    _hold_to_onednn("torch", TORCH, {"ONEDNN_MAX_CPU_ISA": limit or "ALL"}, tmp_path)


@pytest.mark.parametrize("limit", ["", "AVX512_CORE_BF16", "AVX2"])
def test_keras_tells_what_onednn_uses_inside_tensorflow(limit: str, tmp_path: Path) -> None:
    variables = {"ONEDNN_MAX_CPU_ISA": limit or "ALL", "KERAS_BACKEND": "tensorflow"}
    _hold_to_onednn("keras", TENSORFLOW, variables, tmp_path)


def test_keras_tells_of_onednn_what_torch_tells(tmp_path: Path) -> None:
    said = _run("keras", EACH, ["keras", "torch"], {"KERAS_BACKEND": "torch"}, tmp_path, *LIMITS)
    told = re.findall(r"adapters:\|(.*)\|(.*)", said)
    assert len(told) == len(LIMITS)
    for keras, torch in told:
        assert keras == f"aten_{torch}"


def _hold_to_onednn(framework: str, convolve: str, variables: dict[str, str], folder: Path) -> None:
    said = _run(framework, TOLD + convolve, [framework], {"ONEDNN_VERBOSE": "1", **variables}, folder)
    words = re.search(r"cpu,isa:Intel (.*)", said)
    names = re.search("adapter: (.*)", said)
    assert words is not None
    assert names is not None
    told = {name for name in names[1].split() if name.startswith(("onednn_", "avx512_", "amx_"))}
    used = next(used for beginning, used in SAID.items() if words[1].startswith(beginning))
    assert told - {"amx_tile"} == used
    assert ("amx_tile" in told) == ("AMX" in words[1])


def _run(framework: str, script: str, told: list[str], variables: dict[str, str], folder: Path, *words: str) -> str:
    """What it prints, in a folder for what Keras writes."""
    python = target_of(framework).spec.removeprefix("popen//python=")
    modules = [str(ADAPTERS / f"{name}.py") for name in told]
    command = [python, "-c", script, *modules, *words]
    environment = {**os.environ, **variables}
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True).stdout


LIMITED = {
    "torch@sse41@2threads": {"instructions": "default onednn_sse41", "threads": "2"},
    "mindspore@sse41@1core": {"instructions": "onednn_sse41", "cores": "1"},
    "megengine@2threads": {"device": "multithread2:0", "threads": "2"},
}
UNLIMITED = sorted(frameworks().keys() - {name.partition("@")[0] for name in LIMITED})


@pytest.mark.parametrize("name", [*LIMITED, *UNLIMITED])
def test_every_target_tells_instructions_threads_and_cores_as_they_are_limited(name: str) -> None:
    framework, *limits = name.split("@")
    target = target_of(framework)
    spec = "//".join([target.spec, *find_settings(name, target, limits)])
    with Connection(replace(target, spec=spec)) as worker:
        environment = worker.start().environment
    assert {"instructions present", "instructions", "threads", "cores"} <= environment.keys()
    said = LIMITED.get(name, {})
    assert {fact: environment[fact] for fact in said} == said
