"""A canonical case: the observation against the oracle. A valid call is the operation, an invalid one is rejected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.case import Kind, Observation, Phase
from conformance.oracle.expectation import Expected
from conformance.verdicts.comparison import Comparison, compare_typed
from conformance.verdicts.evidence import Evidence
from conformance.verdicts.findings import Conforming, Divergence, Diverging, Fault, Finding, Lacking
from conformance.verdicts.sentences import describe_exception, describe_shape


def check(evidence: Evidence) -> Finding:
    """What is found out about a canonical case; a fault where its spec and the oracle disagree about its validity."""
    if evidence.case.promise.raises:
        return check_invalid_call(evidence)
    refusal = evidence.expectation.raised
    if refusal is not None:
        return Fault(f"the oracle rejects this valid case: {refusal}. Is it missing `raises`?")
    return check_valid_call(evidence)


def check_invalid_call(evidence: Evidence) -> Finding:
    """An invalid call: any clean exception conforms; which one is the error matrix's matter."""
    promised = evidence.case.promise.raises
    classes = " or ".join(promised)
    refusal = evidence.expectation.raised
    if refusal is None:
        return Fault(f"`raises` is {classes}, but the oracle accepts it")
    if refusal.cls not in promised:
        return Fault(f"`raises` is {classes}, but the oracle raises {refusal}")
    observation = evidence.observation
    if observation.lacking:
        return Lacking()
    if observation.raised is not None:
        exception = describe_exception(observation.raised)
        return Conforming(subject="call", expected="rejected", observed=exception)
    accepted = "accepted"
    if observation.output is not None:
        accepted += f", output of shape {observation.output.values.shape}"
    return Diverging(Divergence(Kind.WRONGLY_ACCEPTED, "call", f"rejected ({classes})", accepted))


def check_valid_call(evidence: Evidence) -> Finding:
    """A valid call: accepted, with the oracle's parameters, shape, dtype, values and gradients, in this order.

    Where an exception ended the call, everything that was observed before is compared all the same.
    """
    for divergence in compare_parameters(evidence):
        return Diverging(divergence)
    case = evidence.case
    expected = evidence.expectation.output
    observed = evidence.observation.output
    interruption = check_completion(evidence.observation)
    if interruption is not None and (expected is None or observed is None):
        return interruption
    if expected is None or case.inputs is None:
        return Conforming()
    if observed is None:
        return Fault("the worker returned neither an output nor an exception")
    comparison = compare_typed("output", Kind.VALUE, expected, observed, case.inputs.dtype)
    if comparison.divergence is not None:
        return Diverging(comparison.divergence)
    if interruption is not None:
        return interruption
    return check_gradients(evidence, comparison.ratio)


def check_completion(observation: Observation) -> Lacking | Diverging | None:
    """What an exception makes of a valid call, were nothing else wrong; None where none was raised."""
    if observation.lacking:
        return Lacking()
    raised = observation.raised
    if raised is None:
        return None
    if raised.phase is Phase.BACKWARD:
        subject = "gradients"
        expected = "gradients"
    else:
        subject = "call"
        expected = "accepted"
    return Diverging(Divergence(Kind.WRONGLY_REJECTED, subject, expected, describe_exception(raised)))


def compare_parameters(evidence: Evidence) -> Iterator[Divergence]:
    """Shapes of the parameters after construction, against the layer's in the vendor's layout."""
    observation = evidence.observation
    constructed = bool(observation.parameters) or observation.phase is not Phase.CONSTRUCT
    if evidence.contract.functional or not constructed or evidence.expectation.canonical is None:
        return
    expected = evidence.parameter_shapes()
    for name in sorted(expected.keys() | observation.parameters.keys()):
        shape = expected.get(name)
        _, observed = observation.parameters.get(name, (None, None))
        if observed != shape:
            yield Divergence(Kind.SHAPE, name, describe_shape(shape), describe_shape(observed))


def check_gradients(evidence: Evidence, ratio: float) -> Conforming | Diverging:
    """Every gradient against the oracle's.

    Args:
        ratio: the largest error / bound of the output.
    """
    for name, expected in evidence.expectation.gradients.items():
        comparison = compare_gradient(evidence, name, expected)
        if comparison.divergence is not None:
            return Diverging(comparison.divergence)
        ratio = max(ratio, comparison.ratio)
    return Conforming(ratio)


def compare_gradient(evidence: Evidence, name: str, expected: Expected) -> Comparison:
    """The gradient of ``input``, ``weight`` or ``bias``, which the vendor lays out as that operand."""
    assert evidence.case.inputs is not None
    subject = f"grad_{name}"
    gradient = evidence.observation.gradients.get(name)
    if gradient is None:
        absent = Divergence(Kind.GRADIENT, subject, describe_shape(expected.value.shape), "absent")
        return Comparison(0.0, absent)
    layout = evidence.layout_of(name)
    shape = layout.to_vendor(expected.value, evidence.groups).shape
    if gradient.values.shape != shape:
        misshapen = Divergence(Kind.GRADIENT, subject, describe_shape(shape), describe_shape(gradient.values.shape))
        return Comparison(0.0, misshapen)
    gradient = replace(gradient, values=layout.from_vendor(gradient.values, evidence.groups))
    return compare_typed(subject, Kind.GRADIENT, expected, gradient, evidence.case.inputs.dtype)
