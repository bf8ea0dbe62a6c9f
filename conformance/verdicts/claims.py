"""A claim's case: what its document promises, each promise by itself.

A check of a promise gives what each voice says of it, or why nothing can be said. The first promise that is not kept
decides about the case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from conformance.apis import common, framework_of
from conformance.case import (
    STATE,
    Aspect,
    Authority,
    Distribution,
    Divergence,
    Kind,
    Observation,
    Phase,
    Promise,
    PromisedParameter,
    Ruling,
    Standing,
    TypedArray,
    values,
)
from conformance.oracle.expectation import Expectation
from conformance.verdicts import canonical
from conformance.verdicts.distribution import explain_misfit
from conformance.verdicts.evidence import Evidence
from conformance.verdicts.findings import Conforming, Differing, Diverging, Fault, Finding, Lacking
from conformance.verdicts.refusals import list_classes
from conformance.verdicts.ruling import KEPT, SILENT, Voices, rule
from conformance.verdicts.sentences import describe_exception, describe_shape

# Statements about a whole call.
ACCEPTED = "accepted"
REJECTED = "rejected"

PARAMETERS = (Aspect.PARAMETERS,)
INITIAL_VALUES = (Aspect.INITIAL_VALUES,)


@dataclass(frozen=True)
class Checked:
    """A promise that could be observed.

    Attributes:
        divergence: how the implementation departs from the document, if it does; None where it cannot.
        ratio: the largest error / bound, where elements were compared and none diverges.
        compared: what of the call it is about.
    """

    voices: Voices
    divergence: Divergence | None = None
    ratio: float | None = None
    compared: tuple[Aspect, ...] = (Aspect.CALL,)


Answer: TypeAlias = Checked | Lacking | Fault


def check(evidence: Evidence) -> Finding:
    """What is found out about a claim's case."""
    mute = oracle_is_mute(evidence)
    rulings: list[Ruling] = []
    compared: list[Aspect] = []
    ratio: float | None = None
    lacking = False
    for answer in check_promises(evidence):
        if isinstance(answer, Fault):
            return answer
        if isinstance(answer, Lacking):
            # Another promise may be observable, and not be kept.
            lacking = True
            continue
        ruling = rule(answer.voices.without_oracle() if mute else answer.voices)
        if ruling not in KEPT:
            assert answer.divergence is not None
            return accuse(evidence, answer.divergence, ruling)
        rulings.append(ruling)
        compared += answer.compared
        if answer.ratio is not None:
            ratio = answer.ratio
    if lacking:
        return Lacking(Ruling.NOT_OBSERVABLE)
    if not rulings:
        return Fault("nothing that this case promises was observed")
    ruling = Ruling.ORACLE_APART if Ruling.ORACLE_APART in rulings else Ruling.HOLDS
    return Conforming(ratio, ruling, tuple(dict.fromkeys(compared)))


def accuse(evidence: Evidence, divergence: Divergence, ruling: Ruling) -> Diverging | Differing:
    """A promise that is not kept: the vendor's own, or that of a copy or of a later version, which accuses nobody."""
    match evidence.case.standing:
        case Standing.COPY:
            return Differing(divergence, ruling=Ruling.COPY_OUTDATED)
        case Standing.ANNOUNCED:
            return Differing(divergence, ruling=Ruling.ANNOUNCED)
        case Standing.OWN:
            return Diverging(divergence, Authority.OWN_DOCUMENT, evidence.case.clause, ruling)


def oracle_is_mute(evidence: Evidence) -> bool:
    """Whether a case is about what the mathematics leaves open, so that document and implementation are alone.

    That is the order of arguments; the strides that "same" goes with; and a notation (a list for a tuple, four
    numbers for two) that document and oracle do not share.
    """
    case = evidence.case
    if case.positional:
        return True
    layer = evidence.expectation.canonical
    refusal = evidence.expectation.raised
    if case.promise.raises:
        if layer is not None and layer["padding"] == "same" and common.pair(layer["stride"]) != (1, 1):
            return True
        return refusal is None and "TypeError" in case.promise.raises
    if refusal is None:
        return False
    assert layer is not None  # it is a layer that is refused
    sizes = (layer[name] for name in ("kernel_size", "stride", "dilation", "output_padding"))
    return refusal.cls == "TypeError" or any(common.pair(size) is None for size in sizes)


def check_promises(evidence: Evidence) -> Iterator[Answer]:
    """Each promise of the case, in the order of a call."""
    promise = evidence.case.promise
    if promise.raises:
        yield check_exception(evidence)
        return
    if promise.defaults:
        yield from check_defaults(evidence)
        return
    if is_constructed(evidence.observation):
        yield from check_parameters(evidence)
        if promise.distribution is not None:
            yield check_distribution(promise.distribution, evidence)
        if promise.state is not None:
            yield check_state(promise.state, evidence)
        if not is_about_the_call(promise):
            return
    if observe_result(evidence) is not None:
        yield from check_result(evidence)
    else:
        yield from check_without_result(evidence)


def is_constructed(observation: Observation) -> bool:
    """Whether a call came so far that what is promised of construction can be seen, whatever ended it then."""
    return bool(observation.parameters) or observation.raised is None


def is_about_the_call(promise: Promise) -> bool:
    """Whether the document promises something of the call, and not of construction alone."""
    if promise.accepts or promise.operation:
        return True
    return bool(promise.shape) or bool(promise.dtype) or promise.same_as is not None


def observe_result(evidence: Evidence) -> tuple[str, tuple[int, ...]] | None:
    """(dtype, shape) of the output, computed or inferred."""
    observation = evidence.observation
    if observation.inferred is not None:
        return observation.inferred
    if observation.output is None:
        return None
    return observation.output.dtype, observation.output.values.shape


# Whether the call is accepted


def check_exception(evidence: Evidence) -> Answer:
    """`raises`: the call is documented to raise one of these classes, perhaps in a phase."""
    promise = evidence.case.promise
    raised = evidence.observation.raised
    if raised is None or evidence.observation.lacking:
        return check_that_nothing_was_raised(evidence)
    documented = frozenset(promise.raises)
    classes = list_classes(raised)
    exception = describe_exception(raised)
    if not classes & documented:
        voices = Voices(documented, state_oracle_class(evidence.expectation, documented, classes), classes)
        return Checked(voices, Divergence(Kind.ERROR_CLASS, "call", describe_promised_exception(promise), exception))
    if promise.phase is not None and raised.phase is not promise.phase:
        voices = Voices(promise.phase, SILENT, raised.phase)
        return Checked(voices, Divergence(Kind.ERROR_PHASE, "call", describe_promised_exception(promise), exception))
    return Checked(Voices(REJECTED, state_oracle_acceptance(evidence.expectation), REJECTED))


def check_that_nothing_was_raised(evidence: Evidence) -> Answer:
    """A call that is documented to raise, and did not; or of which no more is known than that its operation lacks."""
    promise = evidence.case.promise
    observation = evidence.observation
    passed_construction = promise.phase is Phase.CONSTRUCT and observation.phase is not Phase.CONSTRUCT
    if observation.lacking and not passed_construction:
        # The documented check may be the operation's own, which was not reached: inference accepts nothing.
        return Lacking()
    if evidence.contract.functional and evidence.expectation.arrays is None:
        return Fault("these arguments name no layer, so that there was nothing to call the function with")
    voices = Voices(REJECTED, state_oracle_acceptance(evidence.expectation), ACCEPTED)
    expected = describe_promised_exception(promise)
    return Checked(voices, Divergence(Kind.WRONGLY_ACCEPTED, "call", expected, "accepted"))


def check_acceptance(evidence: Evidence) -> Checked:
    """`accepts`: the call is documented as valid. So is one with a documented result."""
    raised = evidence.observation.raised
    oracle = state_oracle_acceptance(evidence.expectation)
    if raised is None:
        return Checked(Voices(ACCEPTED, oracle, ACCEPTED))
    rejected = Divergence(Kind.WRONGLY_REJECTED, "call", "accepted", describe_exception(raised))
    return Checked(Voices(ACCEPTED, oracle, REJECTED), rejected)


def describe_promised_exception(promise: Promise) -> str:
    classes = " or ".join(promise.raises)
    return f"{classes} in {promise.phase}" if promise.phase else classes


def state_oracle_acceptance(expectation: Expectation) -> object:
    """Whether the oracle takes the call; it is silent where the arguments name no layer."""
    if expectation.canonical is None:
        return SILENT
    return ACCEPTED if expectation.raised is None else REJECTED


def state_oracle_class(expectation: Expectation, documented: frozenset[str], observed: frozenset[str]) -> object:
    """The class that the oracle raises, as the set of classes that it belongs to."""
    if expectation.raised is None:
        return SILENT
    name = expectation.raised.cls
    return next((classes for classes in (observed, documented) if name in classes), frozenset({name}))


# Signature and construction


def check_defaults(evidence: Evidence) -> Iterator[Answer]:
    """`defaults`: each by its source, so that 1 is not True."""
    case = evidence.case
    if evidence.observation.raised is not None:
        # A built-in function has no signature that can be read.
        yield Lacking()
        return
    assert case.api is not None
    dtype = framework_of(case.api).source.dtype
    for name, value in case.promise.defaults.items():
        documented = values.to_source(value, lambda common_name: dtype.format(name=common_name))
        observed = evidence.observation.defaults.get(name, "no default")
        voices = Voices(documented, SILENT, observed)
        different = Divergence(Kind.DEFAULT, name, documented, observed)
        yield Checked(voices, different, compared=(Aspect.DEFAULTS,))


def check_parameters(evidence: Evidence) -> Iterator[Checked]:
    """`parameters`: presence, shape and dtype of weight and bias."""
    computed = evidence.parameter_shapes()
    for name, promised in evidence.case.promise.parameters.items():
        observed = evidence.observation.parameters.get(name)
        yield check_presence(name, promised, observed, computed)
        if promised is None:
            continue
        assert observed is not None  # its absence has been told
        shape, dtype = promised
        observed_dtype, observed_shape = observed
        if shape is not None:
            voices = Voices(tuple(shape), computed.get(name, SILENT), tuple(observed_shape))
            misshapen = Divergence(Kind.SHAPE, name, describe_shape(shape), describe_shape(observed_shape))
            yield Checked(voices, misshapen, compared=PARAMETERS)
        if dtype is not None:
            voices = Voices(dtype, SILENT, observed_dtype)
            yield Checked(voices, Divergence(Kind.DTYPE, name, dtype, observed_dtype), compared=PARAMETERS)


def check_state(promised: Mapping[str, tuple[int, ...]], evidence: Evidence) -> Answer:
    """`state`: all that is saved of the layer, and nothing besides."""
    observed = evidence.observation.state
    if observed is None:
        was_refused = evidence.observation.raised is not None and not evidence.observation.lacking
        return check_acceptance(evidence) if was_refused else Lacking()
    expected, found = describe_state(promised), describe_state(observed)
    other = Divergence(Kind.SHAPE, STATE, expected, found)
    return Checked(Voices(expected, SILENT, found), other, compared=PARAMETERS)


def describe_state(state: Mapping[str, tuple[int, ...]]) -> str:
    """Names and shapes, in the order of the names."""
    return ", ".join(f"{name} {tuple(shape)}" for name, shape in sorted(state.items())) or "nothing"


def check_presence(
    name: str,
    promised: PromisedParameter | None,
    observed: tuple[str, tuple[int, ...]] | None,
    computed: Mapping[str, tuple[int, ...]],
) -> Checked:
    """Whether there is such a parameter."""
    expected = "absent"
    if promised is not None:
        shape, _ = promised
        expected = "present" if shape is None else describe_shape(shape)
    found = "absent"
    if observed is not None:
        _, observed_shape = observed
        found = describe_shape(observed_shape)
    # Without a layer the oracle knows of no parameters at all.
    oracle = name in computed if computed else SILENT
    voices = Voices(promised is not None, oracle, observed is not None)
    return Checked(voices, Divergence(Kind.SHAPE, name, expected, found), compared=PARAMETERS)


def check_distribution(promised: Distribution, evidence: Evidence) -> Checked:
    """`distribution`: the initial values of a parameter against the documented one."""
    name = promised.parameter
    expected = f"{promised.family}{promised.arguments}"
    drawn = evidence.observation.values.get(name)
    misfit: str | None = "absent"
    if drawn is not None:
        numbers = drawn.values.astype(np.float64).ravel()
        misfit = explain_misfit(promised, numbers, drawn.dtype)
    observed = misfit or expected
    drawn_otherwise = Divergence(Kind.DISTRIBUTION, name, expected, observed)
    return Checked(Voices(expected, SILENT, observed), drawn_otherwise, compared=INITIAL_VALUES)


# Results


def check_result(evidence: Evidence) -> Iterator[Answer]:
    """What is promised of a call whose output was computed or inferred."""
    promise = evidence.case.promise
    result = observe_result(evidence)
    assert result is not None
    dtype, shape = result
    if promise.accepts:
        # An inferred output is that of a call which was not executed.
        yield Lacking() if evidence.observation.lacking else check_acceptance(evidence)
    if promise.shape is not None:
        yield check_shape(promise.shape, shape, evidence.expectation)
    if promise.dtype is not None:
        another = Divergence(Kind.DTYPE, "output", promise.dtype, dtype)
        yield Checked(Voices(promise.dtype, SILENT, dtype), another, compared=(Aspect.DTYPE,))
    if promise.operation:
        yield check_operation(evidence)
    if promise.same_as is not None:
        yield check_sameness(evidence)


def check_without_result(evidence: Evidence) -> Iterator[Answer]:
    """Of a call that has no output: why it has none, and that it was accepted."""
    observation = evidence.observation
    if observation.lacking:
        yield Lacking()
    elif observation.raised is not None:
        yield check_acceptance(evidence)
    elif evidence.case.inputs is not None:
        # Nothing was run because the parameters have not the layer's shapes, of which the document says nothing.
        for divergence in canonical.compare_parameters(evidence):
            yield Checked(Voices(SILENT, divergence.expected, divergence.observed), divergence)
    elif evidence.case.promise.accepts:
        yield check_acceptance(evidence)


def check_shape(promised: tuple[int, ...], observed: tuple[int, ...], expectation: Expectation) -> Checked:
    """`shape`: that of the output, in three voices."""
    documented = tuple(promised)
    expected = f"document: {describe_shape(documented)}"
    computed: object = SILENT
    if expectation.output is not None:
        computed = expectation.output.value.shape
        if computed != documented:
            expected += f"; oracle: {describe_shape(expectation.output.value.shape)}"
    voices = Voices(documented, computed, tuple(observed))
    misshapen = Divergence(Kind.SHAPE, "output", expected, describe_shape(observed))
    return Checked(voices, misshapen, compared=(Aspect.SHAPE,))


def check_operation(evidence: Evidence) -> Answer:
    """`operation`: the document names the operation, so that output and gradients are the oracle's."""
    expectation = evidence.expectation
    if evidence.observation.inferred is not None:
        return Lacking()
    if expectation.output is None:
        if expectation.raised is None:
            return Fault("the document names the operation, but these arguments name no layer")
        return Checked(Voices(ACCEPTED, REJECTED, ACCEPTED))
    finding = canonical.check_valid_call(evidence)
    if isinstance(finding, Conforming):
        voices = Voices("the operation", "the operation", "the operation")
        return Checked(voices, ratio=finding.ratio, compared=finding.compared)
    if isinstance(finding, Lacking) and not evidence.observation.lacking:
        # A refused dtype: what no document promises is unavailable, but this one does.
        return check_acceptance(evidence)
    if isinstance(finding, Diverging | Differing):
        return Checked(Voices("the operation", "the operation", "another"), finding.divergence)
    return finding


def check_sameness(evidence: Evidence) -> Answer:
    """`same_as`: the output of a call against that of the call documented to be equivalent."""
    observation = evidence.observation
    if observation.output is None or observation.other is None:
        if observation.lacking or observation.raised is None:
            return Lacking()
        return check_acceptance(evidence)
    same = are_equal(observation.output, observation.other)
    differing = Divergence(Kind.VALUE, "output", "the same output as the equivalent call", "another output")
    return Checked(Voices(True, SILENT, same), differing, compared=(Aspect.CALL, Aspect.VALUES))


def are_equal(first: TypedArray, second: TypedArray) -> bool:
    """Whether dtype and all elements are the same; NaN is the same as NaN."""
    may_be_nan = first.values.dtype.kind in "fc"
    return first.dtype == second.dtype and np.array_equal(first.values, second.values, equal_nan=may_be_nan)
