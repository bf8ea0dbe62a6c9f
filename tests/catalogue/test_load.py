"""What a catalogue may not hold is refused with file, line and column."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import pytest

from conformance.apis import frameworks
from conformance.case import Severity, Text
from conformance.catalogue import load
from conformance.catalogue.load import CatalogueError
from tests.catalogue.entries import HEAD, entry, read

SHIPPED = Path(__file__).parents[2] / "specs" / "known"
RESTS_ON = "rests_on: {en: a process does not die, zh: 进程不应死掉}"


def test_an_entry_is_read() -> None:
    text = HEAD + entry(more="workaround: {en: do without, zh: 不用, script: pass}\nends: SIGFPE")
    (listed,) = read(text).entries
    assert listed.entry.title.zh == "失败"
    assert listed.entry.ends == "SIGFPE"
    assert listed.entry.upstream == ""
    assert listed.entry.workaround is not None
    assert listed.entry.workaround.text.en == "do without"
    assert (listed.line, listed.sightings[0].patterns[0].line) == (3, 19)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD.replace("torch", "flux") + entry(), "1:1: no framework is called 'flux'"),
        (HEAD + entry().replace("it fails", "it " * 13 + "fails"), "4:13: a title has at most 12 words, this one 14"),
        (
            HEAD + entry().replace("      assert False", "      a\n" * 16),
            "a bare script has at most 15 lines, this one 16",
        ),
        (HEAD + entry(severity="difference"), "a difference has the authority none"),
        (HEAD + entry(authority="none"), "a difference has the authority none"),
        (HEAD + entry(where="{versions: two}"), "versions: Invalid specifier"),
        (HEAD + entry(where='{versions: "==1", weather: fine}'), "unknown key; known here are versions"),
        (HEAD + entry().replace("api: torch.nn.Conv2d", "api: torch.nn.Conv9d"), "no such API of torch; known are"),
        (HEAD + entry("x: 1"), "'x': expected a case id"),
        (HEAD + entry("conv2d/*.yaml::x: 1"), "expected a case id"),
        (HEAD + entry(kind="conforms"), "a case that conforms shows a difference alone"),
        (HEAD + entry(id="one"), "entries/0/id: 'one' cannot be used"),
        (HEAD + entry(kind="wrong"), "'wrong' is not one of ['shape'"),
        (HEAD + entry("conv2d/a.yaml::x: 0"), "0 is less than the minimum of 1"),
        (
            HEAD + entry().replace("upstream: not reported", "upstream: javascript:alert(1)"),
            "upstream: 'javascript:alert(1)' cannot be used",
        ),
        (HEAD + entry().replace(RESTS_ON, "x: 1"), "unknown key; known here are id, title"),
        (
            HEAD + entry().replace(RESTS_ON, "rests_on: {en: a process does not die}"),
            "entries/0/rests_on: 'zh' is a required property",
        ),
        (
            HEAD + entry(more="correction: {en: x, zh: y}"),
            "only what rests on the vendor's own_document has a correction",
        ),
    ],
    ids=range(18),
)
def test_what_is_wrong_is_refused(text: str, message: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        read(text)
    assert str(refused.value).startswith("torch.yaml:")
    assert message in str(refused.value)


def test_what_rests_on_the_vendors_own_document_may_have_a_correction() -> None:
    text = entry(severity="wrong_document", authority="own_document", more="correction: {en: it fails, zh: 会失败}")
    (listed,) = read(HEAD + text).entries
    assert listed.entry.correction == Text("it fails", "会失败")


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(HEAD + entry(), encoding="utf-8")
    (tmp_path / "b.yaml").write_text(HEAD + entry(id="TOR-two"), encoding="utf-8")
    assert [listed.entry.id for listed in load.load(tmp_path).entries] == ["TOR-one", "TOR-two"]


def test_an_id_stands_for_one_entry(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(HEAD + entry(), encoding="utf-8")
    (tmp_path / "b.yaml").write_text(HEAD + entry(), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"b\.yaml:3:5: TOR-one is the id of .*a\.yaml:3 as well"):
        load.load(tmp_path)


def test_a_folder_without_files_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="has no YAML file"):
        load.load(tmp_path)


def test_a_spec_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "specs" / "known"
    folder.mkdir(parents=True)
    (folder / "torch.yaml").write_text(HEAD + entry(), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"torch\.yaml:17:11: .*there is no spec file conv2d/a\.yaml"):
        load.load(folder)


def test_the_shipped_catalogues_are_finished() -> None:
    entries = load.load(SHIPPED).entries
    assert {listed.entry.framework for listed in entries} >= {
        name for name, framework in frameworks().items() if framework.environment.is_default
    }
    for file in load.find_files(SHIPPED):
        assert "TODO" not in file.read_text(encoding="utf-8")


def test_the_shipped_catalogues_say_everything_in_chinese() -> None:
    for listed in load.load(SHIPPED).entries:
        entry = listed.entry
        workaround = entry.workaround.text if entry.workaround else None
        for text in (entry.title, entry.effect, entry.rests_on, entry.correction, workaround):
            assert text is None or re.search("[\u4e00-\u9fff]", text.zh), entry.id


def test_every_wrong_document_of_the_shipped_catalogues_has_a_correction() -> None:
    wrong = [listed.entry for listed in load.load(SHIPPED).entries if listed.entry.severity is Severity.WRONG_DOCUMENT]
    assert wrong
    assert [entry.id for entry in wrong if entry.correction is None] == []


def test_every_mode_of_the_shipped_catalogues_is_one_of_its_framework() -> None:
    """An entry of a mode that is no more would never be looked for."""
    lacking = []
    for listed in load.load(SHIPPED).entries:
        for pattern in listed.where.environment.get("mode", ()):
            modes = frameworks()[Path(listed.file).stem].modes
            if not fnmatch.filter(modes, pattern):
                lacking.append((listed.entry.id, pattern))
    assert lacking == []
