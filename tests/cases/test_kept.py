"""A spec file is loaded once for all runs in which it and the code stay the same."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.cases import kept, spec
from conformance.cases.kept import Shelf, digest_code
from conformance.cases.spec import SpecError
from conformance.records.basis import digest_case

ROOT = Path(__file__).parents[2]
NAME = "conv2d/some.yaml"
TEXT = """\
layer: conv2d
clause: the definition
cases:
  - name: plain
    for: {k: [1, 2]}
    arguments: {in_channels: 1, out_channels: 2, kernel_size: =k}
    input: {shape: [1, 1, 5, 6]}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "specs" / NAME
    path.parent.mkdir(parents=True)
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = tmp_path / "kept"
    folder.mkdir()
    return Shelf(folder, "code")


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what was loaded anew."""
    names: list[str] = []
    load = spec.load

    def count(path: Path, name: str) -> spec.Spec:
        names.append(name)
        return load(path, name)

    monkeypatch.setattr(kept.spec, "load", count)
    return names


def test_what_was_loaded_is_not_loaded_again(shelf: Shelf, path: Path, loads: list[str]) -> None:
    first = shelf.load(path, NAME)
    assert shelf.load(path, NAME) == first
    assert loads == [NAME]


@pytest.mark.parametrize("file", ["conv2d/edges.yaml", "conv2d/values.yaml", "claims/mindspore.nn.Conv2d.yaml"])
def test_every_kind_of_value_is_kept_as_it_is(shelf: Shelf, file: str) -> None:
    loaded = spec.load(ROOT / "specs" / file, file)
    shelf.load(ROOT / "specs" / file, file)
    again = shelf.load(ROOT / "specs" / file, file)
    assert again.statements == loaded.statements
    assert [case.line for case in again.cases] == [case.line for case in loaded.cases]
    # By what is written of them, as 1 is True and NaN is not itself.
    assert list(map(digest_case, again.cases)) == list(map(digest_case, loaded.cases))


def test_an_edited_file_is_loaded_anew(shelf: Shelf, path: Path, loads: list[str]) -> None:
    shelf.load(path, NAME)
    path.write_text(TEXT.replace("[1, 2]", "[1, 2, 3]"), encoding="utf-8")
    assert len(shelf.load(path, NAME).cases) == 3
    assert len(loads) == 2


def test_other_code_loads_a_file_anew(shelf: Shelf, path: Path, loads: list[str]) -> None:
    shelf.load(path, NAME)
    Shelf(shelf.folder, "other code").load(path, NAME)
    assert len(loads) == 2


def test_each_file_is_kept_once(shelf: Shelf, path: Path) -> None:
    shelf.load(path, NAME)
    path.write_text(TEXT.replace("plain", "simple"), encoding="utf-8")
    shelf.load(path, NAME)
    assert len(list(shelf.folder.iterdir())) == 1


def cut(kept_bytes: bytes) -> bytes:
    return kept_bytes[:-10]


def empty(kept_bytes: bytes) -> bytes:
    return b""


def hold_another_thing(kept_bytes: bytes) -> bytes:
    return kept_bytes[:32] + pickle.dumps([1, 2])


@pytest.mark.parametrize("damage", [cut, empty, hold_another_thing])
def test_what_is_damaged_is_loaded_anew(
    shelf: Shelf, path: Path, loads: list[str], damage: Callable[[bytes], bytes]
) -> None:
    first = shelf.load(path, NAME)
    (place,) = shelf.folder.iterdir()
    place.write_bytes(damage(place.read_bytes()))
    assert shelf.load(path, NAME) == first
    assert len(loads) == 2


class Hostile:
    """Makes a folder when it is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_nothing_that_a_stranger_has_put_there_is_executed(shelf: Shelf, path: Path, tmp_path: Path) -> None:
    first = shelf.load(path, NAME)
    (place,) = shelf.folder.iterdir()
    place.write_bytes(place.read_bytes()[:32] + pickle.dumps(Hostile(tmp_path / "made")))
    assert shelf.load(path, NAME) == first
    assert not (tmp_path / "made").exists()


def test_nothing_that_a_module_of_ours_has_imported_is_made(shelf: Shelf, path: Path) -> None:
    """`spec` imports `Path`, which is no part of a case."""
    first = shelf.load(path, NAME)
    (place,) = shelf.folder.iterdir()
    place.write_bytes(place.read_bytes()[:32] + b"cconformance.cases.spec\nPath\n(V/\ntR.")
    assert shelf.load(path, NAME) == first


def test_where_nothing_can_be_kept_files_are_loaded_all_the_same(path: Path, tmp_path: Path) -> None:
    assert len(Shelf(tmp_path / "nowhere", "code").load(path, NAME).cases) == 2


def test_a_file_that_cannot_be_used_is_told_each_time(shelf: Shelf, path: Path) -> None:
    path.write_text("layer: 3", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(SpecError, match=r"some\.yaml:1:1: "):
            shelf.load(path, NAME)
    path.unlink()
    with pytest.raises(SpecError, match="cannot be read"):
        shelf.load(path, NAME)


def test_the_digest_is_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest_code()
    assert digest_code() == before
    monkeypatch.setattr(kept, "version", lambda name: "0")
    assert digest_code() != before
