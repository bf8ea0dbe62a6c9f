"""Observation + expectation -> verdict. Knows no framework by name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.apis import AS_THE_ORACLE, Contract, Layout, common, framework_of
from conformance.case import Case, Distribution, Kind, Observation, Outcome, Phase, Ruling, TypedArray, Verdict, values
from conformance.oracle.expectation import Expectation, Expected
from conformance.verdicts import comparison, distribution
from conformance.verdicts.comparison import Comparison, Divergence, shown

MAX_PICTURE = 2000  # elements of an array that a divergence keeps for its picture


def judge(case: Case, contract: Contract, expectation: Expectation, observation: Observation) -> Verdict:
    """The verdict on one case of one API."""
    verdict = _judge(case, contract, expectation, observation)
    if verdict.outcome is Outcome.DIVERGES:
        verdict = replace(verdict, arrays=_picture(case, contract, expectation, observation, verdict))
    return replace(
        verdict,
        phase=observation.phase,
        raised=observation.raised,
        inferred=observation.inferred is not None or observation.inferred_rejection,
        seconds=observation.seconds,
    )


def _judge(case: Case, contract: Contract, expectation: Expectation, observation: Observation) -> Verdict:
    if observation.timed_out or observation.died:
        return _ended(observation)
    if case.claim is not None:
        return _claim(case, contract, expectation, observation)
    if case.promise.raises:
        if expectation.raised is None or expectation.raised[0] not in case.promise.raises:
            oracle = "accepts it" if expectation.raised is None else "raises {}: {}".format(*expectation.raised)
            return Verdict(
                Outcome.FAULT, observed=f"`raises` is {' or '.join(case.promise.raises)}, but the oracle {oracle}"
            )
        return _rejection(case, observation)
    if expectation.raised is not None:
        cls, message = expectation.raised
        return Verdict(
            Outcome.FAULT, observed=f"the oracle rejects this valid case: {cls}: {message}. Is it missing `raises`?"
        )
    return _whole_call(case, contract, expectation, observation)


def _ended(observation: Observation) -> Verdict:
    how = {True: "; so it does alone in a fresh process", False: "; not so alone in a fresh process", None: ""}
    outcome, ended = Outcome.CRASHED, f"the process ended: {observation.died}"
    if observation.timed_out:
        outcome, ended = Outcome.TIMED_OUT, "no answer within the limit"
    return Verdict(outcome, subject="call", observed=f"{ended}{how[observation.alone]}", stderr=observation.stderr)


def _unavailable(observation: Observation) -> Verdict:
    message = observation.raised.message if observation.raised else observation.stderr
    return Verdict(Outcome.UNAVAILABLE, observed=_first_line(message) or "the operation is lacking")


def _diverges(found: Divergence, ruling: Ruling | None = None) -> Verdict:
    return Verdict(
        Outcome.DIVERGES,
        kind=found.kind,
        subject=found.subject,
        expected=found.expected,
        observed=found.observed,
        ratio=found.ratio,
        worst=found.worst,
        ruling=ruling,
    )


def _first(found: Iterator[Divergence]) -> Divergence | None:
    return next(found, None)


def _raised_text(observation: Observation) -> str:
    assert observation.raised is not None
    return f"{observation.raised.cls} in {observation.raised.phase}: {_first_line(observation.raised.message)}"


def _first_line(message: str) -> str:
    return next((line.strip() for line in message.splitlines() if line.strip()), "")[:300]


def _rejection(case: Case, observation: Observation) -> Verdict:
    """An invalid canonical call: any clean exception conforms; which one is the error matrix's matter."""
    if observation.raised is not None and not observation.lacking:
        return Verdict(Outcome.CONFORMS, subject="call", expected="rejected", observed=_raised_text(observation))
    if observation.lacking:
        return _unavailable(observation)
    shown = observation.output.values.shape if observation.output is not None else None
    return _diverges(
        Divergence(
            Kind.WRONGLY_ACCEPTED,
            "call",
            f"rejected ({' or '.join(case.promise.raises)})",
            "accepted" + (f", output of shape {shown}" if shown is not None else ""),
        )
    )


def _parameters(contract: Contract, expectation: Expectation, observation: Observation) -> Iterator[Divergence]:
    """Shapes of the parameters after construction, against the layer's in the vendor's layout."""
    constructed = bool(observation.parameters) or observation.phase is not Phase.CONSTRUCT
    if contract.functional or not constructed or expectation.canonical is None:
        return
    wanted = _vendor_shapes(contract, expectation)
    for name in sorted(set(wanted) | set(observation.parameters)):
        expected = wanted.get(name)
        observed = observation.parameters[name][1] if name in observation.parameters else None
        if expected != observed:
            yield Divergence(Kind.SHAPE, name, shown(expected), shown(observed))


def _vendor_shapes(contract: Contract, expectation: Expectation) -> dict[str, tuple[int, ...]]:
    assert expectation.canonical is not None
    groups = expectation.canonical["groups"]
    layouts = {"weight": contract.weight, "bias": contract.bias}
    return {
        name: layouts[name].to_vendor(np.empty(shape), groups).shape for name, shape in expectation.parameters.items()
    }


def _whole_call(case: Case, contract: Contract, expectation: Expectation, observation: Observation) -> Verdict:
    """A valid call: accepted, with the oracle's parameters, shape, dtype, values and gradients.

    Whatever was observed before the device lacked an operation is compared all the same.
    """
    found = _first(_parameters(contract, expectation, observation))
    if found is not None:
        return _diverges(found)
    stopped = _stopped(observation)
    if stopped is not None and (observation.output is None or expectation.output is None):
        return stopped
    if expectation.output is None or case.inputs is None:
        return Verdict(Outcome.CONFORMS)
    if observation.output is None:
        return Verdict(Outcome.FAULT, observed="the worker returned neither an output nor an exception")
    compared = comparison.typed("output", Kind.VALUE, expectation.output, observation.output, case.inputs.dtype)
    ratio = compared.ratio
    if compared.divergence:
        return _diverges(compared.divergence)
    if stopped is not None:
        return stopped
    for name, expected in expectation.gradients.items():
        compared = _gradient(name, contract, expectation, expected, observation, case)
        ratio = max(ratio, compared.ratio)
        if compared.divergence:
            return _diverges(compared.divergence)
    return Verdict(Outcome.CONFORMS, ratio=ratio, exact=expectation.arrays is not None and expectation.arrays.exact)


def _stopped(observation: Observation) -> Verdict | None:
    """The verdict on a valid call that an exception ended, were nothing else wrong."""
    if observation.lacking:
        return _unavailable(observation)
    if observation.raised is None:
        return None
    what, subject = ("gradients", "gradients") if observation.raised.phase is Phase.BACKWARD else ("accepted", "call")
    return _diverges(Divergence(Kind.WRONGLY_REJECTED, subject, what, _raised_text(observation)))


def _gradient(
    name: str, contract: Contract, expectation: Expectation, expected: Expected, observation: Observation, case: Case
) -> Comparison:
    assert expectation.canonical is not None
    assert case.inputs is not None
    subject = f"grad_{name}"
    if name not in observation.gradients:
        return Comparison(0.0, Divergence(Kind.GRADIENT, subject, shown(expected.value.shape), "absent"))
    observed = observation.gradients[name]
    groups, layout = expectation.canonical["groups"], _layout(contract, name)
    wanted = layout.to_vendor(expected.value, groups).shape
    if observed.values.shape != wanted:
        return Comparison(0.0, Divergence(Kind.GRADIENT, subject, shown(wanted), shown(observed.values.shape)))
    observed = replace(observed, values=layout.from_vendor(observed.values, groups))
    return comparison.typed(subject, Kind.GRADIENT, expected, observed, case.inputs.dtype)


def _layout(contract: Contract, gradient: str) -> Layout:
    return {"weight": contract.weight, "bias": contract.bias}.get(gradient, AS_THE_ORACLE)


# Claims: three voices.


def _claim(case: Case, contract: Contract, expectation: Expectation, observation: Observation) -> Verdict:
    """The first promise that is not kept decides; each is ruled on by itself."""
    kept: list[Ruling] = []
    lacking = False
    ratio: float | None = None
    mute = _oracle_is_mute(case, expectation)
    for promise in _promises(case, contract, expectation, observation):
        if promise is None:
            lacking = True
            continue
        if mute:
            promise = replace(promise, ruling=_WITHOUT_ORACLE.get(promise.ruling, promise.ruling))
        if promise.fault is not None:
            return Verdict(Outcome.FAULT, observed=promise.fault)
        ratio = promise.ratio if promise.ratio is not None else ratio
        if promise.divergence is not None:
            return replace(_diverges(promise.divergence, promise.ruling), ratio=promise.ratio)
        kept.append(promise.ruling)
    if lacking:
        return replace(_unavailable(observation), ruling=Ruling.NOT_OBSERVABLE)
    if not kept:
        return Verdict(Outcome.FAULT, observed="nothing that this case promises was observed")
    ruling = next((r for r in kept if r is not Ruling.HOLDS), Ruling.HOLDS)
    exact = ratio is not None and expectation.arrays is not None and expectation.arrays.exact
    return Verdict(Outcome.CONFORMS, ruling=ruling, ratio=ratio, exact=exact)


_WITHOUT_ORACLE = {
    Ruling.ORACLE_APART: Ruling.HOLDS,
    Ruling.DOCUMENT_WRONG: Ruling.DOCUMENT_AND_IMPLEMENTATION_PART,
    Ruling.IMPLEMENTATION_WRONG: Ruling.DOCUMENT_AND_IMPLEMENTATION_PART,
    Ruling.DOCUMENT_SILENT: Ruling.DOCUMENT_AND_IMPLEMENTATION_PART,
    Ruling.ALL_DIFFER: Ruling.DOCUMENT_AND_IMPLEMENTATION_PART,
}


def _oracle_is_mute(case: Case, expectation: Expectation) -> bool:
    """Whether a case is about what the mathematics leaves open, so that document and implementation are alone.

    That is the order of arguments; the strides that "same" goes with; and a notation (a list for a tuple, four
    numbers for two) that document and oracle do not share.
    """
    if case.positional:
        return True
    given, rejects = expectation.canonical, expectation.raised
    if case.promise.raises:
        if given is not None and given["padding"] == "same" and common.pair(given["stride"]) != (1, 1):
            return True
        return rejects is None and "TypeError" in case.promise.raises
    if given is None or rejects is None:
        return False
    sizes = ("kernel_size", "stride", "dilation", "output_padding")
    return rejects[0] == "TypeError" or any(common.pair(given[name]) is None for name in sizes)


@dataclass(frozen=True)
class _Ruled:
    """One promise: which voice stands apart, and how; or why it cannot be ruled on, a fault of this suite."""

    ruling: Ruling
    divergence: Divergence | None
    ratio: float | None = None
    fault: str | None = None


def _ruled(document: Any, oracle: Any, implementation: Any, divergence: Divergence) -> _Ruled:
    """Rule on one statement from what each voice says; `oracle` is None where it has no say."""
    return rule(
        document == implementation, None if oracle is None else oracle == implementation, document == oracle, divergence
    )


def rule(document: bool, oracle: bool | None, agree: bool, divergence: Divergence) -> _Ruled:
    """Which voice stands apart.

    Args:
        document, oracle: whether the implementation is as that voice says; `oracle` None: it has no say.
        agree: whether document and oracle say the same.
    """
    if document and oracle in (True, None):
        return _Ruled(Ruling.HOLDS, None)
    if document:
        return _Ruled(Ruling.ORACLE_APART, None)
    if oracle is None:
        return _Ruled(Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, divergence)
    if oracle:
        return _Ruled(Ruling.DOCUMENT_WRONG, divergence)
    return _Ruled(Ruling.IMPLEMENTATION_WRONG if agree else Ruling.ALL_DIFFER, divergence)


def _promises(
    case: Case, contract: Contract, expectation: Expectation, observation: Observation
) -> Iterator[_Ruled | None]:
    """Each promise of a claim's case, ruled on; None where it cannot be observed on this device."""
    promise = case.promise
    if promise.raises:
        yield _promised_exception(case, expectation, observation)
        return
    if promise.defaults:
        yield from _promised_defaults(case, observation)
        return
    yield from _promised_parameters(case, contract, expectation, observation)
    if promise.distribution is not None:
        yield _promised_distribution(promise.distribution, observation)
    beyond = promise.accepts or promise.operation or promise.shape or promise.dtype or promise.same_as is not None
    seen = observation.output is not None or observation.inferred is not None
    if not beyond or not seen:
        if observation.lacking:
            yield None
        elif observation.raised is not None and (beyond or not observation.parameters):
            yield _promised_acceptance(expectation, observation)
        elif beyond and case.inputs is not None:
            yield from _unbuilt(contract, expectation, observation)
        elif promise.accepts:
            yield _promised_acceptance(expectation, observation)
        return
    if promise.accepts:
        yield None if observation.lacking else _promised_acceptance(expectation, observation)
    if observation.inferred is not None:
        dtype, shape = observation.inferred
    else:
        assert observation.output is not None
        dtype, shape = observation.output.dtype, observation.output.values.shape
    if promise.shape is not None:
        computed = expectation.output.value.shape if expectation.output is not None else None
        yield _ruled(
            tuple(promise.shape),
            computed,
            tuple(shape),
            Divergence(Kind.SHAPE, "output", _documented(promise.shape, computed), shown(shape)),
        )
    if promise.dtype is not None:
        yield _ruled(promise.dtype, None, dtype, Divergence(Kind.DTYPE, "output", promise.dtype, dtype))
    if promise.operation:
        yield _promised_operation(case, contract, expectation, observation)
    if promise.same_as is not None:
        yield _promised_sameness(expectation, observation)


def _unbuilt(contract: Contract, expectation: Expectation, observation: Observation) -> Iterator[_Ruled]:
    """Why a call that nothing stopped has no output: its parameters had not the shapes that the layer's have."""
    for found in _parameters(contract, expectation, observation):
        yield _Ruled(Ruling.DOCUMENT_SILENT, found)


def _promised_operation(
    case: Case, contract: Contract, expectation: Expectation, observation: Observation
) -> _Ruled | None:
    """Output and gradients against the oracle's, for which the document names the operation."""
    if observation.inferred is not None:
        return None
    if expectation.output is None:
        if expectation.raised is None:
            return _Ruled(
                Ruling.HOLDS, None, fault="the document names the operation, but these arguments name no layer"
            )
        return _Ruled(Ruling.ORACLE_APART, None)  # document and implementation accept what the oracle rejects
    verdict = _whole_call(case, contract, expectation, observation)
    if verdict.outcome is Outcome.UNAVAILABLE:
        return None
    if verdict.outcome is Outcome.FAULT:
        return _Ruled(Ruling.HOLDS, None, fault=verdict.observed)
    if verdict.outcome is Outcome.CONFORMS:
        return _Ruled(Ruling.HOLDS, None, verdict.ratio)
    assert verdict.kind is not None
    found = Divergence(verdict.kind, verdict.subject, verdict.expected, verdict.observed, verdict.ratio, verdict.worst)
    return _Ruled(Ruling.IMPLEMENTATION_WRONG, found, verdict.ratio)


def _promised_sameness(expectation: Expectation, observation: Observation) -> _Ruled | None:
    """The output of a call against that of the call documented to be equivalent."""
    if observation.other is None or observation.output is None:
        if observation.lacking or observation.raised is None:
            return None
        return _promised_acceptance(expectation, observation)
    compared = _same(observation.output, observation.other)
    return _Ruled(Ruling.HOLDS if compared is None else Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, compared)


def _documented(shape: tuple[int, ...], oracle: tuple[int, ...] | None) -> str:
    says = f"document: {shown(tuple(shape))}"
    return says if oracle is None or tuple(shape) == oracle else f"{says}; oracle: {shown(oracle)}"


def _same(first: TypedArray, second: TypedArray) -> Divergence | None:
    may_be_nan = first.values.dtype.kind in "fc"
    if first.dtype == second.dtype and np.array_equal(first.values, second.values, equal_nan=may_be_nan):
        return None
    return Divergence(Kind.VALUE, "output", "the same output as the equivalent call", "another output")


def _promised_exception(case: Case, expectation: Expectation, observation: Observation) -> _Ruled | None:
    classes, raised = case.promise.raises, observation.raised
    expected = " or ".join(classes) + (f" in {case.promise.phase}" if case.promise.phase else "")
    rejects = expectation.raised is not None if expectation.canonical is not None else None
    if raised is None or observation.lacking:
        constructed = case.promise.phase is Phase.CONSTRUCT and observation.phase is not Phase.CONSTRUCT
        if observation.lacking and observation.inferred is None and not constructed:
            return None  # the device lacks the operation, whose own checks were not reached
        found = Divergence(Kind.WRONGLY_ACCEPTED, "call", expected, "accepted")
        return rule(False, None if rejects is None else not rejects, rejects is True, found)
    names = {name.rsplit(".", 1)[-1] for name in (raised.cls, *raised.bases)}
    if not names & set(classes):
        found = Divergence(Kind.ERROR_CLASS, "call", expected, _raised_text(observation))
        oracle = None if expectation.raised is None else expectation.raised[0] in names
        agree = expectation.raised is not None and expectation.raised[0] in classes
        return rule(False, oracle, agree, found)
    if case.promise.phase is not None and raised.phase is not case.promise.phase:
        return rule(False, None, False, Divergence(Kind.ERROR_PHASE, "call", expected, _raised_text(observation)))
    return rule(True, rejects, True, Divergence(Kind.ERROR_CLASS, "call", expected, ""))


def _promised_acceptance(expectation: Expectation, observation: Observation) -> _Ruled:
    oracle = None if expectation.canonical is None else expectation.raised is None
    accepted = observation.raised is None
    found = Divergence(Kind.WRONGLY_REJECTED, "call", "accepted", "" if accepted else _raised_text(observation))
    return rule(accepted, None if oracle is None else oracle == accepted, oracle is True, found)


def _promised_defaults(case: Case, observation: Observation) -> Iterator[_Ruled | None]:
    assert case.api is not None
    spelled = framework_of(case.api).source.dtype
    if observation.raised is not None:
        yield None  # it has no signature to be read
        return
    for name, value in case.promise.defaults.items():
        documented = values.to_source(value, lambda dtype: spelled.format(name=dtype))
        observed = observation.defaults.get(name, "no default")
        found = Divergence(Kind.DEFAULT, name, documented, observed)
        yield _ruled(documented, None, observed, found)


def _promised_parameters(
    case: Case, contract: Contract, expectation: Expectation, observation: Observation
) -> Iterator[_Ruled]:
    if not case.promise.parameters or (observation.raised is not None and not observation.parameters):
        return
    computed = _vendor_shapes(contract, expectation) if expectation.canonical is not None else {}
    for name, promised in case.promise.parameters.items():
        observed = observation.parameters.get(name)
        if promised is None or observed is None:
            wanted = "absent" if promised is None else "present" if promised[0] is None else shown(promised[0])
            found = Divergence(Kind.SHAPE, name, wanted, shown(None if observed is None else observed[1]))
            says = None if not computed else name in computed
            yield _ruled(promised is not None, says, observed is not None, found)
            continue
        shape, dtype = promised
        if shape is not None:
            found = Divergence(Kind.SHAPE, name, shown(tuple(shape)), shown(observed[1]))
            yield _ruled(tuple(shape), computed.get(name), tuple(observed[1]), found)
        if dtype is not None:
            yield _ruled(dtype, None, observed[0], Divergence(Kind.DTYPE, name, dtype, observed[0]))
        if shape is None and dtype is None:
            yield _Ruled(Ruling.HOLDS, None)  # present, as promised


def _promised_distribution(promised: Distribution, observation: Observation) -> _Ruled:
    drawn = observation.values.get(promised.parameter)
    expected = f"{promised.family}{promised.arguments}"
    if drawn is None:
        return rule(False, None, False, Divergence(Kind.DISTRIBUTION, promised.parameter, expected, "absent"))
    reason = distribution.fault(promised, np.asarray(drawn.values, dtype=np.float64).ravel(), drawn.dtype)
    found = Divergence(Kind.DISTRIBUTION, promised.parameter, expected, reason or "")
    return rule(reason is None, None, False, found)


def _picture(
    case: Case, contract: Contract, expectation: Expectation, observation: Observation, verdict: Verdict
) -> dict[str, Any] | None:
    """The arrays of a divergence in the oracle's layout, where all are small enough to be looked at.

    `bound` is there when elements were compared, of the shape of `expected`.
    """
    arrays, groups = expectation.arrays, 1 if expectation.canonical is None else expectation.canonical["groups"]
    if arrays is None or observation.output is None or arrays.weight is None or case.inputs is None:
        return None
    name = verdict.subject.removeprefix("grad_")
    expected, observed = expectation.output, observation.output.values
    of_gradient = name != verdict.subject
    if of_gradient:
        if name not in observation.gradients or name not in expectation.gradients:
            return None
        expected, observed = expectation.gradients[name], observation.gradients[name].values
        layout = _layout(contract, name)
        if layout.to_vendor(expected.value, groups).shape == observed.shape:
            observed = layout.from_vendor(observed, groups)
    found = {
        "x": arrays.x,
        "weight": arrays.weight,
        "bias": arrays.bias,
        "grad_output": arrays.grad_output if of_gradient else None,
        "expected": None if expected is None else comparison.awaited(expected, case.inputs.dtype),
        "observed": observed,
        "bound": None if expected is None or verdict.worst is None else comparison.bound(expected),
    }
    kept = {name: array for name, array in found.items() if array is not None}
    if any(array.size > MAX_PICTURE or np.iscomplexobj(array) for array in kept.values()):
        return None
    return {name: _nested(array.tolist()) for name, array in kept.items()}


def _nested(value: Any) -> Any:
    if isinstance(value, list):
        return [_nested(item) for item in value]
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return str(value)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
