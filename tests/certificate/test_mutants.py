"""Mistakes seeded into adapters, worker, contracts and judge are noticed, each by what `mutants` says."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Iterator

import pytest

from conformance.certificate.certificate import CheckResult
from tests.certificate import wrong_adapters, wrong_contracts, wrong_judges
from tests.certificate.called import fails
from tests.certificate.imports import imported_anew
from tests.certificate.in_target import Interpreters
from tests.certificate.mutants import (
    FUNCTIONAL,
    MUTANTS,
    OF_THE_HOST,
    REMOTE,
    SET_TORCH,
    TORCH,
    TRAVELLING,
    Check,
    Mutant,
    Test,
)
from tests.frameworks import ROOT
from tests.mutation import Mutation

MORE_THAT_TRAVEL = [mutant for mutants in wrong_adapters.BY_CLASS.values() for mutant in mutants]
MORE_OF_THE_HOST = [
    mutant for mutants in (*wrong_contracts.BY_CLASS.values(), *wrong_judges.BY_CLASS.values()) for mutant in mutants
]
ALL = [*MUTANTS, *MORE_THAT_TRAVEL, *MORE_OF_THE_HOST]
HOST = [*OF_THE_HOST, *MORE_OF_THE_HOST]
CHECKED = [mutant for mutant in HOST if isinstance(mutant.noticed_by, Check)]
TESTED = [mutant for mutant in HOST if isinstance(mutant.noticed_by, Test)]
CHECKS = sorted({mutant.noticed_by for mutant in ALL if isinstance(mutant.noticed_by, Check)}, key=str)
TESTS = sorted({mutant.noticed_by.id for mutant in TESTED if isinstance(mutant.noticed_by, Test)})


@pytest.fixture(scope="module")
def interpreters() -> Iterator[Interpreters]:
    started = Interpreters()
    yield started
    started.close()


def perform(check: Check, interpreters: Interpreters, sources: dict[str, str] | None = None) -> CheckResult:
    """How a check of the certificate ends, by the modules that are imported now."""
    certify = importlib.import_module("conformance.certificate.certify")
    in_target = importlib.import_module("tests.certificate.in_target")
    subject = in_target.subject_of(check.api, interpreters, sources or {})
    checks = importlib.import_module("conformance.certificate.checks")
    return certify.perform(check.name, checks.CHECKS[check.name], subject)


def run_tests(*ids: str) -> tuple[pytest.ExitCode, str]:
    """Run tests within this process; what pytest says of them."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as said:
        patch.chdir(ROOT)
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        patch.delenv("PYTEST_ADDOPTS", raising=False)
        # Without the suite's own plugin, which none of these tests needs.
        options = ["-q", "-x", "--tb=short", "-p", "no:cacheprovider", "-o", "addopts=", "--import-mode=importlib"]
        code = pytest.main([*options, *ids])
    return pytest.ExitCode(code), said.getvalue()


@pytest.mark.parametrize("mutant", [*TRAVELLING, *MORE_THAT_TRAVEL], ids=lambda mutant: mutant.name)
def test_a_mistake_in_what_travels_is_noticed(mutant: Mutant, interpreters: Interpreters) -> None:
    mutated = mutant.mutation.apply()
    assert perform(mutant.noticed_by, interpreters, {mutated.module: mutated.source}).state == "failed"


def test_a_mistake_is_told_of_the_apis_alone_that_it_concerns(interpreters: Interpreters) -> None:
    mutated = Mutation(REMOTE, SET_TORCH, "pass").apply()
    sources = {mutated.module: mutated.source}
    module = perform(Check("parameters", TORCH), interpreters, sources)
    function = perform(Check("parameters", FUNCTIONAL), interpreters, sources)
    assert "the bits of weight" in module.detail
    assert function.state == "passed", "it needs no parameters to be set"


@pytest.mark.parametrize("mutant", CHECKED, ids=lambda mutant: mutant.name)
def test_a_mistake_of_the_host_is_noticed_by_its_check(mutant: Mutant, interpreters: Interpreters) -> None:
    with imported_anew(mutant.mutation.apply()):
        assert perform(mutant.noticed_by, interpreters).state == "failed"


@pytest.mark.parametrize("mutant", TESTED, ids=lambda mutant: mutant.name)
def test_a_mistake_of_the_host_is_noticed_by_its_test(mutant: Mutant) -> None:
    assert isinstance(mutant.noticed_by, Test)
    with imported_anew(mutant.mutation.apply()):
        assert fails(mutant.noticed_by)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.name} of {check.api}")
def test_without_a_mistake_the_check_passes(check: Check, interpreters: Interpreters) -> None:
    result = perform(check, interpreters)
    assert result.state == "passed" or (".mint." in check.api and result.state == "not observable"), result.detail


def test_without_a_mistake_the_tests_pass() -> None:
    with imported_anew(None):
        code, said = run_tests(*TESTS)
    assert code is pytest.ExitCode.OK, said


def test_there_are_enough_and_no_two_alike() -> None:
    assert len({mutant.name for mutant in ALL}) == len(ALL) >= 390
    assert len({(mutant.mutation, mutant.noticed_by) for mutant in ALL}) == len(ALL)
