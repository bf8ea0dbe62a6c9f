"""libyaml, which reads what is right, and the parser in Python, which reads what libyaml refuses, mean the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import safe_yaml
from conformance.cases.coverage import SPECS

SHIPPED = sorted(SPECS.rglob("*.yaml"))
# Where YAML 1.1, which libyaml is of, and 1.2 differ, or parsers do.
TEXTS = {
    "words of 1.1": "[yes, no, on, off, y, n, ~, null, Null, true, True, TRUE]",
    "numbers": "[010, 0o10, 0x1F, 0b1, 1_000, 1:30, 1e3, 1.e3, .5, -.5, +1, -0, .inf, -.Inf, .nan, 1.0, 0.1, 12e03]",
    "a date in quotes": "['2026-01-01', \"2026-01-01\"]",
    "colons": "{a: 'b:c', d: e, \"f\": [g, h]}",
    "an address": "a: https://example.org/b?c=d#e",
    "blocks": "a: |\n  one\n   two\n\nb: >-\n  one\n  two\n\n  three\nc: >+\n  one\n\n",
    "indentation": "a:\n- b:\n  - c\n  -   d\n-\n  e: f\n",
    "long texts": "a: one\n  two\n\n  three\nb: 'one\n  two'\nc: \"one\\\n  two \\u00e9 \\x41 \\/\"\n",
    "comments": "# one\na: b # two\nc: d#e\nf: 'g # h'\n",
    "other letters": 'a: 卷积 \u00e9 \U0001f600\nb: "\\U0001f600"\n',
    "keys": "? a\n: b\n'c': d\n\"e f\": g\n",
    "nothing": "a:\nb: ''\nc: {}\nd: []\n",
    "a marked document": "--- \na: b\n...\n",
    "carriage returns": "a: b\r\nc:\r\n  - d\r\n",
}


def read(text: str, monkeypatch: pytest.MonkeyPatch, pure: bool) -> safe_yaml.Document:
    with monkeypatch.context() as patched:
        if pure:
            patched.setattr(safe_yaml, "_compose", lambda _, timed: safe_yaml._yaml(pure=True).compose(timed))
        return safe_yaml.parse("a.yaml", text.encode(), safe_yaml.InputError)


def test_libyaml_is_what_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_yaml._TimedText, "read", lambda *_: pytest.fail("the parser in Python is asked"))
    assert safe_yaml.parse("a.yaml", b"a: [1, 2]", safe_yaml.InputError).data == {"a": [1, 2]}


@pytest.mark.parametrize("path", SHIPPED[::6], ids=lambda path: str(path.relative_to(SPECS)))
def test_a_shipped_file_is_the_same_by_both(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = path.read_text(encoding="utf-8")
    one, other = (read(text, monkeypatch, pure) for pure in (False, True))
    assert (one.data, one.positions) == (other.data, other.positions)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_the_same_by_both(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (read(TEXTS[name], monkeypatch, pure) for pure in (False, True))
    assert repr(one.data) == repr(other.data)
    assert one.positions == other.positions


def test_what_libyaml_refuses_is_read_where_yaml_allows_it() -> None:
    with pytest.raises(Exception, match="unexpected ':'"):
        safe_yaml._yaml(pure=False).compose("{a: b::c}")
    assert safe_yaml.parse("a.yaml", b"{a: b::c}", safe_yaml.InputError).data == {"a": "b::c"}
