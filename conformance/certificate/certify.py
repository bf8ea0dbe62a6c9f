"""The certificate: shows that a target's adapter and contracts are right, before anyone believes a verdict of it.

A wrong harness must never pass for a wrong framework: an API of which a check fails is not audited.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import execnet

from conformance.apis import Framework, frameworks
from conformance.case import Greeting, Observation, Target
from conformance.certificate.probes import CHECKS, Failed, NotObservable, Subject, executable
from conformance.reproducers.confirm import NotExecuted, execute
from conformance.targets import protocol
from conformance.targets.connection import Connection
from conformance.targets.errors import ProtocolError, TargetError

ANSWER_LIMIT = 60.0  # seconds for one answer
BATCH = 32
ROOT = Path(__file__).parent
MARK = "conformance certificate: "

State = Literal["passed", "failed", "not observable"]


@dataclass(frozen=True)
class Check:
    """One check of an API; `detail` says what was checked, what is wrong, or what the device lacks."""

    name: str
    state: State
    detail: str


@dataclass(frozen=True)
class Certificate:
    """What was checked of a target's APIs.

    Attributes:
        fingerprint: of the framework's and Python's versions and this suite's sources; another needs another.
        seconds: that the checks took.
        apis: the checks by API.
    """

    fingerprint: str
    seconds: float
    apis: Mapping[str, tuple[Check, ...]]

    def failure(self, api: str) -> str | None:
        """Why an API is not audited, or None."""
        failed = [check for check in self.apis.get(api, ()) if check.state == "failed"]
        return "; ".join(f"{check.name}: {check.detail}" for check in failed) or None

    def record(self) -> dict[str, Any]:
        """As JSON data, for the results file and a cache."""
        apis = {api: [asdict(check) for check in checks] for api, checks in self.apis.items()}
        return {"fingerprint": self.fingerprint, "seconds": self.seconds, "apis": apis}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Certificate:
        """The inverse of `record`."""
        apis = {api: tuple(Check(**check) for check in checks) for api, checks in record["apis"].items()}
        return cls(record["fingerprint"], record["seconds"], apis)


class Cache(Protocol):
    """Where certificates are kept between runs, such as ``config.cache``."""

    def get(self, key: str, default: Any) -> Any: ...

    def set(self, key: str, value: object) -> None: ...


def obtain(target: Target, greeting: Greeting, cache: Cache | None, force: bool = False) -> Certificate:
    """The certificate of a target: a kept one while nothing that it depends on has changed, else a new one.

    Args:
        greeting: of a worker of the target.
        cache: None where nothing is to be kept.
        force: whether a kept one does not count.
    """
    wanted = fingerprint(target, greeting)
    key = f"conformance/certificate-{target.name}"
    kept = cache.get(key, None) if cache is not None and not force else None
    if kept and kept["fingerprint"] == wanted:
        return Certificate.of(kept)
    found = replace(certify(target), fingerprint=wanted)
    if cache is not None and not any(found.failure(api) for api in found.apis):
        cache.set(key, found.record())
    return found


class Certificates:
    """The certificates of a run's targets, obtained side by side while the audit goes on."""

    def __init__(self, greeting: Callable[[Target], Greeting], cache: Cache | None, force: bool) -> None:
        """`greeting` waits for a target's worker, and raises TargetError where it cannot be started."""
        self._greeting, self._cache, self._force = greeting, cache, force
        self._started: dict[str, Future[Certificate | None]] = {}

    def start(self, target: Target) -> None:
        """Begin to obtain a target's certificate, once."""
        if target.name not in self._started:
            self._started[target.name] = Future()
            threading.Thread(
                target=self._obtain, args=(target,), name=f"{target.name} certificate", daemon=True
            ).start()

    def _obtain(self, target: Target) -> None:
        future = self._started[target.name]
        try:
            future.set_result(obtain(target, self._greeting(target), self._cache, self._force))
        except TargetError:
            future.set_result(None)  # the audit says why
        except BaseException as error:
            future.set_exception(error)

    def of(self, target: Target) -> Certificate | None:
        """A target's certificate; None where none was begun, and where the target cannot be used."""
        started = self._started.get(target.name)
        return started.result() if started is not None else None


def fingerprint(target: Target, greeting: Greeting) -> str:
    """Identifies what a certificate is about: the target, its versions, and this suite's code for it."""
    digest = hashlib.sha256(
        json.dumps([target.spec, target.device, greeting.version, dict(greeting.environment)]).encode()
    )
    for path in sorted([*ROOT.glob("*.py"), *ROOT.glob("apis/*.py"), ROOT / "adapters" / f"{target.framework}.py"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def certify(target: Target, framework: Framework | None = None) -> Certificate:
    """Check every API of a target.

    Raises:
        TargetError: the target cannot be started.
    """
    started = time.monotonic()
    framework = frameworks()[target.framework] if framework is None else framework
    asked = _Worker(target)
    try:
        printed = _executed(target, framework)
        apis = {
            contract.api: tuple(_check(name, Subject(contract, framework, asked.ask, printed)) for name in CHECKS)
            for contract in framework.contracts
        }
    finally:
        asked.close()
    return Certificate("", round(time.monotonic() - started, 1), apis)


def _check(name: str, subject: Subject) -> Check:
    try:
        return Check(name, "passed", CHECKS[name](subject))
    except NotObservable as error:
        return Check(name, "not observable", str(error))
    except Failed as error:
        return Check(name, "failed", str(error)[:500])
    except Exception as error:  # whatever a wrong adapter makes of an answer, it is no pass
        return Check(name, "failed", f"{type(error).__name__}: {error}"[:500])


def _executed(target: Target, framework: Framework) -> Mapping[str, Any]:
    """What the source of all APIs keeps, run by itself."""
    source = framework.source
    lines = [source.imports, *(f"import {c.api.rsplit('.', 1)[0]}" for c in framework.contracts), source.prepare]
    lines += ["import base64, json, zlib", "answers = {}"]
    for contract in framework.contracts:
        lines += executable(contract, framework)
    lines.append(f'print("{MARK}" + json.dumps(answers))')
    try:
        _, out, _ = execute(target, "\n".join(lines) + "\n")
    except NotExecuted:
        return {}
    marked = [line.removeprefix(MARK) for line in out.splitlines() if line.startswith(MARK)]
    found: Mapping[str, Any] = json.loads(marked[-1]) if marked else {}
    return found


class _Worker:
    """A target's worker, asked in batches; a fresh one once it has died."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection = self._started()

    def _started(self) -> Connection:
        connection = Connection(self._target)
        try:
            connection.start()
        except BaseException:
            connection.close()
            raise
        return connection

    def ask(self, calls: Sequence[Mapping[str, Any]]) -> list[Observation]:
        """The answers to calls, in order. Raises Failed where there are none."""
        answers: list[Observation] = []
        try:
            for first in range(0, len(calls), BATCH):
                batch = [{**call, "id": first + n} for n, call in enumerate(calls[first : first + BATCH])]
                self._connection.send(batch)
                for call in batch:
                    answers.append(protocol.observation(self._connection.receive(ANSWER_LIMIT), call["id"]))
        except (EOFError, OSError, execnet.RemoteError, execnet.TimeoutError, ProtocolError) as error:
            self._connection.close()
            self._connection = self._started()
            raise Failed(f"the worker gave no answer: {error or type(error).__name__}") from error
        return answers

    def close(self) -> None:
        self._connection.finish()
