"""``python -m reports``: what people read, from results files.

Exit codes: 0 as wished; 1 when a diff found something worse, or a query found nothing; 2 for a mistake in the call or
in the files.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from . import ResultsError, write_html
from .findings.clusters import cluster
from .output import bundle, export, known, markdown, model, page, sarif, site, words
from .output.modes import write_modes
from .output.summary import draw_badge, summarize_run
from .output.visible import visible
from .results.loaded import JudgedCase, LoadedRun, load
from .results.merge import merge
from .views import query
from .views.diff import compare
from .views.errors import find_invalid, list_answers

_HELP = """\
python -m reports RESULTS... [-o report.html] [--since EARLIER]   one self-contained HTML page
python -m reports diff BEFORE AFTER [--format text|markdown|html] what changed; exit code 1 when something got worse
python -m reports diff RESULTS --targets A,B                      the same between two targets of one file
python -m reports modes RESULTS...                                what each mode shows that its framework does otherwise
python -m reports query QUERY RESULTS...                          verdicts that meet a query; exit code 1 when none does
python -m reports porting RESULTS... [--from API --to API]        porting tables in Markdown
python -m reports port --from FRAMEWORK --to FRAMEWORK MODEL RESULTS...
                                                                  what a model's layers become, and what will bite
python -m reports errors ARGUMENT=VALUE RESULTS...                how each API answers an invalid value, a line each
python -m reports summary RESULTS...                              the numbers of every API in JSON
python -m reports badge RESULTS... [--api API]                    an SVG badge
python -m reports vendor FRAMEWORK RESULTS... [-o OUT.zip]        all scripts and issue pages on one framework
python -m reports export RESULTS... [--format csv|parquet|annotations|sarif]
python -m reports site RESULTS... FOLDER                          a page a run and their history, to publish
python -m reports known RESULTS... [--format ...] [--draft]       known causes, or drafts of what is new
python -m reports merge RESULTS... -o MERGED.jsonl                shards of one audit as one results file

RESULTS is a .jsonl file that an audit wrote. Each command tells more with --help.
"""


_EXAMPLE = "api:torch* kind:value dtype:float16 -status:conforms"


def main(arguments: Sequence[str]) -> int:
    if not arguments:
        print(_HELP, end="", file=sys.stderr)
        return 2
    if arguments[0] in ("-h", "--help"):
        print(_HELP, end="")
        return 0
    command = _COMMANDS.get(arguments[0])
    try:
        if command is None and _looks_like_a_command(arguments[0]):
            raise ValueError(f"unknown command {arguments[0]!r}; the commands are {', '.join(_COMMANDS)}")
        return command(arguments[1:]) if command else _write_page(arguments)
    except (ResultsError, query.QueryError, ValueError) as error:
        print(f"reports: {visible(str(error))}", file=sys.stderr)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has seen enough
    except OSError as error:
        print(f"reports: {error.filename}: {error.strerror}", file=sys.stderr)
    return 2


def _looks_like_a_command(word: str) -> bool:
    """Whether a word names no file: neither one that exists, nor one that somebody may have meant."""
    return word.isidentifier() and not Path(word).exists()


def _write_page(arguments: Sequence[str]) -> int:
    parser = _build_parser("", "Write one self-contained HTML page of one or more results files.")
    _add_results(parser)
    _add_output(parser, "report.html")
    _add_since(parser, "an earlier run, to show what changed")
    options = parser.parse_args(arguments)
    out = options.output or Path("report.html")
    write_html(options.results, out, options.since)
    print(out)
    return 0


def _diff(arguments: Sequence[str]) -> int:
    parser = _build_parser("diff", "Compare two runs. Exit code 1 when a verdict got worse or was lost.")
    parser.add_argument("before", type=Path, metavar="BEFORE", help="results file of the earlier run")
    parser.add_argument("after", type=Path, nargs="?", metavar="AFTER", help="results file of the later run")
    parser.add_argument("--targets", metavar="A,B", help="compare two targets of one file, such as two versions")
    parser.add_argument("--format", choices=("text", "markdown", "html"), default="text")
    _add_output(parser, "standard output; diff.html for html")
    options = parser.parse_args(arguments)
    if (options.after is None) == (options.targets is None):
        parser.error("give a second file, or two targets of one file with --targets A,B")
    if options.targets is None:
        before, after = load([options.before]), load([options.after])
    else:
        before, after = _split_targets(load([options.before]), options.targets)
    diff = compare(before, after)
    if options.format == "html":
        out = options.output or Path("diff.html")
        page.write(after, out, before)
        print(out)
    else:
        _write(markdown.write_diff(diff, options.format), options.output)
    return int(diff.worse)


def _split_targets(run: LoadedRun, names: str) -> tuple[LoadedRun, LoadedRun]:
    first, comma, second = names.partition(",")
    if not comma:
        raise ValueError(f"--targets {names}: give two, with a comma between them")
    return run.restrict(first.strip()), run.restrict(second.strip())


def _modes(arguments: Sequence[str]) -> int:
    parser = _build_parser("modes", "Each target in a mode beside its framework's own: what comes out otherwise.")
    _add_results(parser)
    _add_output(parser, "standard output")
    options = parser.parse_args(arguments)
    _write("".join(f"{visible(line)}\n" for line in write_modes(load(options.results))), options.output)
    return 0


def _query(arguments: Sequence[str]) -> int:
    parser = _build_parser("query", query.__doc__ or "")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "example: python -m reports query 'api:torch* kind:value dtype:float16 -status:conforms' audit.jsonl"
    )
    parser.add_argument("query", metavar="QUERY", help="in the search language of the page")
    _add_results(parser)
    _add_since(parser, "an earlier run, for changed:")
    parser.add_argument("--count", action="store_true", help="print only how many")
    options = parser.parse_args(arguments)
    run = load(options.results)
    since = load(options.since) if options.since else None
    selected = list(query.select(run, cluster(run), options.query, since))
    if options.count:
        print(len(selected))
    else:
        for judged in selected:
            print(_describe_verdict(run, judged))
    return 0 if selected else 1


def _describe_verdict(run: LoadedRun, judged: JudgedCase) -> str:
    """One line, its cells apart by tabs."""
    verdict = judged.verdict
    seen = f"{verdict.expected} -> {verdict.observed}" if verdict.expected else verdict.observed
    cells = (verdict.outcome, verdict.kind or "-", run.column(judged).label, verdict.case, seen)
    return "\t".join(visible(cell, 300).replace("\t", " ").replace("\n", " ") for cell in cells)


def _porting(arguments: Sequence[str]) -> int:
    parser = _build_parser(
        "porting", "Porting tables in Markdown, for every two frameworks or from one API to another."
    )
    _add_results(parser)
    parser.add_argument("--from", dest="source", metavar="API", help="the API that a model is written in")
    parser.add_argument("--to", dest="target", metavar="API", help="the API that it shall be written in")
    parser.add_argument("--language", choices=words.LANGUAGES, default="en")
    _add_output(parser, "standard output")
    options = parser.parse_args(arguments)
    if (options.source is None) != (options.target is None):
        parser.error("--from and --to go together")
    route = markdown.Route(options.source, options.target) if options.source else None
    text = markdown.write_porting_tables(load(options.results), options.language, route)
    if not text.strip():
        raise ValueError("no layer was asked of both; `summary` lists the APIs of a run")
    _write(text, options.output)
    return 0


def _port(arguments: Sequence[str]) -> int:
    parser = _build_parser(
        "port",
        "What each layer of a model becomes in another framework. MODEL holds a module as its framework prints it, or "
        "a list of calls, one a line: - Conv2d(3, 64, kernel_size=7).",
    )
    parser.add_argument("--from", dest="source", metavar="FRAMEWORK", required=True)
    parser.add_argument("--to", dest="target", metavar="FRAMEWORK", required=True)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a text file; - is standard input")
    _add_results(parser)
    parser.add_argument("--language", choices=words.LANGUAGES, default="en")
    _add_output(parser, "standard output")
    options = parser.parse_args(arguments)
    text = sys.stdin.read() if str(options.model) == "-" else options.model.read_text(encoding="utf-8")
    written = model.write_port(load(options.results), text, options.source, options.target, options.language)
    _write(written, options.output)
    return 0


def _errors(arguments: Sequence[str]) -> int:
    parser = _build_parser("errors", "How each API answers an invalid value, such as stride=0: a line an answer.")
    parser.add_argument("value", metavar="ARGUMENT=VALUE", help="as the error tables of the page have it")
    _add_results(parser)
    parser.add_argument("--language", choices=words.LANGUAGES, default="en")
    options = parser.parse_args(arguments)
    run = load(options.results)
    for label, judgeds in find_invalid(run, options.value).items():
        for judged in list_answers(judgeds):
            print(f"{label}: {words.write_answer(options.language, judged)}")
    return 0


def _summary(arguments: Sequence[str]) -> int:
    description = "The numbers of every API in JSON: verdicts by outcome, failures by kind, findings."
    parser = _build_parser("summary", description)
    _add_results(parser)
    _add_output(parser, "standard output")
    options = parser.parse_args(arguments)
    summary = summarize_run(load(options.results))
    _write(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", options.output)
    return 0


def _badge(arguments: Sequence[str]) -> int:
    parser = _build_parser("badge", "An SVG badge that counts failing cases.")
    _add_results(parser)
    parser.add_argument("--api", help="of this API alone")
    _add_output(parser, "standard output")
    options = parser.parse_args(arguments)
    _write(draw_badge(load(options.results), options.api), options.output)
    return 0


def _known(arguments: Sequence[str]) -> int:
    parser = _build_parser("known", "The catalogue's entries that a run has seen, the most serious first.")
    _add_results(parser)
    parser.add_argument(
        "--format",
        choices=("list", "markdown", "json"),
        default="list",
        help="markdown writes a page an entry into the folder of --output",
    )
    parser.add_argument("--draft", action="store_true", help="YAML entries of what no entry explains, to be finished")
    parser.add_argument("--language", choices=words.LANGUAGES, default="en")
    _add_output(parser, "standard output; entries for markdown")
    options = parser.parse_args(arguments)
    run = load(options.results)
    if options.draft:
        _write(known.write_drafts(run), options.output)
    elif options.format == "markdown":
        _write_pages(known.write_pages(run, options.language), options.output or Path("entries"))
    elif options.format == "json":
        _write(known.write_json(run), options.output)
    else:
        _write(known.write_list(run, options.language), options.output)
    return 0


def _write_pages(pages: Mapping[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, page_text in pages.items():
        (folder / name).write_text(page_text, encoding="utf-8")
    print(folder)


def _vendor(arguments: Sequence[str]) -> int:
    parser = _build_parser("vendor", "Scripts, workarounds and issue pages on one framework, as a folder or a zip.")
    parser.add_argument("framework", metavar="FRAMEWORK")
    _add_results(parser)
    parser.add_argument("--language", choices=words.LANGUAGES, default="en")
    _add_output(parser, "FRAMEWORK.zip")
    options = parser.parse_args(arguments)
    texts = bundle.collect_bundle(load(options.results), options.framework, options.language)
    out = options.output or Path(f"{options.framework}.zip")
    bundle.write_bundle(texts, out)
    print(out)
    return 0


def _export(arguments: Sequence[str]) -> int:
    parser = _build_parser("export", "Verdicts as a table, or findings as GitHub's annotations or SARIF.")
    _add_results(parser)
    parser.add_argument("--format", choices=("csv", "parquet", "annotations", "sarif"), default="csv")
    parser.add_argument("--language", choices=words.LANGUAGES, default="en", help="of annotations and sarif")
    _add_output(parser, "standard output; verdicts.parquet for parquet")
    options = parser.parse_args(arguments)
    run = load(options.results)
    match options.format:
        case "parquet":
            export.write_parquet(run, options.output or Path("verdicts.parquet"))
        case "annotations":
            _write(export.write_annotations(run, options.language), options.output)
        case "sarif":
            _write(sarif.write_sarif(run, options.language), options.output)
        case _:
            _write(export.write_csv(run), options.output)
    return 0


def _merge(arguments: Sequence[str]) -> int:
    description = "One results file of several: shards of one audit, or what separate machines were asked."
    parser = _build_parser("merge", description)
    _add_results(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="MERGED", help="the file to write")
    options = parser.parse_args(arguments)
    merge(options.results, options.output)
    print(options.output)
    return 0


def _site(arguments: Sequence[str]) -> int:
    parser = _build_parser("site", "Several runs as a folder of pages with their history, ready to publish.")
    _add_results(parser)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    site.write_site(options.results, options.folder)
    print(options.folder)
    return 0


_COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "diff": _diff,
    "modes": _modes,
    "query": _query,
    "porting": _porting,
    "port": _port,
    "errors": _errors,
    "summary": _summary,
    "badge": _badge,
    "known": _known,
    "vendor": _vendor,
    "export": _export,
    "site": _site,
    "merge": _merge,
}


def _build_parser(command: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"python -m reports {command}".strip(), description=description)


def _add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULTS", help="a .jsonl file that an audit wrote")


def _add_output(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("-o", "--output", type=Path, help=f"write to this file (default: {default})")


def _add_since(parser: argparse.ArgumentParser, help_text: str) -> None:
    parser.add_argument("--since", type=Path, action="append", default=[], metavar="EARLIER", help=help_text)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
