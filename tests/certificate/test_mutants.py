"""Mistakes seeded into adapters, worker, contracts and judge are noticed, each by what `mutants` says.

Adapters and worker run in the real framework's interpreter: one start for all mutants of a framework.
"""

from __future__ import annotations

import importlib
import inspect
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import execnet
import pytest

from conformance.apis import contracts, framework_of
from conformance.case import Observation
from conformance.certificate.probes import CHECKS, Failed, Subject
from conformance.targets import protocol
from conformance.targets.errors import ProtocolError
from conformance.targets.interpreter import ENVIRONMENT, REMOTE, source_of
from tests.certificate.mutants import ADAPTERS, MUTANTS, WORKERS, Mutant
from tests.frameworks import target_of

_DISPATCHER = """
import os, tempfile, types
os.chdir(tempfile.mkdtemp(prefix="conformance-mutants-"))
loaded = {}
def load(source):
    if source not in loaded:
        module = types.ModuleType("mutant")
        exec(compile(source, "mutant", "exec"), module.__dict__)
        loaded[source] = module
        if hasattr(module, "setup"):
            module.setup(None)
    return loaded[source]
for worker, adapter, calls in channel:
    worker, adapter = load(worker), load(adapter)
    progress, answers = worker.Progress("progress"), []
    for call in calls:
        adapter.reset()
        answers.append(worker.Call(adapter, call, progress).run())
    os.close(progress.file)
    channel.send(answers)
"""


class Interpreter:
    """A framework's interpreter that runs any worker with any adapter."""

    def __init__(self, framework: str) -> None:
        self._framework = framework
        spec = target_of(framework).spec + "".join(f"//env:{k}={v}" for k, v in ENVIRONMENT.items())
        self._group = execnet.Group()
        self._channel = self._group.makegateway(spec).remote_exec(_DISPATCHER)

    def subject(self, api: str, sources: Mapping[str, str]) -> Subject:
        worker = sources.get(f"{REMOTE}.worker") or source_of(f"{REMOTE}.worker")
        name = f"{REMOTE}.adapters.{self._framework}"
        adapter = sources.get(name) or source_of(name)

        def ask(calls: Sequence[Mapping[str, Any]]) -> list[Observation]:
            numbered = [{**call, "id": number} for number, call in enumerate(calls)]
            self._channel.send((worker, adapter, numbered))
            answers = self._channel.receive(120)
            return [protocol.observation(answer, number) for number, answer in enumerate(answers)]

        return Subject(contracts()[api], framework_of(api), ask, {})

    def close(self) -> None:
        self._group.terminate(1.0)


@pytest.fixture(scope="session")
def interpreters() -> Iterator[dict[str, Interpreter]]:
    started: dict[str, Interpreter] = {}
    yield started
    for interpreter in started.values():
        interpreter.close()


def subject(interpreters: dict[str, Interpreter], api: str, sources: Mapping[str, str]) -> Subject:
    name = api.split(".")[0]
    if name not in interpreters:
        interpreters[name] = Interpreter(name)
    return interpreters[name].subject(api, sources)


@contextmanager
def transplanted(mutant: Mutant) -> Iterator[None]:
    """The mutated code in the functions that already exist, wherever they have been imported to."""
    module = importlib.import_module(mutant.module)
    source = Path(inspect.getfile(module)).read_text(encoding="utf-8")
    mutated = types.ModuleType(mutant.module)
    mutated.__file__ = inspect.getfile(module)
    exec(compile(source.replace(mutant.old, mutant.new), inspect.getfile(module), "exec"), mutated.__dict__)
    own = ((name, item) for name, item in vars(module).items() if getattr(item, "__module__", None) == module.__name__)
    functions = {name: item for name, item in own if inspect.isfunction(item)}
    codes = {name: item.__code__ for name, item in functions.items()}
    try:
        for name, item in functions.items():
            item.__code__ = vars(mutated)[name].__code__
        yield
    finally:
        for name, item in functions.items():
            item.__code__ = codes[name]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.module.removeprefix('conformance.')}: {m.name}")
def test_a_mistake_is_noticed(mutant: Mutant, interpreters: dict[str, Interpreter]) -> None:
    source = source_of(mutant.module)
    assert source.count(mutant.old) >= 1, f"{mutant.module} no longer has the text {mutant.old!r}"
    if mutant in ADAPTERS or mutant in WORKERS:
        assert isinstance(mutant.by, str)
        wrong = subject(interpreters, mutant.api, {mutant.module: source.replace(mutant.old, mutant.new)})
        with pytest.raises((Failed, ProtocolError, LookupError, TypeError, ValueError, AttributeError)):
            CHECKS[mutant.by](wrong)
        return
    probe = mutant.by
    if isinstance(probe, str):
        probe = partial(CHECKS[probe], subject(interpreters, mutant.api, {}))
    with transplanted(mutant), pytest.raises(Exception):  # noqa: B017, PT011  whatever a mistake makes of it
        probe()


@pytest.mark.parametrize("api", sorted({mutant.api for mutant in MUTANTS}))
def test_without_a_mistake_nothing_is_noticed(api: str, interpreters: dict[str, Interpreter]) -> None:
    for check in sorted({mutant.by for mutant in MUTANTS if isinstance(mutant.by, str)}):
        CHECKS[check](subject(interpreters, api, {}))


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if not isinstance(m.by, str)], ids=lambda m: m.name)
def test_probes_pass_without_their_mistake(mutant: Mutant) -> None:
    mutant.by()


def test_there_are_enough_and_no_two_alike() -> None:
    assert len(MUTANTS) >= 40
    assert len({(m.module, m.old, m.new) for m in MUTANTS}) == len(MUTANTS)
