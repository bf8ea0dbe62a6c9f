"""Cases as patterns in which ``*`` stands for any text."""

from __future__ import annotations

import pytest

from conv_reports.findings.patterns import fits


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [("a*c", "abc", True), ("a*c", "ac", True), ("a*c", "abcd", False), ("a*a", "a", False), ("*b*b*", "abab", True),
     ("[k=*]", "[k=1]", True), ("a.c", "abc", False), ("*" * 40 + "b", "a" * 5000, False), ("a*b*a", "aba", True)],
)  # fmt: skip
def test_a_star_stands_for_any_text(pattern: str, text: str, expected: bool) -> None:
    assert fits(pattern, text) is expected
