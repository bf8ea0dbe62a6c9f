"""What happens to a layer between two calls, as a vendor has it."""

from __future__ import annotations

from conformance.apis import Contract, NoEquivalent
from conformance.case import OF_NEXT_CALL, Again, Assigned, Case, Changed
from conformance.case.values import Arguments
from conformance.oracle.sequence import find_calls, take

OF_FUNCTIONS = (Again, Changed, *OF_NEXT_CALL)  # what can be done with a function and its tensors


def explain_no_sequence(case: Case, contract: Contract) -> str | None:
    """Why a vendor has no such sequence of calls; None where it has."""
    if contract.functional and not all(isinstance(step, OF_FUNCTIONS) for step in case.then):
        return "a function is no layer that could be copied or changed"
    if not contract.gradients and any(isinstance(step, OF_NEXT_CALL) for step in case.then):
        return "it is run without gradients"
    if case.api is not None:
        return None
    for call in find_calls(case):
        vendor = contract.to_vendor(call.arguments, call.inputs)
        if isinstance(vendor, NoEquivalent):
            return vendor.reason
    now = case
    for step in case.then:
        if isinstance(step, Assigned) and isinstance(find_attributes(now, step, contract), NoEquivalent):
            return "there is no attribute that tells the two layers apart"
        now = take(now, step)
    return None


def find_attributes(case: Case, step: Assigned, contract: Contract) -> Arguments | NoEquivalent:
    """The attributes that a vendor's layer is given: those of its arguments that tell it from the layer before.

    Args:
        case: the layer before.
    """
    if case.api is not None:
        return step.attributes
    before = contract.to_vendor(case.arguments, case.inputs)
    after = contract.to_vendor(take(case, step).arguments, case.inputs)
    if isinstance(before, NoEquivalent) or isinstance(after, NoEquivalent):
        return NoEquivalent("one of the two layers")
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    return changed if changed and before.keys() <= after.keys() else NoEquivalent("no attribute")
