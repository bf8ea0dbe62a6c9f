"""The checks of a certificate: each asks one API a few calls and holds the answers against what must be so.

Nothing here trusts the judge, and little the contract: layers are small, numbers are small integers, and everything
is compared bit for bit.
"""

from collections.abc import Mapping

from conformance.apis import frameworks
from conformance.case import Target
from conformance.certificate.checks.arguments import check_arguments
from conformance.certificate.checks.backward import check_backward
from conformance.certificate.checks.contract import check_contract
from conformance.certificate.checks.defaults import check_defaults
from conformance.certificate.checks.dtypes import check_dtypes
from conformance.certificate.checks.errors import check_errors
from conformance.certificate.checks.executed import check_executed
from conformance.certificate.checks.gradients import check_gradients
from conformance.certificate.checks.judge import check_judge
from conformance.certificate.checks.layout import check_layout
from conformance.certificate.checks.no_equivalent import check_no_equivalent
from conformance.certificate.checks.operands import check_operands
from conformance.certificate.checks.parameters import check_parameters
from conformance.certificate.checks.phases import check_phases
from conformance.certificate.checks.repeat import check_repeat
from conformance.certificate.checks.seeds import check_seeds
from conformance.certificate.checks.sequences import check_sequences
from conformance.certificate.checks.space import check_space
from conformance.certificate.checks.special import check_special
from conformance.certificate.checks.transport import check_transport
from conformance.certificate.checks.version import check_version
from conformance.certificate.subject import Check

__all__ = ["CHECKS", "select_checks"]

# In the order of a certificate.
CHECKS: Mapping[str, Check] = {
    "layout": check_layout,
    "parameters": check_parameters,
    "transport": check_transport,
    "repeat": check_repeat,
    "gradients": check_gradients,
    "phases": check_phases,
    "backward": check_backward,
    "sequences": check_sequences,
    "seeds": check_seeds,
    "judge": check_judge,
    "executed": check_executed,
    "space": check_space,
    "dtypes": check_dtypes,
    "operands": check_operands,
    "special": check_special,
    "arguments": check_arguments,
    "errors": check_errors,
    "defaults": check_defaults,
    "version": check_version,
    "contract": check_contract,
    "no_equivalent": check_no_equivalent,
}
# What no mode can spoil: the framework's own target certifies its contracts, and what is told of its errors.
OF_CONTRACTS = ("sequences", "seeds", "backward", "arguments", "defaults", "contract", "no_equivalent")
# What a mode is asked that compiles for seconds, or has one dtype alone: whether it runs what stands in a script, on
# each operand that is sent.
OF_FEW = ("repeat", "phases", "executed", "operands", "version")


def is_in_mode(target: Target) -> bool:
    """Whether a target runs what another one certifies the contracts of; another backend has to pass by itself."""
    return bool(target.mode) and not frameworks()[target.framework].modes[target.mode].variables


def select_checks(target: Target) -> Mapping[str, Check]:
    """The checks of a target, by name."""
    if not is_in_mode(target):
        return CHECKS
    mode = frameworks()[target.framework].modes[target.mode]
    if mode.compiles or mode.dtype:
        return {name: CHECKS[name] for name in OF_FEW}
    return {name: check for name, check in CHECKS.items() if name not in OF_CONTRACTS}
