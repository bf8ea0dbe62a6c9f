"""The shipped claims: which document each is of, and how the installed version's docstring stands to it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.apis import contracts
from conformance.case import Docstring, DocumentKind, Statement
from conformance.cases import coverage, spec
from tests import shipped

FILES = sorted((coverage.SPECS / "claims").glob("*.yaml"))
GIVEN = {
    "megengine.module.Conv2d",
    "mindspore.mint.nn.Conv2d",
    "mindspore.nn.Conv2dTranspose",
    "torch.nn.Conv2d",
    "torch.nn.functional.conv2d",
}
INSTALLED = "-installed"
# A literal of the API, such as 'zeros', is no sentence of a document; what has a space in it may be one.
QUOTED = re.compile(r"""["“”«»„‘]|(?<!\w)'[^']*\s[^']*'(?!\w)""")
CHINESE = re.compile("[\u4e00-\u9fff]")
HEAD = "layer: conv2d\napi: torch.nn.Conv2d\n"
PAGE = "publisher: p, title: t, version: v, kind: official_page"
DOCSTRING = "publisher: p, title: t, version: v, kind: installed_docstring"
CLAIM = "id: a, section: b, says: {en: c, zh: c}, unchecked: {en: d, zh: d}"


@functools.cache
def read(path: Path) -> tuple[Statement, ...]:
    return shipped.load(path).statements


def statements_of_given_documents() -> Iterator[Statement]:
    for path in FILES:
        for statement in read(path):
            if statement.source.kind is not DocumentKind.INSTALLED_DOCSTRING:
                yield statement


def test_every_api_has_a_file_of_claims() -> None:
    assert {path.stem for path in FILES} == set(contracts())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_api_has_claims_of_its_installed_docstring(path: Path) -> None:
    names = {s.source.title for s in read(path) if s.source.kind is DocumentKind.INSTALLED_DOCSTRING}
    assert f"docstring of {path.stem}" in names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_documents_of_one_file_are_cited_by_different_names(path: Path) -> None:
    sources = {statement.source for statement in read(path)}
    assert len({source.name for source in sources}) == len(sources)


@pytest.mark.parametrize("api", sorted(GIVEN))
def test_a_given_document_is_no_docstring(api: str) -> None:
    assert any(statement.api == api for statement in statements_of_given_documents())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_contradicting_docstring_has_its_own_claim(path: Path) -> None:
    statements = {statement.claim: statement for statement in read(path)}
    contradicted = {name for name, statement in statements.items() if statement.docstring is Docstring.OTHER}
    installed = {name for name in statements if name.endswith(INSTALLED)}
    assert installed == {name + INSTALLED for name in contradicted}
    for name in installed:
        assert statements[name].source.title == f"docstring of {path.stem}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_contradicting_docstring_is_checked_where_the_copy_is(path: Path) -> None:
    statements = {statement.claim: statement for statement in read(path)}
    for name, statement in statements.items():
        if statement.docstring is Docstring.OTHER:
            assert (statement.unchecked is None) == (statements[name + INSTALLED].unchecked is None), name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_paraphrase_stands_in_no_quotation_marks(path: Path) -> None:
    for statement in read(path):
        reason = statement.unchecked.en if statement.unchecked else ""
        for text in (statement.says.en, statement.section, reason):
            assert QUOTED.search(text) is None, (statement.claim, text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_is_said_in_chinese(path: Path) -> None:
    for statement in read(path):
        for text in (statement.says, statement.unchecked):
            if text is not None:
                assert CHINESE.search(text.zh) or text.zh.rstrip("。") == text.en.rstrip("."), (statement.claim, text)
                assert "\n" not in text.zh, statement.claim


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_announced_is_said_by_a_docstring(path: Path) -> None:
    for statement in read(path):
        assert statement.announced is None or statement.docstring is None, statement.claim


def test_which_announcements_there_are() -> None:
    announced = {(s.api, s.claim, s.announced) for path in FILES for s in read(path) if s.announced is not None}
    assert announced == {
        (api, claim, "2.9.0")
        for api in ("mindspore.nn.Conv2d", "mindspore.nn.Conv2dTranspose")
        for claim in ("announced-signature", "announced-names")
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            f"documents: {{x: {{{PAGE}}}}}\ndocument: y\nclaims: [{{{CLAIM}}}]\n", "'y' is none of documents: x",
            id="the file names a document that it does not describe",
        ),
        pytest.param(
            f"documents: {{x: {{{DOCSTRING}}}}}\ndocument: x\nclaims: [{{{CLAIM}, document: y}}]\n",
            "'y' is none of documents: x",
            id="a claim names a document that the file does not describe",
        ),
        pytest.param(
            f"documents: {{x: {{{PAGE}}}}}\ndocument: x\nclaims: [{{{CLAIM}}}]\n",
            "how the installed docstring stands to it",
            id="a claim of a page does not say how the docstring stands to it",
        ),
        pytest.param(
            f"documents: {{x: {{{DOCSTRING}}}}}\ndocument: x\nclaims: [{{{CLAIM}, docstring: same}}]\n",
            "how the installed docstring stands to it",
            id="a claim of a docstring is compared with itself",
        ),
        pytest.param(
            f"documents: {{x: {{publisher: p, title: t, kind: official_page}}}}\ndocument: x\nclaims: [{{{CLAIM}}}]\n",
            "'version' is a required property",
            id="a document without version or date",
        ),
        pytest.param(
            f"documents: {{x: {{{PAGE}, address: here}}}}\ndocument: x\nclaims: [{{{CLAIM}}}]\n", "'here' cannot be used",
            id="an address that is none",
        ),
    ],
)  # fmt: skip
def test_an_incomplete_document_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "torch.nn.Conv2d.yaml"
    path.write_text(HEAD + content)
    with pytest.raises(spec.SpecError, match=re.escape(message)):
        spec.load(path, f"claims/{path.name}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_a_copy_and_the_installed_docstring_say_accuses_by_the_docstring(path: Path) -> None:
    standing = {statement.claim: statement.docstring for statement in read(path)}
    for case in shipped.load(path).cases:
        is_same = standing[case.claim] is Docstring.SAME
        assert case.clause.startswith("the installed docstring, as ") == is_same, case.id
