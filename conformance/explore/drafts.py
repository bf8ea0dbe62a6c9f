"""Calls on their way to be cases: what the oracle makes of them, and whether they are small enough to be asked."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from conformance.case import Arguments, Case, Inputs, LayerName, Promise
from conformance.cases.sizes import Limits, explain_oversize
from conformance.explore.traits import translate
from conformance.oracle.expectation import find_refusal
from conformance.reproducers.shrink import find_in_value
from conv_reference import LAYERS

SPEC = "explored"
# What a call may cost the oracle: a search asks thousands.
LIMITS = Limits(elements=200_000, seconds=0.5, bytes=2**28)
TIMEOUT = 3.0  # seconds for one small call


@dataclass(frozen=True)
class Draft:
    """A call that was drawn.

    Attributes:
        api: as a case has it.
        changed: what of a valid call was changed last, which is what is wrong with it if anything is.
        valid: the valid call that it was changed from.
    """

    layer: LayerName
    api: str | None
    arguments: Arguments
    inputs: Inputs | None
    changed: str | None = None
    valid: Draft | None = None


def finish(draft: Draft, name: str, limit: float = TIMEOUT) -> Case | None:
    """The case of a draft, valid or invalid as the oracle has it; None where it is too large, or nothing to ask.

    Args:
        name: of the case, from which its arrays are drawn.
        limit: seconds that it may take.
    """
    if weigh(draft) > LIMITS.elements:
        return None
    if explain_oversize(draft.layer, draft.api, draft.arguments, draft.inputs, LIMITS) is not None:
        return None
    case = Case(
        spec=SPEC,
        name=name,
        line=0,
        layer=draft.layer,
        api=draft.api,
        arguments=draft.arguments,
        inputs=draft.inputs,
        promise=Promise(),
        clause="drawn by a search",
        limit=limit,
    )
    refusal = find_refusal(case)
    if refusal is None:
        return case
    if draft.changed is None or draft.valid is None:
        return None  # it was to be valid
    twin = finish(draft.valid, f"{name}.mended", limit)
    if twin is None or twin.promise.raises:
        return None
    return replace(case, promise=Promise(raises=(refusal.cls,)), wrong=draft.changed, twin=twin)


def weigh(draft: Draft) -> int:
    """The elements of a weight with the numbers of a call, whether or not they are a layer's: somebody may make it."""
    arguments = dict(draft.arguments)
    if draft.api is not None:
        arguments |= translate(draft.api, draft.arguments, draft.inputs)
    sizes = [arguments.get(name) for name in LAYERS[draft.layer].required]
    return math.prod(number for size in sizes for _, number in find_in_value((), size) if number > 0)
