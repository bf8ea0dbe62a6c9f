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
print("adapter:", adapter["_instructions"]())
import torch
torch.nn.functional.conv2d(torch.ones(8, 16, 16, 16), torch.ones(16, 16, 3, 3))
"""
LEVELS = {"SSE4.1": "sse41", "AVX": "avx", "AVX2": "avx2", "AVX-512": "avx512"}


@pytest.mark.parametrize("limit", ["", "AVX512_CORE", "AVX2", "avx2_vnni", "AVX", "SSE41", "no such set"])
def test_torch_tells_the_level_of_onednn(limit: str) -> None:
    python = target_of("torch").spec.removeprefix("popen//python=")
    environment = {**os.environ, "ONEDNN_VERBOSE": "1", "ONEDNN_MAX_CPU_ISA": limit or "ALL"}
    said = subprocess.run([python, "-c", BOTH], env=environment, capture_output=True, text=True, check=True).stdout
    level = re.search(r"cpu,isa:Intel (\S+)", said)
    names = re.search("adapter: (.*)", said)
    assert level is not None
    assert names is not None
    assert f"onednn_{LEVELS[level[1]]}" in names[1].split()
    assert ("avx512_bf16" in names[1].split()) == ("bfloat16 support" in said)


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
