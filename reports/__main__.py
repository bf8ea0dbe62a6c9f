"""``python -m reports``: make what people read from results files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import reports
from reports.read import ResultsError


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m reports", description="Write one HTML page of one or more results files.")
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULTS", help="a .jsonl file that an audit wrote")
    parser.add_argument("-o", "--output", type=Path, default=Path("report.html"), help="the page (default: report.html)")
    options = parser.parse_args(arguments)
    try:
        reports.write_html(options.results, options.output)
    except ResultsError as error:
        print(f"reports: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"reports: {error.filename or options.output}: {error.strerror or error}", file=sys.stderr)
        return 2
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
