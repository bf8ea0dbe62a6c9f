"""All calls that are run by themselves, by one process for each target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

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

# By the name of the check.
SCRIPTED: Mapping[str, Callable[[Contract], Iterator[Call]]] = {
    "executed": plain_calls,
    "space": scripted_rows,
    "dtypes": scripted_dtypes,
    "errors": scripted_errors,
    "arguments": scripted_arguments,
    "special": scripted_special,
    "seeds": scripted_seeds,
}


def write_scripted(framework: Framework, checks: Collection[str] = tuple(SCRIPTED)) -> str:
    """The script of a framework's calls, those that checks of these names hold against the worker's."""
    chosen = [scripted for check, scripted in SCRIPTED.items() if check in checks]
    calls = {}
    for contract in framework.contracts:
        calls[contract.api] = [call for scripted in chosen for call in scripted(contract)]
    return write_calls(framework, calls)
