"""Certifies a target: shows that its adapter and contracts are right, before anyone believes a verdict of it.

A wrong harness must never pass for a wrong framework: an API of which a check fails is not audited.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping

from conformance.apis import Framework, framework_of_target
from conformance.case import Target
from conformance.certificate.alone import key_of, run_alone
from conformance.certificate.certificate import Certificate, CheckResult
from conformance.certificate.checks import is_in_mode, select_checks
from conformance.certificate.conversation import Conversation
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.scripted import write_scripted
from conformance.certificate.subject import Check, Subject

MAX_DETAIL = 500  # characters of what a check says that failed


def certify(
    target: Target, framework: Framework | None = None, checks: Mapping[str, Check] | None = None
) -> Certificate:
    """Check every API of a target.

    Args:
        framework: the APIs to check; all of the target's framework by default.
        checks: by name; those of the target by default.

    Raises:
        TargetError: the target cannot be started.
    """
    started = time.monotonic()
    framework = framework_of_target(target) if framework is None else framework
    checks = select_checks(target) if checks is None else checks
    # By one process for all APIs, since the framework's import costs most of the time.
    kept = functools.cache(lambda: run_alone(target, write_scripted(framework, checks), len(framework.contracts)))
    conversation = Conversation(target)
    apis = {}
    try:
        for contract in framework.contracts:
            subject = Subject(
                contract,
                framework,
                conversation.answer,
                lambda call: kept().get(key_of(call)),
                conversation.version,
                lambda: list(kept().get("versions", ())),
                is_in_mode(target),
            )
            apis[contract.api] = tuple(perform(name, check, subject) for name, check in checks.items())
    finally:
        conversation.close()
    return Certificate("", round(time.monotonic() - started, 1), apis)


def perform(name: str, check: Check, subject: Subject) -> CheckResult:
    """One check of one API."""
    try:
        return CheckResult(name, "passed", check(subject))
    except NotObservableError as error:
        return CheckResult(name, "not observable", str(error))
    except CheckFailedError as error:
        return CheckResult(name, "failed", str(error)[:MAX_DETAIL])
    except Exception as error:  # whatever a wrong adapter makes of an answer, it is no pass
        return CheckResult(name, "failed", f"{type(error).__name__}: {error}"[:MAX_DETAIL])
