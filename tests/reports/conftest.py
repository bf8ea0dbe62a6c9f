"""Results files, of real audits of a fake framework and made by hand, and a real browser where there is one."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

import pytest

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PACKAGES = ("playwright", "axe_playwright_python")
NEEDED = "chromium, playwright and axe-playwright-python"
MEND = "install them: apt-get install chromium; pip install playwright axe-playwright-python"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """tests/reports/synthetic.py."""
    return _load("synthetic")


class Audits(NamedTuple):
    """Results files of two real audits: in the later one more sizes of the kernel fail."""

    earlier: Path
    later: Path


@pytest.fixture(scope="session")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Audits:
    folder = tmp_path_factory.mktemp("audits")
    audit = _load("audited").audit
    earlier = audit(folder / "earlier", {2: "wrong"})
    later = audit(folder / "later", {2: "wrong", 3: "sigfpe", 4: "no kernel at ADDRESS"})
    return Audits(earlier, later)


@pytest.fixture
def audited_records(audits: Audits) -> list[dict[str, Any]]:
    """The records of the later audit, to change as a test likes."""
    return [json.loads(line) for line in audits.later.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def results(tmp_path: Path, synthetic: ModuleType) -> Callable[..., Path]:
    """Write a results file of the given records, by default of 150 canonical cases."""

    def write(records: list[dict[str, Any]] | None = None, name: str = "results.jsonl") -> Path:
        path: Path = synthetic.write(tmp_path / name, synthetic.records(150) if records is None else records)
        return path

    return write


@pytest.fixture
def known(synthetic: ModuleType, results: Callable[..., Path]) -> tuple[Path, int]:
    """A file in which all wrong values of one API have one known cause; the number of these values."""
    records = synthetic.known()
    count = sum(record.get("known") == "MEG-one" for record in records)
    assert count > 1
    return results(records), count


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, synthetic: ModuleType) -> tuple[Path, Path]:
    """(results, report) of a run that fills every view, compared with one in which a crash was not there yet."""
    import conv_reports as reports

    folder = tmp_path_factory.mktemp("whole")
    before = synthetic.records(150)
    after = [dict(record) for record in before]
    next(one for one in after if one["record"] == "verdict" and one["outcome"] == "conforms").update(
        {"outcome": "crashed", "observed": "SIGSEGV", "authority": "robustness", "rests_on": "a call returns or raises"}
    )
    results = synthetic.write(folder / "after.jsonl", after)
    reports.write_html([results], folder / "report.html", [synthetic.write(folder / "before.jsonl", before)])
    return results, folder / "report.html"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium; where it is missing the test is skipped, and under CI=true it fails."""
    executable = shutil.which("chromium")
    if executable is None or any(importlib.util.find_spec(name) is None for name in PACKAGES):
        without_browser()
    assert executable is not None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


def without_browser() -> NoReturn:
    """A developer may do without a browser, CI may not: there, not to have looked is to have failed."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"the browser tests need {NEEDED}; {MEND}")
    pytest.skip(f"needs {NEEDED}; {MEND}")


class Page:
    """A report opened from disk, and what went wrong in it."""

    def __init__(self, browser: Any, path: Path, at: str = "", **settings: Any) -> None:
        self.problems: list[str] = []
        self.context = browser.new_context(
            **({"locale": "en-US", "viewport": {"width": 1200, "height": 900}} | settings)
        )
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.problems.append(f"console {message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", self._request)
        self.home = path.as_uri()
        self.go(at)

    def _request(self, request: Any) -> None:
        if request.url.partition("#")[0] != self.home:
            self.problems.append(f"request: {request.url[:200]}")

    def go(self, at: str) -> Any:
        self.page.goto(self.home + at)
        self.page.wait_for_selector("html[data-ready]")
        return self.page


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Page]]:
    """Open a page of ours in the browser; at the end of the test it must have made no problem."""
    opened: list[Page] = []

    def open_one(path: Path, at: str = "", **settings: Any) -> Page:
        opened.append(Page(browser, path, at, **settings))
        return opened[-1]

    yield open_one
    problems = [problem for page in opened for problem in page.problems]
    for page in opened:
        page.context.close()
    assert not problems


@pytest.fixture
def open_report(open_page: Callable[..., Page], tmp_path: Path) -> Callable[..., Page]:
    """Open the report of a results file in the browser."""
    import conv_reports as reports

    def write_and_open(path: Path, at: str = "", **settings: Any) -> Page:
        out = tmp_path / "report.html"
        reports.write_html([path], out)
        return open_page(out, at, **settings)

    return write_and_open
