"""What a framework's maker takes away: the command and the page's download hold the same."""

from __future__ import annotations

import io
import zipfile

import pytest

from conv_reports.__main__ import main
from conv_reports.output.bundle import write_bundle


def read_zip(data):
    with zipfile.ZipFile(data) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_vendors_bundle_has_scripts_workarounds_and_issues(known, tmp_path):
    assert main(["vendor", "megengine", str(known[0]), "-o", str(tmp_path / "out.zip")]) == 0
    texts = read_zip(tmp_path / "out.zip")
    assert texts["scripts/MEG-one.py"].endswith("assert 1 == 2\n")
    assert texts["issues/MEG-one.md"].startswith("# It adds one to the output")
    assert texts["workarounds/MEG-one.py"] == "pass\n"
    assert "issues/MEG-two.md" in texts
    assert any(name.startswith("scripts/new-") for name in texts)


def test_the_page_downloads_the_same(known, tmp_path, open_report):
    main(["vendor", "megengine", str(known[0]), "-o", str(tmp_path / "out.zip")])
    page = open_report(known[0], "#vendor/megengine").page
    with page.expect_download() as waiting:
        page.locator("button.download").click()
    assert waiting.value.suggested_filename == "megengine.zip"
    assert read_zip(io.BytesIO(waiting.value.path().read_bytes())) == read_zip(tmp_path / "out.zip")


def test_an_unknown_framework_is_told_with_those_there_are(known, capsys):
    assert main(["vendor", "nobody", str(known[0])]) == 2
    assert "no framework 'nobody'; the run has torch, mindspore, megengine" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["scripts/../../x", "scripts/..", "scripts//etc/passwd", "scripts/a\x00b"])
def test_a_hostile_name_stays_in_its_folder(tmp_path, name):
    write_bundle({name: "text"}, tmp_path / "out")
    (written,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written.parent == tmp_path / "out" / "scripts"
