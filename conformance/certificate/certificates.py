"""A run's certificates: kept ones while nothing that they rest on has changed, else new ones."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Protocol

from conformance.case import Greeting, Target
from conformance.certificate.certificate import Certificate
from conformance.certificate.certify import certify
from conformance.certificate.fingerprint import compute_fingerprint
from conformance.targets.errors import TargetError

Certify = Callable[[Target], Certificate]

SIDE_BY_SIDE = 3  # certificates that are made at once, each by two processes; more would wait for the same cores


class Cache(Protocol):
    """Where certificates are kept between runs, such as ``config.cache``."""

    def get(self, key: str, default: Any) -> Any: ...

    def set(self, key: str, value: object) -> None: ...


def obtain(
    target: Target, greeting: Greeting, cache: Cache | None, force: bool = False, certify: Certify = certify
) -> Certificate:
    """The certificate of a target: a kept one while nothing that it rests on has changed, else a new one.

    Args:
        greeting: of a worker of the target.
        cache: None where nothing is to be kept.
        force: whether a kept one does not count.
        certify: makes a new one.

    Raises:
        TargetError: the target cannot be started.
    """
    fingerprint = compute_fingerprint(target, greeting)
    key = f"conformance/certificate-{target.name}"
    record = cache.get(key, None) if cache is not None and not force else None
    if record and record["fingerprint"] == fingerprint:
        return Certificate.of(record)
    certificate = replace(certify(target), fingerprint=fingerprint)
    # A failure is worth another look in the next run.
    if cache is not None and not any(certificate.failure(api) for api in certificate.apis):
        cache.set(key, certificate.record())
    return certificate


class Certificates:
    """The certificates of a run's targets, obtained side by side while the audit goes on."""

    def __init__(self, greeting: Callable[[Target], Greeting], cache: Cache | None, force: bool) -> None:
        """`greeting` waits for a target's worker, and raises TargetError where it cannot be started."""
        self._greeting = greeting
        self._cache = cache
        self._force = force
        self._started: dict[str, Future[Certificate | None]] = {}
        self._turns = threading.BoundedSemaphore(SIDE_BY_SIDE)

    def start(self, target: Target) -> None:
        """Begin to obtain a target's certificate, once."""
        if target.name in self._started:
            return
        self._started[target.name] = Future()
        name = f"{target.name} certificate"
        threading.Thread(target=self._obtain, args=(target,), name=name, daemon=True).start()

    def _obtain(self, target: Target) -> None:
        future = self._started[target.name]
        try:
            greeting = self._greeting(target)
            with self._turns:
                future.set_result(obtain(target, greeting, self._cache, self._force))
        except TargetError:
            future.set_result(None)  # the audit says why
        except BaseException as error:
            future.set_exception(error)

    def of(self, target: Target) -> Certificate | None:
        """A target's certificate; None where none was begun, and where the target cannot be used."""
        if target.name not in self._started:
            return None
        return self._started[target.name].result()

    def is_complete(self, target: Target) -> bool:
        """Whether nobody has to wait for a target's certificate: it is there, or none was begun."""
        return target.name not in self._started or self._started[target.name].done()
