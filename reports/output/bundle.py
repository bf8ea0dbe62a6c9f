"""All that the maker of a framework takes away: scripts, workarounds, and pages that can be posted as issues."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from ..findings.clusters import cluster
from ..results.loaded import LoadedRun
from . import known

_DATE = (1980, 1, 1, 0, 0, 0)  # the same texts make the same file


def collect_bundle(run: LoadedRun, framework: str, language: str) -> Mapping[str, str]:
    """By path the texts on one framework; the page's download has the same.

    Raises:
        ValueError: the run did not audit the framework.
    """
    audited = dict.fromkeys(target.framework for target in run.targets if target.available)
    if framework not in audited:
        raise ValueError(f"no framework {framework!r}; the run has {', '.join(audited)}")
    texts = {}
    for cause in known.list_seen(run):
        entry = cause.entry
        if entry.framework != framework:
            continue
        texts[f"scripts/{entry.id}.py"] = entry.script
        texts[f"issues/{entry.id}.md"] = known.write_page(run, cause, language)
        if entry.workaround is not None:
            texts[f"workarounds/{entry.id}.py"] = entry.workaround.script
    for finding in cluster(run):
        judged = run.judged[finding.representative]
        if finding.entry is not None or run.column(judged).target.framework != framework:
            continue
        script = judged.details().get("script") if "script" in judged.verdict.has else None
        if isinstance(script, str):
            texts[f"scripts/new-{finding.id}.py"] = script
    return texts


def write_bundle(texts: Mapping[str, str], output: Path) -> None:
    """A folder, or a zip where the name says so. A path's folders are ours, its last part is made a plain name."""
    named = {_make_plain(path): text for path, text in texts.items()}
    if output.suffix == ".zip":
        with zipfile.ZipFile(output, "w") as archive:
            for path, text in named.items():
                archive.writestr(zipfile.ZipInfo(path, _DATE), text)
        return
    for path, text in named.items():
        place = output / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def _make_plain(path: str) -> str:
    folder, _, name = path.partition("/")
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name).lstrip(".")
    return f"{folder}/{plain or 'unnamed'}"
