"""A framework's interpreter that runs any worker with any adapter: one start for all mutants of a framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import execnet
import pytest

from conformance.apis import contracts, framework_of
from conformance.case import Observation
from conformance.certificate.subject import Subject
from conformance.targets import protocol
from conformance.targets.interpreter import ENVIRONMENT
from conformance.targets.sources import REMOTE, WORKER, modules_of_worker, name_adapter, source_of
from tests.frameworks import target_of

ANSWER_LIMIT = 120.0  # seconds

# Files are written as `targets.remote.boot` does, each set into a folder of its own and imported anew.
_DISPATCHER = """
import importlib, os, sys, tempfile
os.chdir(tempfile.mkdtemp(prefix="conformance-mutants-"))
loaded = {}
def load(files, worker, adapter):
    key = tuple(sorted(files.items()))
    if key not in loaded:
        folder = tempfile.mkdtemp(dir=os.getcwd())
        for path, source in files.items():
            path = os.path.join(folder, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(source)
        for name in list(sys.modules):
            if name.split(".")[0] in (worker, adapter):
                del sys.modules[name]
        sys.path.insert(0, folder)
        execution = importlib.import_module(worker + ".execution")
        last_words = importlib.import_module(worker + ".last_words")
        module = importlib.import_module(adapter)
        sys.path.remove(folder)
        module.setup(None)
        loaded[key] = execution.Execution, last_words.Progress, module
    return loaded[key]
for files, worker, adapter, calls in channel:
    Execution, Progress, module = load(files, worker, adapter)
    progress, answers = Progress("progress"), []
    for call in calls:
        module.reset()
        answers.append(Execution(module, call, progress).run())
    os.close(progress.file)
    channel.send(answers)
"""


class Interpreters:
    """The interpreters of the frameworks, each started when it is first asked."""

    def __init__(self) -> None:
        self._group = execnet.Group()
        self._channels: dict[str, execnet.Channel] = {}

    def answer(self, framework: str, files: Mapping[str, str], calls: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The answers of a worker with an adapter, given as the files that travel.

        An interpreter that is lost is no failure of a check: it fails the test.
        """
        if framework not in self._channels:
            self._channels[framework] = self._start(framework)
        channel = self._channels[framework]
        try:
            channel.send((dict(files), WORKER, name_adapter(framework), list(calls)))
            answers: list[Any] = channel.receive(ANSWER_LIMIT)
        except (EOFError, OSError, execnet.RemoteError, execnet.TimeoutError) as error:
            pytest.fail(f"{framework} gave no answer: {error}")
        return answers

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
        files = {path: source(module) for path, module in modules_of_worker().items()}
        files[f"{name_adapter(framework.name)}.py"] = source(f"{REMOTE}.adapters.{framework.name}")
        numbered = [{**call, "id": number} for number, call in enumerate(calls)]
        answers = interpreters.answer(framework.name, files, numbered)
        return [protocol.decode_answer(answer, number) for number, answer in enumerate(answers)]

    return Subject(contracts()[api], framework, ask, dict)
