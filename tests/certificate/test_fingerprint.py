"""The fingerprint of a certificate covers what the certificate rests on, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from conformance.case import Greeting, Target
from conformance.certificate import fingerprint
from conformance.certificate.fingerprint import PACKAGES, compute_fingerprint, modules_behind, travelling_modules
from conformance.targets.remote.worker import machine
from conformance.targets.sources import source_of
from tests.frameworks import ROOT

TARGET = Target("torch", "torch", "popen//python=/nonexistent")
GREETING = Greeting("1.0", {"python": "3.11", "device": "cpu"}, "/tmp/none", 1)


@pytest.fixture(scope="module")
def behind() -> set[str]:
    return modules_behind("torch")


@pytest.fixture(scope="module")
def unchanged() -> str:
    return compute_fingerprint(TARGET, GREETING)


def fingerprint_after_a_change_of(module: str) -> str:
    def read(name: str) -> str:
        return source_of(name) + ("# another line\n" if name == module else "")

    return compute_fingerprint(TARGET, GREETING, read)


@pytest.mark.parametrize(
    "module",
    [
        "conv_reference.convolution",
        "conformance.verdicts.judge",
        "conformance.targets.remote.worker.execution",
        "conformance.targets.remote.adapters.torch",
    ],
    ids=["oracle", "judge", "worker", "its adapter"],
)
def test_a_change_of_what_it_rests_on_changes_it(module: str, unchanged: str) -> None:
    assert fingerprint_after_a_change_of(module) != unchanged


@pytest.mark.parametrize(
    "module",
    ["conv_reports", "conformance.targets.remote.adapters.mindspore"],
    ids=["reports", "another adapter"],
)
def test_a_change_of_anything_else_does_not(module: str, unchanged: str) -> None:
    assert source_of(module), "there is something to change"
    assert fingerprint_after_a_change_of(module) == unchanged


@pytest.mark.parametrize(
    "module",
    [
        "conv_reference",
        "conv_reference.bounds",
        "conv_reference.convolution",
        "conformance.apis.common",
        "conformance.apis.torch",
        "conformance.case.values",
        "conformance.certificate.certify",
        "conformance.certificate.checks.layout",
        "conformance.oracle.expectation",
        "conformance.oracle.inputs",
        "conformance.reproducers.call",
        "conformance.targets.connection",
        "conformance.targets.protocol",
        "conformance.targets.remote.boot",
        "conformance.targets.remote.limits",
        "conformance.targets.remote.run_script",
        "conformance.targets.remote.worker.values",
        "conformance.verdicts.comparison",
    ],
)
def test_it_rests_on(module: str, behind: set[str]) -> None:
    assert module in behind


@pytest.mark.parametrize(
    "module",
    [
        "conformance.apis.megengine",
        "conformance.cases.coverage",
        "conformance.plugin",
        "conformance.records.results",
        "conv_reports",
    ],
)
def test_it_does_not_rest_on(module: str, behind: set[str]) -> None:
    assert source_of(module), "there is such a module"
    assert module not in behind


@pytest.mark.parametrize(
    "greeting",
    [
        replace(GREETING, version="1.1"),
        replace(GREETING, environment={"python": "3.12", "device": "cpu"}),
        replace(GREETING, environment={**GREETING.environment, "packages": "another"}),
        replace(GREETING, environment={**GREETING.environment, "variables": "another"}),
        replace(GREETING, environment={**GREETING.environment, "mode": "graph"}),
    ],
    ids=["framework", "environment", "packages", "variables", "mode"],
)
def test_another_version_changes_it(greeting: Greeting, unchanged: str) -> None:
    assert compute_fingerprint(TARGET, greeting) != unchanged


@pytest.mark.parametrize(
    "target",
    [replace(TARGET, spec="popen//python=/elsewhere"), replace(TARGET, device="cuda"), replace(TARGET, mode="vmap")],
    ids=["interpreter", "device", "mode"],
)
def test_another_target_changes_it(target: Target, unchanged: str) -> None:
    assert compute_fingerprint(target, GREETING) != unchanged


def test_where_the_process_is_does_not_matter(unchanged: str) -> None:
    elsewhere = replace(GREETING, folder="/tmp/other", pid=2)
    assert compute_fingerprint(TARGET, elsewhere) == unchanged


@pytest.mark.process
def test_what_python_imports_to_certify_is_followed(behind: set[str]) -> None:
    imports = "import sys, conformance.certificate.certify; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", imports], cwd=ROOT, capture_output=True, text=True, check=True)
    imported = {name for name in done.stdout.split() if name.partition(".")[0] in PACKAGES}
    assert imported - behind == set()


def test_what_travels_is_what_is_in_the_room_but_for_the_other_adapters() -> None:
    adapters = [name for name in travelling_modules("torch") if ".adapters." in name]
    assert adapters == ["conformance.targets.remote.adapters.torch"]


@pytest.mark.parametrize(("mode", "travelling"), [("", []), ("vmap", ["conformance.targets.remote.modes.torch"])])
def test_modes_travel_where_one_is_named(mode: str, travelling: list[str]) -> None:
    assert [name for name in travelling_modules("torch", mode) if ".modes." in name] == travelling


def test_what_is_installed_here_changes_it(unchanged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "digest_packages", lambda: "another")
    assert compute_fingerprint(TARGET, GREETING) != unchanged


def test_a_package_more_is_another_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    def install(*packages: tuple[str, str]) -> str:
        installed = [SimpleNamespace(read_text=lambda _, package=package: str(package)) for package in packages]
        monkeypatch.setattr(machine.importlib.metadata, "distributions", lambda: installed)
        return machine.digest_packages()

    one = install(("numpy", "1.26"), ("torch", "2.13"))
    assert install(("torch", "2.13"), ("numpy", "1.26")) == one
    assert len({one, install(("numpy", "1.26")), install(("numpy", "2.0"), ("torch", "2.13"))}) == 3


@pytest.mark.parametrize("name", ["ONEDNN_MAX_CPU_ISA", "OMP_NUM_THREADS", "MS_DEV_RUNTIME_CONF", "MGB_USE_MEGDNN_DBG"])
def test_a_variable_of_a_library_is_another_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = machine.describe_machine()
    monkeypatch.setenv("UNRELATED", "1")
    assert machine.describe_machine() == before
    monkeypatch.setenv(name, "one more")
    assert machine.describe_machine() != before
