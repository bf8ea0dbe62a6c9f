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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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


def synthetic() -> Any:
    """tests/reports/synthetic.py."""
    path = Path(__file__).parents[1] / "tests/reports/synthetic.py"
    spec = importlib.util.spec_from_file_location("synthetic", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(browser: Any, page: Path) -> dict[str, tuple[float, float]]:
    """Median wall and main-thread seconds of opening the page and of each action."""
    seen: dict[str, list[tuple[float, float]]] = {}
    for _ in range(OPENINGS):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        tab = context.new_page()
        devtools = context.new_cdp_session(tab)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

        def cpu(devtools: Any = devtools) -> float:
            metrics = devtools.send("Performance.getMetrics")["metrics"]
            return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

        before = time.perf_counter()
        tab.goto(page.as_uri())
        tab.wait_for_selector("html[data-ready]")
        seen.setdefault("open", []).append((time.perf_counter() - before, cpu()))
        for name, act in ACTIONS:
            used = cpu()
            wall = tab.evaluate(
                f"""async () => {{
                  const begin = performance.now();
                  {act};
                  await new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(done))));
                  return performance.now() - begin;
                }}"""
            )
            seen.setdefault(name, []).append((wall / 1000, cpu() - used))
        context.close()
    return {
        name: (statistics.median(wall for wall, _ in times), statistics.median(used for _, used in times))
        for name, times in seen.items()
    }


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
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        given = {path.name: path for path in options.results}
        if not given:
            maker = synthetic()
            given = {
                name: maker.write(Path(folder) / f"{cases}.jsonl", maker.records(cases))
                for name, cases in SIZES.items()
            }
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for name, path in given.items():
            page = Path(folder) / f"{path.stem}.html"
            wall, cpu = timed(lambda path=path, page=page: reports.write_html([path], page))  # type: ignore[misc]
            verdicts = len(load([path]).judged)
            print(f"{name}: {verdicts:,} verdicts, {path.stat().st_size / 1e6:.1f} MB of results")
            print(f"  generation {wall:7.2f} s ({cpu:.2f} cpu), page {page.stat().st_size / 1e6:.2f} MB")
            seconds, size = BUDGETS.get(name, (float("nan"), float("nan")))
            for action, (wall, cpu) in measure(browser, page).items():
                print(f"  {action:20s} {wall:7.3f} s ({cpu:.3f} cpu)" + ("  over its budget" if wall > seconds else ""))
            if page.stat().st_size > size:
                print("  the page is over its budget")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
