"""A target as the command line names it is read as the grammar says, or refused with a sentence that has the remedy."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from conformance.apis import frameworks
from conformance.case import Target
from conformance.targets import command_line
from conformance.targets.command_line import default, unique
from conformance.targets.errors import UnusableNameError

KNOWN = ", ".join(frameworks())
ROOT = Path("/root")


def parse(text: str) -> Target:
    return command_line.parse(text, ROOT)


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of a file that passes for an interpreter; the working directory is its folder."""
    path = tmp_path / "python"
    path.touch()
    monkeypatch.chdir(tmp_path)
    return str(path)


@pytest.mark.parametrize("written", ["{python}", "python=./python", "popen//python=python", "./python"])
def test_an_interpreter_here_is_named_by_its_path_in_full(python: str, written: str) -> None:
    target = parse("torch=" + written.format(python=python))
    assert target.spec == f"popen//python={python}"


def test_a_path_may_begin_with_the_home_folder(python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", os.path.dirname(python))
    assert parse("torch=~/python").spec == f"popen//python={python}"


@pytest.mark.parametrize("place", ["ssh=user@host", "socket=host:8888", "vagrant_ssh=box"])
def test_a_path_there_is_left_as_it_is(place: str) -> None:
    assert parse(f"torch={place}//python=../python").spec == f"{place}//python=../python"


def test_execnets_details_are_kept_in_their_order(python: str) -> None:
    target = parse(f"torch={python}//env:A=1//nice=5//env:B=x=y")
    assert target.spec == f"popen//python={python}//env:A=1//nice=5//env:B=x=y"


def test_options_are_ours_wherever_they_stand(python: str) -> None:
    text = f"npu=device=Ascend//{python}//framework=mindspore//env:A=1//memory=4G"
    spec = f"popen//python={python}//env:A=1"
    assert parse(text) == Target("npu", "mindspore", spec, device="Ascend", given=text, memory=4 * 2**30)


def test_without_options_the_name_is_the_frameworks(python: str) -> None:
    assert parse(f"torch={python}") == Target("torch", "torch", f"popen//python={python}", given=f"torch={python}")


def test_a_framework_alone_is_the_environment_that_tox_makes() -> None:
    assert parse("torch") == Target("torch", "torch", default("torch", ROOT).spec, given="torch")


def test_limits_are_variables_of_the_target() -> None:
    target = parse("torch@avx2@1core")
    settings = "//env:ONEDNN_MAX_CPU_ISA=AVX2//env:ATEN_CPU_CAPABILITY=avx2//env:CONFORMANCE_CORES=1"
    assert target == Target("torch@avx2@1core", "torch", default("torch", ROOT).spec + settings, given=target.name)


def test_an_interpreter_may_be_given_with_a_limit(python: str) -> None:
    text = f"old@sse41={python}//framework=mindspore//env:A=1"
    spec = f"popen//python={python}//env:A=1//env:ONEDNN_MAX_CPU_ISA=SSE41"
    assert parse(text) == Target("old@sse41", "mindspore", spec, given=text)


def test_the_frameworks_name_tells_the_framework_with_a_limit_too(python: str) -> None:
    assert parse(f"torch@avx2={python}").framework == "torch"


def test_an_unknown_limit_is_told_with_those_that_are_known() -> None:
    sentence = "--target torch@avx3: no limit or mode of torch is called 'avx3'; limits are "
    with pytest.raises(UnusableNameError, match=f"^{re.escape(sentence)}") as raised:
        parse("torch@avx3")
    for name, limit in frameworks()["torch"].limits.items():
        assert f"{name} ({limit.description})" in str(raised.value)


@pytest.mark.parametrize("text", ["torch@vmap", "torch@avx2@vmap", "torch@vmap@avx2"])
def test_a_mode_stands_among_the_limits(text: str) -> None:
    target = parse(text)
    limited = parse("torch@avx2" if "avx2" in text else "torch")
    assert (target.name, target.mode, target.spec) == (text, "vmap", limited.spec)


def test_a_mode_may_be_an_option_of_a_target_with_another_name(python: str) -> None:
    text = f"mine={python}//framework=torch//mode=vmap"
    assert parse(text) == Target("mine", "torch", f"popen//python={python}", given=text, mode="vmap")


@pytest.mark.parametrize("written", ["torch@vmap@trace", "torch@trace={python}//mode=vmap"])
def test_a_target_is_run_in_one_mode(python: str, written: str) -> None:
    with pytest.raises(UnusableNameError, match="a target is run in one mode, not in vmap and trace"):
        parse(written.format(python=python))


def test_an_unknown_mode_is_told_with_those_that_are_known(python: str) -> None:
    with pytest.raises(
        UnusableNameError, match=r"no limit or mode of torch is called 'jit'; limits are .*; modes are .*vmap"
    ):
        parse(f"torch={python}//mode=jit")


@pytest.mark.parametrize("text", ["torch@avx2@sse41", "torch@avx2=popen//env:ONEDNN_MAX_CPU_ISA=ALL"])
def test_a_variable_is_set_once(text: str) -> None:
    with pytest.raises(UnusableNameError, match="^--target torch@avx2.*: ONEDNN_MAX_CPU_ISA is set twice; @"):
        parse(text)


@pytest.mark.parametrize(
    ("size", "bytes_"), [("1", 1), ("123456", 123456), ("2K", 2**11), ("512M", 2**29), ("3G", 3 * 2**30), ("1T", 2**40)]
)
def test_a_size_has_a_unit_or_none(python: str, size: str, bytes_: int) -> None:
    assert parse(f"torch={python}//memory={size}").memory == bytes_


@pytest.mark.parametrize("text", ["", "old", "torch=", "=/python", "torch=device=cpu", "torch=//python=/python"])
def test_a_name_and_a_place_are_needed(text: str) -> None:
    sentence = f"--target {text}: expected NAME=/path/to/python, NAME=ssh=user@host//python=/path, or one of {KNOWN}"
    with pytest.raises(UnusableNameError, match=f"^{re.escape(sentence)}$"):
        parse(text)


@pytest.mark.parametrize("written", ["{}", "python={}", "popen//python={}"])
@pytest.mark.parametrize("path", ["nowhere/python", "."])
def test_an_interpreter_here_has_to_exist(python: str, written: str, path: str) -> None:
    sentence = f"--target torch: no interpreter at {path}; give the path of a Python interpreter"
    with pytest.raises(UnusableNameError, match=f"^{re.escape(sentence)}$"):
        parse("torch=" + written.format(path))


@pytest.mark.parametrize("size", ["", "0", "-1", "4 G", "4g", "1.5G", "lots", "1P"])
def test_what_is_no_size_is_refused(python: str, size: str) -> None:
    sentence = f"--target torch: memory={size} is no size; write bytes, or 512M, 4G, 1T"
    with pytest.raises(UnusableNameError, match=f"^{re.escape(sentence)}$"):
        parse(f"torch={python}//memory={size}")


def test_an_unknown_framework_is_refused(python: str) -> None:
    sentence = f"--target a: unknown framework 'lasagne'; known are {KNOWN}"
    with pytest.raises(UnusableNameError, match=f"^{re.escape(sentence)}$"):
        parse(f"a={python}//framework=lasagne")


@pytest.mark.parametrize(("detail", "key"), [("devcie=cuda", "devcie"), ("env=A", "env"), ("bin/python", "bin/python")])
def test_a_key_that_nobody_reads_is_refused(python: str, detail: str, key: str) -> None:
    beginning = f"--target torch: unknown key {key!r}; known are device, framework, memory, mode, env:NAME, python, "
    with pytest.raises(UnusableNameError, match=f"^{re.escape(beginning)}"):
        parse(f"torch={python}//env:A=1//{detail}")


@pytest.mark.parametrize("details", ["python=/other", "_private=1", ""])
def test_what_execnet_cannot_read_is_refused(python: str, details: str) -> None:
    beginning = f"--target torch: popen//python={python}//{details} is no specification for execnet ("
    with pytest.raises(UnusableNameError, match=f"^{re.escape(beginning)}"):
        parse(f"torch={python}//{details}")


@pytest.mark.parametrize(
    ("installed", "sentence"),
    [
        ([], f"--target a: its interpreter has none of {KNOWN}; add //framework=NAME"),
        (["torch", "mindspore"], "--target a: its interpreter has torch and mindspore; add //framework=NAME"),
    ],
)
def test_an_interpreter_with_no_or_several_frameworks_needs_the_option(
    python: str, monkeypatch: pytest.MonkeyPatch, installed: list[str], sentence: str
) -> None:
    monkeypatch.setattr(command_line, "ask_frameworks", lambda name, spec: installed)
    with pytest.raises(UnusableNameError, match=f"^{re.escape(sentence)}$"):
        parse(f"a={python}")


@pytest.mark.process
def test_an_interpreter_is_asked_for_its_framework(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.py").touch()
    target = parse(f"a={sys.executable}//env:PYTHONPATH={tmp_path}")
    assert target.framework == "torch"


@pytest.mark.process
def test_a_framework_is_there_where_all_that_it_needs_is(tmp_path: Path) -> None:
    """Many an interpreter has onnx, and nothing that runs it."""
    (tmp_path / "onnx.py").touch()
    spec = f"a={sys.executable}//env:PYTHONPATH={tmp_path}"
    with pytest.raises(UnusableNameError, match="has none of"):
        parse(spec)
    (tmp_path / "onnxruntime.py").touch()
    assert parse(spec).framework == "onnx"


@pytest.mark.process
def test_what_does_not_start_is_refused_with_its_own_last_words(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no python at all >&2\nexit 7\n")
    broken.chmod(0o755)
    sentence = f"--target a: cannot start popen//python={broken}: no python at all (exit code 7)"
    with pytest.raises(UnusableNameError, match=f"^{re.escape(sentence)}$"):
        parse(f"a={broken}")


@pytest.mark.process
@pytest.mark.parametrize("version", ["2 7", "3 6", "3 7"])
def test_an_interpreter_that_is_too_old_is_told_what_is_needed(tmp_path: Path, version: str) -> None:
    old = tmp_path / "python"
    old.write_text(
        f'#!/bin/sh\ncase "$*" in *version_info*) echo {version}; exit 0;; esac\n'
        "echo 'SyntaxError: future feature annotations is not defined' >&2\nexit 1\n"
    )
    old.chmod(0o755)
    sentence = f"it is Python {version.replace(' ', '.')}, and needs CPython 3.8 or newer (exit code 1)"
    with pytest.raises(UnusableNameError, match=f": {re.escape(sentence)}$"):
        parse(f"a={old}")


def test_two_targets_of_one_name_are_refused(tmp_path: Path) -> None:
    torch = default("torch", tmp_path)
    mindspore = default("mindspore", tmp_path)
    assert list(unique([torch, mindspore])) == [torch, mindspore]
    with pytest.raises(UnusableNameError, match=r"^--target torch: given twice; give the second another name$"):
        list(unique([torch, mindspore, torch]))


def test_the_default_target_is_in_the_environment_that_tox_makes(tmp_path: Path) -> None:
    python = tmp_path / ".tox" / "torch" / "bin" / "python"
    assert default("torch", tmp_path) == Target(
        "torch", "torch", f"popen//python={python}", given=".tox/torch/bin/python"
    )


@pytest.mark.parametrize(
    "written", ["keras@torch", "keras@torch={python}", "mine={python}//framework=keras//mode=torch"]
)
def test_a_mode_that_is_another_backend_is_chosen_by_its_variable(python: str, written: str) -> None:
    target = parse(written.format(python=python))
    assert (target.framework, target.mode) == ("keras", "torch")
    assert target.spec.endswith("//env:KERAS_BACKEND=torch")


def test_it_is_chosen_once(python: str) -> None:
    chosen = f"keras={python}//env:KERAS_BACKEND=jax"
    assert parse(f"{chosen}//mode=jax").spec.count("KERAS_BACKEND") == 1
    with pytest.raises(UnusableNameError, match="KERAS_BACKEND is set twice; @torch sets it too"):
        parse(f"{chosen}//mode=torch")
