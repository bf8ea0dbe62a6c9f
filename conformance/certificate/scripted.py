"""All calls that are run by themselves, by one process for each target."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.apis import Contract, Framework
from conformance.certificate.alone import write_calls
from conformance.certificate.calls import Call
from conformance.certificate.checks.arguments import scripted_arguments
from conformance.certificate.checks.dtypes import scripted_dtypes
from conformance.certificate.checks.errors import scripted_errors
from conformance.certificate.checks.executed import plain_calls
from conformance.certificate.checks.seeds import scripted_seeds
from conformance.certificate.checks.space import scripted_rows
from conformance.certificate.checks.special import scripted_special

SCRIPTED: tuple[Callable[[Contract], Iterator[Call]], ...] = (
    plain_calls,
    scripted_rows,
    scripted_dtypes,
    scripted_errors,
    scripted_arguments,
    scripted_special,
    scripted_seeds,
)


def write_scripted(framework: Framework) -> str:
    """The script of a framework's calls."""
    calls = {}
    for contract in framework.contracts:
        calls[contract.api] = [call for scripted in SCRIPTED for call in scripted(contract)]
    return write_calls(framework, calls)
