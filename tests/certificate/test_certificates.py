"""Certificates are kept while nothing that they rest on changes, and decide in a run what is audited."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.case import Greeting, Target
from conformance.certificate.certificate import Certificate, CheckResult
from conformance.certificate.certificates import Certificates, obtain
from conformance.targets.errors import TargetError
from tests.fakes.suite import Suite

pytest_plugins = ("pytester",)

API = "torch.nn.Conv2d"
GREETING = Greeting("1.0", {"python": "3.11", "device": "cpu"}, "/tmp/none", 1)
TARGET = Target("torch", "torch", "popen//python=/nonexistent")


class Cache(dict[str, Any]):
    """As ``config.cache`` is."""

    def get(self, key: str, default: Any) -> Any:
        return json.loads(super().get(key, json.dumps(default)))

    def set(self, key: str, value: object) -> None:
        self[key] = json.dumps(value)


class Certifier:
    """Makes certificates of one result, and counts them."""

    def __init__(self, state: str = "passed") -> None:
        self.made = 0
        self._result = CheckResult("layout", state, "why")

    def __call__(self, target: Target) -> Certificate:
        self.made += 1
        return Certificate("", 1.0, {API: (self._result,)})


def test_a_record_is_read_as_it_was_written() -> None:
    certificate = Certifier("failed")(TARGET)
    assert Certificate.of(json.loads(json.dumps(certificate.record()))) == certificate


# Keeping


def test_a_certificate_is_kept() -> None:
    cache, certifier = Cache(), Certifier()
    first = obtain(TARGET, GREETING, cache, certify=certifier)
    again = obtain(TARGET, GREETING, cache, certify=certifier)
    assert again == first
    assert certifier.made == 1


def test_a_certificate_is_made_anew_when_something_changes() -> None:
    cache, certifier = Cache(), Certifier()
    obtain(TARGET, GREETING, cache, certify=certifier)
    obtain(TARGET, replace(GREETING, version="1.1"), cache, certify=certifier)
    assert certifier.made == 2


def test_a_certificate_is_made_anew_by_force() -> None:
    cache, certifier = Cache(), Certifier()
    obtain(TARGET, GREETING, cache, certify=certifier)
    obtain(TARGET, GREETING, cache, force=True, certify=certifier)
    assert certifier.made == 2


def test_without_a_cache_every_certificate_is_new() -> None:
    certifier = Certifier()
    assert obtain(TARGET, GREETING, None, certify=certifier).fingerprint
    obtain(TARGET, GREETING, None, certify=certifier)
    assert certifier.made == 2


def test_a_failure_is_not_kept() -> None:
    cache, certifier = Cache(), Certifier("failed")
    for _ in range(2):
        assert obtain(TARGET, GREETING, cache, certify=certifier).failure(API) == "layout: why"
    assert certifier.made == 2


# Side by side


def test_a_target_of_which_none_was_begun_has_none() -> None:
    assert Certificates(lambda target: GREETING, None, False).of(TARGET) is None


@pytest.mark.process
def test_a_target_that_cannot_be_started_has_none() -> None:
    certificates = Certificates(lambda target: GREETING, None, False)
    certificates.start(TARGET)
    assert certificates.of(TARGET) is None


def test_a_target_whose_worker_cannot_be_greeted_has_none() -> None:
    def greeting(target: Target) -> Greeting:
        raise TargetError("no interpreter there")

    certificates = Certificates(greeting, None, False)
    certificates.start(TARGET)
    assert certificates.of(TARGET) is None


def test_an_error_of_this_suite_is_raised_where_the_certificate_is_needed() -> None:
    def greeting(target: Target) -> Greeting:
        raise ZeroDivisionError

    certificates = Certificates(greeting, None, False)
    certificates.start(TARGET)
    with pytest.raises(ZeroDivisionError):
        certificates.of(TARGET)


# In a run


def audit_with(state: str, suite: Suite, monkeypatch: pytest.MonkeyPatch, option: str) -> tuple[Any, Any]:
    """The records of the target and of a verdict, where the API's only check ends so."""
    result = CheckResult("layout", state, "why")
    certificate = Certificate("", 1.0, {"fakeflow.Conv2d": (result,)})
    monkeypatch.setattr(
        Certificates, "_obtain", lambda self, target: self._started[target.name].set_result(certificate)
    )
    records = suite.run(option, "-k", "other").records()
    (target,) = [record for record in records if record["record"] == "target"]
    (verdict,) = [record for record in records if record["record"] == "verdict"]
    return target, verdict


def test_an_api_that_fails_is_not_audited_and_says_so(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    target, verdict = audit_with("failed", suite, monkeypatch, "--certify")
    assert verdict["outcome"] == "fault"
    assert "not audited: fakeflow.Conv2d failed its certificate: layout: why" in verdict["observed"]
    assert target["certificate"]["apis"]["fakeflow.Conv2d"] == [{"name": "layout", "state": "failed", "detail": "why"}]


def test_an_api_that_passes_is_audited(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    target, verdict = audit_with("passed", suite, monkeypatch, "--certify")
    assert verdict["outcome"] != "fault"
    assert target["certificate"]["apis"]["fakeflow.Conv2d"][0]["state"] == "passed"


def test_without_certificates_there_is_none(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    target, verdict = audit_with("failed", suite, monkeypatch, "--no-certify")
    assert verdict["outcome"] != "fault"
    assert "certificate" not in target
