"""Findings as SARIF 2.1.0, which code scanning of pull requests reads: a rule a finding, and one result of each."""

from __future__ import annotations

import json
from typing import Any

from ..findings.clusters import Finding, cluster
from ..results.loaded import LoadedRun
from . import words
from .visible import visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"
_LIMIT = 1000  # characters of a text


def write_sarif(run: LoadedRun, language: str) -> str:
    """One run of the tool. What is new is an error, what the catalogue knows a note that is unchanged."""
    findings = cluster(run)
    driver = {
        "name": "conv-conformance",
        "semanticVersion": visible(run.files[0].header.suite, 80),
        "language": language,
        "rules": [_describe_rule(run, finding, language) for finding in findings],
    }
    results = [_describe_result(run, finding, language) for finding in findings]
    log = {"$schema": SCHEMA, "version": VERSION, "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _describe_rule(run: LoadedRun, finding: Finding, language: str) -> dict[str, Any]:
    entry = finding.entry
    properties = {"authority": finding.authority or "", "severity": "" if entry is None else entry.severity}
    rule: dict[str, Any] = {
        "id": visible(finding.id, 80),
        "shortDescription": _write_text(words.write_headline(language, run, finding)),
        "fullDescription": _write_text(_tell(run, finding, language)),
        "properties": {name: value for name, value in properties.items() if value},
    }
    if entry is not None and entry.upstream.startswith("https://"):
        rule["helpUri"] = entry.upstream
    return rule


def _describe_result(run: LoadedRun, finding: Finding, language: str) -> dict[str, Any]:
    case = run.judged[finding.representative].case
    place = {"artifactLocation": {"uri": f"specs/{visible(case.spec, 300)}"}, "region": {"startLine": case.line or 1}}
    headline = words.write_headline(language, run, finding)
    return {
        "ruleId": visible(finding.id, 80),
        "level": "error" if finding.entry is None else "note",
        "baselineState": "new" if finding.entry is None else "unchanged",
        "occurrenceCount": len(finding.members),
        "message": _write_text(f"{headline} {_tell(run, finding, language)}"),
        "locations": [{"physicalLocation": place}],
        # The same from run to run, whatever moves in the file.
        "partialFingerprints": {"finding/v1": visible(finding.id, 80)},
    }


def _tell(run: LoadedRun, finding: Finding, language: str) -> str:
    told = (words.write_circumstance(language, run, finding), words.write_basis(language, run, finding))
    return " ".join(text for text in told if text) or words.write_headline(language, run, finding)


def _write_text(text: str) -> dict[str, str]:
    return {"text": visible(text, _LIMIT).strip()}
