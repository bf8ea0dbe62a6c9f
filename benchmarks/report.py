"""How long the report takes to make, how large it is, how fast it opens and answers: ``python -m benchmarks.report``.

Synthetic results of 10,000 and 100,000 verdicts, or the results files named on the command line. Needs Chromium and
Playwright. Each figure is the median of several openings; "cpu" is what the page's main thread used, which a busy
machine does not change.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import conv_reports as reports
from conv_reports.results.loaded import load

OPENINGS = 5
SIZES = {"10,000": 1_665, "100,000": 16_665}  # verdicts: canonical cases of six APIs each
BUDGETS = {"10,000": (1.0, 5e6), "100,000": (2.0, float("inf"))}  # seconds to open or to answer, bytes
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]

# What a reader does, and how the page shows that it is done.
ACTIONS: Sequence[tuple[str, str]] = (
    ("findings", "location.hash = '#findings'"),
    ("matrix", "location.hash = '#matrix'"),
    ("matrix, filtered", "location.hash = '#matrix?q=' + encodeURIComponent('api:torch* -status:conforms')"),
    ("matrix, to the end", "document.querySelector('.grid').scrollTop = 1e9"),
    ("errors", "location.hash = '#errors'"),
    ("accuracy", "location.hash = '#accuracy'"),
    ("porting", "location.hash = '#porting'"),
    ("free text", "location.hash = '#findings?q=' + encodeURIComponent('elements differ')"),
)


class Times(NamedTuple):
    """Seconds that something took: on the clock, and of a processor."""

    wall: float
    cpu: float


def load_synthetic() -> ModuleType:
    """tests/reports/synthetic.py."""
    path = Path(__file__).parents[1] / "tests/reports/synthetic.py"
    spec = importlib.util.spec_from_file_location("synthetic", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_synthetic(folder: Path) -> Mapping[str, Path]:
    """Results files of both sizes, by their numbers of verdicts."""
    synthetic = load_synthetic()
    return {name: synthetic.write(folder / f"{cases}.jsonl", synthetic.records(cases)) for name, cases in SIZES.items()}


def generate(results: Path, page: Path) -> Times:
    wall = time.perf_counter()
    cpu = time.process_time()
    reports.write_html([results], page)
    return Times(time.perf_counter() - wall, time.process_time() - cpu)


class Tab:
    """A page opened in a fresh context of the browser."""

    def __init__(self, browser: Any) -> None:
        self._context = browser.new_context(viewport={"width": 1280, "height": 900})
        self._page = self._context.new_page()
        self._devtools = self._context.new_cdp_session(self._page)
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def close(self) -> None:
        self._context.close()

    def _main_thread(self) -> float:
        """Seconds that the page's main thread has used."""
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))

    def open(self, page: Path) -> Times:
        before = time.perf_counter()
        self._page.goto(page.as_uri())
        self._page.wait_for_selector("html[data-ready]")
        return Times(time.perf_counter() - before, self._main_thread())

    def act(self, script: str) -> Times:
        """Do what a reader does, and wait until the page has drawn the answer."""
        before = self._main_thread()
        milliseconds = self._page.evaluate(
            f"""async () => {{
              const begin = performance.now();
              {script};
              await new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(done))));
              return performance.now() - begin;
            }}"""
        )
        return Times(milliseconds / 1000, self._main_thread() - before)


def measure(browser: Any, page: Path) -> Mapping[str, Times]:
    """The medians of opening the page and of each action."""
    samples: dict[str, list[Times]] = defaultdict(list)
    for _ in range(OPENINGS):
        tab = Tab(browser)
        samples["open"].append(tab.open(page))
        for name, script in ACTIONS:
            samples[name].append(tab.act(script))
        tab.close()
    medians = {}
    for name, times in samples.items():
        wall = statistics.median(sample.wall for sample in times)
        cpu = statistics.median(sample.cpu for sample in times)
        medians[name] = Times(wall, cpu)
    return medians


def report(browser: Any, name: str, results: Path, folder: Path) -> None:
    """Print what one results file costs."""
    page = folder / f"{results.stem}.html"
    generation = generate(results, page)
    verdicts = len(load([results]).judged)
    size = page.stat().st_size
    print(f"{name}: {verdicts:,} verdicts, {results.stat().st_size / 1e6:.1f} MB of results")
    print(f"  generation {generation.wall:7.2f} s ({generation.cpu:.2f} cpu), page {size / 1e6:.2f} MB")
    # Results files of one's own have no budget.
    seconds_allowed, bytes_allowed = BUDGETS.get(name, (float("inf"), float("inf")))
    for action, times in measure(browser, page).items():
        remark = "  over its budget" if times.wall > seconds_allowed else ""
        print(f"  {action:20s} {times.wall:7.3f} s ({times.cpu:.3f} cpu){remark}")
    if size > bytes_allowed:
        print("  the page is over its budget")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("results", nargs="*", type=Path, help="results files to measure instead, one report each")
    options = parser.parse_args(arguments)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("needs Playwright and Chromium: pip install playwright; apt-get install chromium", file=sys.stderr)
        return 2
    executable = shutil.which("chromium")
    if executable is None:
        print("needs Chromium: apt-get install chromium", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        files = {path.name: path for path in options.results} or write_synthetic(folder)
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for title, results in files.items():
            report(browser, title, results, folder)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
