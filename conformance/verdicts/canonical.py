"""A canonical case: the observation against the oracle.

A canonical case cites no document of the API that it is asked of. So it can say that a call which was accepted is not
the operation (mathematics), and that a refusal calls itself a bug (robustness). That a vendor takes what others refuse,
refuses what others take, refuses with another class or in another phase, or answers in another dtype is a difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from conformance.case import (
    COMPLEX,
    INTEGERS,
    Aspect,
    Authority,
    Direction,
    Divergence,
    Kind,
    Observation,
    Overtaken,
    Phase,
    Raised,
    Returned,
    TypedArray,
)
from conformance.oracle.expectation import Expected, Refusal, allow_roundings
from conformance.oracle.sequence import find_step, is_printed
from conformance.verdicts.comparison import Comparison, compare_typed
from conformance.verdicts.evidence import Evidence
from conformance.verdicts.findings import Conforming, Differing, Diverging, Fault, Finding, Lacking
from conformance.verdicts.refusals import asks_to_be_reported, list_classes, refuses_dtype
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
    """An invalid call: refused as the oracle refuses it, otherwise, or not at all."""
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
        return compare_refusal(evidence, refusal, observation.raised)
    accepted = "accepted"
    if observation.output is not None:
        accepted += f", output of shape {observation.output.values.shape}"
    difference = Divergence(Kind.WRONGLY_ACCEPTED, "call", f"rejected ({classes})", accepted)
    return Differing(difference, Direction.MORE_PERMISSIVE, (Aspect.CALL,))


def compare_refusal(evidence: Evidence, refusal: Refusal, raised: Raised) -> Finding:
    """An invalid call that is refused: by which class, and whether as soon as it can be seen to be wrong."""
    if asks_to_be_reported(raised):
        return find_internal_error("a check of the argument", raised)
    promised = evidence.case.promise.raises
    expected = " or ".join(promised)
    exception = describe_exception(raised)
    if not list_classes(raised) & set(promised):
        other = Divergence(Kind.ERROR_CLASS, "call", expected, exception)
        return Differing(other, Direction.OTHER_CLASS, (Aspect.CALL,))
    # A function has no construction, in which its arguments could be checked before there is an input.
    constructs = not evidence.contract.functional
    if constructs and refusal.phase is Phase.CONSTRUCT and raised.phase is not Phase.CONSTRUCT:
        late = Divergence(Kind.ERROR_PHASE, "call", f"{expected} in {refusal.phase}", exception)
        return Differing(late, Direction.OTHER_PHASE, (Aspect.CALL,))
    return Conforming(subject="call", expected="rejected", observed=exception, compared=(Aspect.CALL,))


def check_valid_call(evidence: Evidence) -> Finding:
    """A valid call: accepted, with the oracle's parameters, shape, dtype, values and gradients, in this order.

    Where an exception ended the call, everything that was observed before is compared all the same.
    """
    for divergence in compare_parameters(evidence):
        return contradict_definition(evidence, divergence)
    expected = evidence.expectation.output
    observed = evidence.observation.output
    interruption: Finding | None = check_completion(evidence.observation)
    if may_refuse_gradients(evidence) and isinstance(interruption, Differing):
        interruption = refuse_gradients(evidence)
    if expected is None:  # constructed, and no more
        return interruption or compare_texts(evidence) or Conforming(compared=list_compared(evidence))
    inferred = evidence.observation.inferred
    if inferred is not None:
        return compare_inferred(evidence, expected, *inferred)
    if observed is None:
        return interruption or Fault("the worker returned neither an output nor an exception")
    comparisons = compare_results(evidence, expected, observed)
    divergences = [comparison.divergence for comparison in comparisons if comparison.divergence is not None]
    if divergences:
        first = divergences[0]
        excused = (
            find_sequel(evidence, observed, first)
            or find_overflow(evidence, first)
            or find_lost_parts(evidence, observed, first)
        )
        return excused or contradict_definition(evidence, *divergences)
    if interruption is not None:
        return interruption
    for comparison in comparisons:
        if comparison.other_dtype is not None:
            return Differing(comparison.other_dtype, Direction.OTHER_DTYPE, list_compared(evidence))
    ratio = max(comparison.ratio for comparison in comparisons)
    return Conforming(ratio, compared=list_compared(evidence))


def compare_results(evidence: Evidence, expected: Expected, observed: TypedArray) -> list[Comparison]:
    """The output, and the gradients, which are asked for where it has the shape of the upstream gradient."""
    case = evidence.case
    assert case.inputs is not None
    comparisons = [compare_typed("output", Kind.VALUE, expected, observed, case.inputs.dtype)]
    was_ended = check_completion(evidence.observation) is not None
    if not was_ended and observed.values.shape == expected.value.shape:
        comparisons += [compare_gradient(evidence, name, one) for name, one in evidence.gradients.items()]
    return comparisons


def may_refuse_gradients(evidence: Evidence) -> bool:
    """Whether gradients may be refused: of numbers that are there no more, through a graph that was not to be kept."""
    raised = evidence.observation.raised
    returned = find_step(evidence.case, Returned)
    is_free = find_step(evidence.case, Overtaken) is not None or (returned is not None and not returned.retained)
    return is_free and raised is not None and raised.phase is Phase.BACKWARD


def refuse_gradients(evidence: Evidence) -> Conforming:
    raised = evidence.observation.raised
    assert raised is not None
    compared = tuple(aspect for aspect in list_compared(evidence) if aspect is not Aspect.GRADIENTS)
    return Conforming(
        subject="gradients",
        expected="right gradients, or a refusal",
        observed=describe_exception(raised),
        compared=compared,
    )


def compare_inferred(evidence: Evidence, expected: Expected, dtype: str, shape: tuple[int, ...]) -> Finding:
    """What the framework says that the output of a call would be, which the device lacks."""
    assert evidence.case.inputs is not None
    if expected.value.shape != shape:
        wanted = describe_shape(expected.value.shape)
        return contradict_definition(evidence, Divergence(Kind.SHAPE, "output", wanted, describe_shape(shape)))
    compared = (*list_compared(evidence), Aspect.SHAPE, Aspect.DTYPE)
    if dtype != evidence.case.inputs.dtype:
        return Differing(
            Divergence(Kind.DTYPE, "output", evidence.case.inputs.dtype, dtype), Direction.OTHER_DTYPE, compared
        )
    return Conforming(compared=compared)


def find_sequel(evidence: Evidence, observed: TypedArray, divergence: Divergence) -> Differing | None:
    """What a wrong answer is after a step that no definition speaks of; None after any other.

    A layer may ignore that an attribute was changed, and a text that is printed for people need not make the layer
    again: unless its vendor says so.
    """
    if is_printed(evidence.case):
        return Differing(divergence, Direction.OTHER_LAYER, list_compared(evidence))
    stale = evidence.expectation.stale
    if stale is None:
        return None
    assert stale.output is not None
    comparisons = compare_results(replace(evidence, expectation=stale), stale.output, observed)
    if any(comparison.divergence is not None for comparison in comparisons):
        return None
    return Differing(divergence, Direction.STALE, list_compared(evidence))


def find_overflow(evidence: Evidence, divergence: Divergence) -> Differing | None:
    """Wrong integers where the right ones are beyond their type, and only there; None of others.

    Modulo 2**n they are right in whatever order they are added. That they are to be so, no document says.
    """
    inputs, expected, observed = evidence.case.inputs, evidence.expectation.output, evidence.observation.output
    assert inputs is not None
    assert expected is not None
    assert observed is not None
    if divergence.kind is not Kind.VALUE or inputs.dtype not in INTEGERS:
        return None
    limits = np.iinfo(inputs.dtype)
    is_within = (limits.min <= expected.value) & (expected.value <= limits.max)
    if is_within.all() or not np.array_equal(observed.values[is_within], expected.value[is_within]):
        return None
    return Differing(divergence, compared=list_compared(evidence))


def find_lost_parts(evidence: Evidence, observed: TypedArray, divergence: Divergence) -> Differing | None:
    """Complex numbers whose parts are rounded where they need not be, within the bound of rounded ones; None of others.

    Made of three real products, a complex one rounds the sums of parts, and may lose a part that is small beside the
    other. The error is small beside the modulus all the same, by which complex numbers are judged: see
    `reference.bounds`. That each part is right by itself, or that four products are made, no document says.
    """
    case, expectation = evidence.case, evidence.expectation
    assert case.inputs is not None
    assert expectation.arrays is not None
    if case.inputs.dtype not in COMPLEX or not expectation.arrays.exact or case.then:
        return None
    rounded = allow_roundings(case, expectation)
    assert rounded.output is not None
    comparisons = compare_results(replace(evidence, expectation=rounded), rounded.output, observed)
    if any(comparison.divergence is not None for comparison in comparisons):
        return None
    return Differing(divergence, compared=list_compared(evidence))


def compare_texts(evidence: Evidence) -> Differing | None:
    """Two layers that print the same text, where a case is about what they print; None of two texts.

    Nobody promises what is printed: a person who compares two printed models takes one for the other.
    """
    texts = evidence.observation.texts
    unlike = evidence.case.promise.unlike
    if unlike is None or texts is None or texts[0] != texts[1]:
        return None
    other = ", ".join(f"{name}={value!r}" for name, value in unlike.items())
    same = Divergence(Kind.TEXT, "call", f"another text than with {other}", texts[0])
    return Differing(same, Direction.OTHER_LAYER, list_compared(evidence))


def contradict_definition(evidence: Evidence, first: Divergence, *further: Divergence) -> Diverging:
    """A call that was accepted, and is not the operation."""
    definition = f"the definition of {evidence.case.layer}"
    if first.kind is Kind.GRADIENT and find_step(evidence.case, Overtaken) is not None:
        definition = f"the gradients of {evidence.case.layer} are of the numbers that it was called with"
    return Diverging(first, Authority.MATHEMATICS, definition, further=further)


def find_internal_error(expected: str, raised: Raised) -> Diverging:
    """A refusal that calls itself a bug of the framework."""
    divergence = Divergence(Kind.INTERNAL_ERROR, "call", expected, describe_exception(raised))
    return Diverging(divergence, Authority.ROBUSTNESS, "the error itself asks to be reported as a bug")


def list_compared(evidence: Evidence) -> tuple[Aspect, ...]:
    """What of a valid call was compared: no values where the output has none."""
    observation = evidence.observation
    compared = [Aspect.CALL]
    if observation.parameters and not evidence.contract.functional:
        compared.append(Aspect.PARAMETERS)
    if observation.texts is not None:
        compared.append(Aspect.TEXT)
    if observation.output is not None:
        compared += [Aspect.SHAPE, Aspect.DTYPE]
        if observation.output.values.size:
            compared.append(Aspect.VALUES)
    if any(expected.value.size for expected in evidence.gradients.values()):
        compared.append(Aspect.GRADIENTS)
    return tuple(compared)


def check_completion(observation: Observation) -> Lacking | Differing | Diverging | None:
    """What an exception makes of a valid call, were nothing else wrong; None where none was raised."""
    raised = observation.raised
    if observation.lacking or (raised is not None and refuses_dtype(raised)):
        return Lacking()
    if raised is None:
        return None
    if asks_to_be_reported(raised):
        return find_internal_error("an answer", raised)
    if raised.phase is Phase.BACKWARD:
        subject = "gradients"
        expected = "gradients"
    else:
        subject = "call"
        expected = "accepted"
    difference = Divergence(Kind.WRONGLY_REJECTED, subject, expected, describe_exception(raised))
    return Differing(difference, Direction.STRICTER, (Aspect.CALL,))


def compare_parameters(evidence: Evidence) -> Iterator[Divergence]:
    """Shapes of the parameters after construction, against the layer's in the vendor's layout."""
    observation = evidence.observation
    # What was refused before there were any, as a layer may be that is built when it is called, lacks none.
    was_refused = (observation.raised is not None or observation.lacking) and observation.inferred is None
    awaits_input = evidence.contract.awaits_input and evidence.case.inputs is None
    constructed = bool(observation.parameters) or not (
        was_refused or awaits_input or observation.phase is Phase.CONSTRUCT
    )
    if evidence.contract.functional or not constructed or evidence.expectation.canonical is None:
        return
    expected = evidence.parameter_shapes()
    for name in sorted(expected.keys() | observation.parameters.keys()):
        shape = expected.get(name)
        _, observed = observation.parameters.get(name, (None, None))
        if observed != shape:
            yield Divergence(Kind.SHAPE, name, describe_shape(shape), describe_shape(observed))


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
