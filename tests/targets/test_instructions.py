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

ADAPTER = Path(adapters.__file__).with_name("torch.py")
# oneDNN's own word, which it prints before it computes anything, and the adapter's.
BOTH = f"""
import runpy
adapter = runpy.run_path({str(ADAPTER)!r})
print("adapter:", adapter["_instructions"]().split(" ", 1)[1])  # ATen's own level stands first
import torch
torch.nn.functional.conv2d(torch.ones(8, 16, 16, 16), torch.ones(16, 16, 3, 3))
"""
# By how its words for a processor begin, what it uses; the longer beginnings first. AVX10 is AVX-512 with all of these.
SAID = {
    "AVX 10": {"onednn_avx512", "avx512_bf16", "avx512_fp16"},
    "AVX10": {"onednn_avx512", "avx512_bf16", "avx512_fp16"},
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
def test_torch_tells_what_onednn_uses(limit: str) -> None:
    python = target_of("torch").spec.removeprefix("popen//python=")
    environment = {**os.environ, "ONEDNN_VERBOSE": "1", "ONEDNN_MAX_CPU_ISA": limit or "ALL"}
    said = subprocess.run([python, "-c", BOTH], env=environment, capture_output=True, text=True, check=True).stdout
    words = re.search(r"cpu,isa:Intel (.*)", said)
    names = re.search("adapter: (.*)", said)
    assert words is not None
    assert names is not None
    used = next(used for beginning, used in SAID.items() if words[1].startswith(beginning))
    assert set(names[1].split()) - {"amx_tile"} == used
    assert ("amx_tile" in names[1].split()) == ("AMX" in words[1])


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
