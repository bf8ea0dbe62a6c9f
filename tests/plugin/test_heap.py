"""Threads share one heap: their number, as glibc itself tells it."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

pytest_plugins = ("pytester",)

# Python's own allocator keeps small objects; these are larger.
COUNT = """
import ctypes, sys, threading
from conformance.plugin.heap import use_one_heap
if sys.argv[1] == "one":
    use_one_heap()
together = threading.Barrier(4)
def allocate():
    together.wait()
    kept = [bytearray(2000) for _ in range(1000)]
    together.wait()
threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep memory in other ways")
@pytest.mark.parametrize("how", ["one", "as it comes"])
def test_threads_share_one_heap(how: str, tmp_path: Path) -> None:
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", COUNT, how, str(told)], check=True)
    heaps = told.read_text(encoding="utf-8").count("<heap nr=")
    assert (heaps == 1) == (how == "one")


def test_an_audit_does_so(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("specs", "conv2d").mkdir(parents=True)
    pytester.path.joinpath("specs", "conv2d", "one.yaml").write_text(
        "layer: conv2d\nclause: the definition\ncases:\n  - name: one\n    arguments: {in_channels: 1, out_channels: 1, kernel_size: 1}\n"
        "    input: {shape: [1, 1, 2, 2]}\n"
    )
    pytester.path.joinpath("conftest.py").write_text(
        "from conformance.plugin.heap import use_one_heap\n"
        "def pytest_collection_finish(session):\n    print('asked', use_one_heap.cache_info().currsize)\n"
    )
    done = pytester.runpytest_subprocess(
        "-p", "conformance.plugin", "--collect-only", "-q", "-s", "--target", f"torch={sys.executable}"
    )
    done.stdout.fnmatch_lines(["asked 1"])
