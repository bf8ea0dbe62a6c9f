"""A framework's interpreter that runs any worker with any adapter: one start for all mutants of a framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import execnet
import pytest

from conformance.apis import contracts, framework_of
from conformance.case import Observation
from conformance.certificate.alone import Alone, key_of, read_kept, write_calls
from conformance.certificate.calls import Call
from conformance.certificate.subject import Subject
from conformance.targets import protocol
from conformance.targets.interpreter import ENVIRONMENT
from conformance.targets.sources import REMOTE, modules_of_worker, source_of
from tests.frameworks import target_of

ANSWER_LIMIT = 120.0  # seconds

# Each worker and each adapter is a package of its own, so that those with and without a mistake stand side by side.
_DISPATCHER = """
import contextlib, importlib, io, os, shutil, sys, tempfile
folder = tempfile.mkdtemp(prefix="conformance-mutants-")
os.chdir(folder)
sys.path.insert(0, folder)
names = {}
def load(files):
    key = str(sorted(files.items()))
    if key not in names:
        names[key] = "package_%d" % len(names)
        os.mkdir(names[key])
        for name, source in files.items():
            with open(os.path.join(names[key], name), "w", encoding="utf-8") as file:
                file.write(source)
        importlib.invalidate_caches()
    return names[key]
ready = set()
for message in channel:
    if isinstance(message, str):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(message, "script.py", "exec"), {"__name__": "__main__"})
        channel.send(printed.getvalue())
        continue
    if len(message) == 1:
        channel.send(importlib.import_module(load({"__init__.py": message[0]})).version())
        continue
    worker, adapter, calls = message
    worker = load(worker)
    execution = importlib.import_module(worker + ".execution")
    last_words = importlib.import_module(worker + ".last_words")
    adapter = importlib.import_module(load({"__init__.py": adapter}))
    if adapter not in ready:
        adapter.setup(None)
        ready.add(adapter)
    progress, answers = last_words.Progress("progress"), []
    for call in calls:
        adapter.reset()
        answers.append(execution.Execution(adapter, call, progress).run())
    os.close(progress.file)
    channel.send(answers)
shutil.rmtree(folder)
"""


class Interpreters:
    """The interpreters of the frameworks, each started when it is first asked."""

    def __init__(self) -> None:
        self._group = execnet.Group()
        self._channels: dict[str, execnet.Channel] = {}
        self._printed: dict[tuple[str, str], str] = {}  # by framework and script

    def answer(
        self, framework: str, worker: Mapping[str, str], adapter: str, calls: Sequence[Mapping[str, Any]]
    ) -> list[Any]:
        """The answers of a worker with an adapter: the source of each file of the one, and that of the other.

        An interpreter that is lost is no failure of a check: it fails the test.
        """
        answers: list[Any] = self._ask(framework, (worker, adapter, list(calls)))
        return answers

    def execute(self, framework: str, script: str) -> str:
        """What a script prints there."""
        if (framework, script) not in self._printed:
            self._printed[framework, script] = self._ask(framework, script)
        return self._printed[framework, script]

    def version(self, framework: str, adapter: str) -> str:
        """What an adapter says of its framework."""
        return str(self._ask(framework, (adapter,)))

    def _ask(self, framework: str, message: object) -> Any:
        if framework not in self._channels:
            self._channels[framework] = self._start(framework)
        channel = self._channels[framework]
        try:
            channel.send(message)
            return channel.receive(ANSWER_LIMIT)
        except (EOFError, OSError, execnet.RemoteError, execnet.TimeoutError) as error:
            pytest.fail(f"{framework} gave no answer: {error}")

    def _start(self, framework: str) -> execnet.Channel:
        environment = "".join(f"//env:{name}={value}" for name, value in ENVIRONMENT.items())
        gateway = self._group.makegateway(target_of(framework).spec + environment)
        return gateway.remote_exec(_DISPATCHER)

    def close(self) -> None:
        self._group.terminate(1.0)


def subject_of(api: str, interpreters: Interpreters, sources: Mapping[str, str]) -> Subject:
    """An API as a check sees it; `sources` replace those of the modules that travel."""
    framework = framework_of(api)

    def source(module: str) -> str:
        return sources.get(module) or source_of(module)

    def ask(calls: Sequence[Mapping[str, Any]]) -> list[Observation]:
        worker = {Path(path).name: source(module) for path, module in modules_of_worker().items()}
        adapter = source(f"{REMOTE}.adapters.{framework.name}")
        numbered = [{**call, "id": number} for number, call in enumerate(calls)]
        answers = interpreters.answer(framework.name, worker, adapter, numbered)
        return [protocol.decode_answer(answer, number) for number, answer in enumerate(answers)]

    contract = contracts()[api]

    def run(*calls: Call) -> Alone:
        script = write_calls(replace(framework, contracts=(contract,)), {api: calls})
        return read_kept(interpreters.execute(framework.name, script))

    version = interpreters.version(framework.name, source(f"{REMOTE}.adapters.{framework.name}"))
    return Subject(
        contract, framework, ask, lambda call: run(call).get(key_of(call)), version, lambda: run().get("versions", ())
    )
