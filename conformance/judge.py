"""Observation + expectation -> verdict. Knows no framework by name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance import inputs, values
from conformance.apis import Contract, framework_of
from conformance.case import (
    Array, Case, Distribution, Kind, Observation, Outcome, Phase, Ruling, TypedArray, Verdict, Worst,
)  # fmt: skip
from conformance.expectation import Expectation, Expected

MAX_PICTURE = 600  # elements of an array that a divergence keeps for its picture
CONFIDENCE = 1e-9  # of wrongly blaming a correct initial distribution, per test


@dataclass(frozen=True)
class Divergence:
    """One way in which what was observed is not what was expected."""

    kind: Kind
    subject: str
    expected: str
    observed: str
    ratio: float | None = None
    worst: Worst | None = None


@dataclass(frozen=True)
class Comparison:
    """Arrays compared element by element: the largest error / bound, and the divergence if there is one."""

    ratio: float
    divergence: Divergence | None


def judge(case: Case, contract: Contract, expectation: Expectation, observation: Observation) -> Verdict:
    """The verdict on one case of one API."""
    verdict = _judge(case, contract, expectation, observation)
    if verdict.outcome is Outcome.DIVERGES:
        verdict = replace(verdict, arrays=_picture(expectation, observation, verdict.subject))
    return replace(
        verdict,
        phase=observation.phase,
        raised=observation.raised,
        inferred=observation.inferred is not None,
        seconds=observation.seconds,
    )


def _judge(case: Case, contract: Contract, expectation: Expectation, observation: Observation) -> Verdict:
    if observation.timed_out or observation.died:
        return _ended(observation)
    if case.claim is not None:
        return _claim(case, contract, expectation, observation)
    if case.promise.raises:
        return _rejection(case, observation)
    if expectation.raised is not None:
        cls, message = expectation.raised
        return Verdict(
            Outcome.FAULT, observed=f"the oracle rejects this valid case: {cls}: {message}. Is it missing `raises`?"
        )
    found = _first(_parameters(contract, expectation, observation))
    if found is not None:
        return _diverges(found)
    if observation.lacking:
        return _unavailable(observation)
    return _whole_call(case, contract, expectation, observation)


def _ended(observation: Observation) -> Verdict:
    how = {True: "; so it does alone in a fresh process", False: "; not so alone in a fresh process", None: ""}
    alone = how[observation.alone]
    if observation.timed_out:
        return Verdict(Outcome.TIMED_OUT, subject="call", observed=f"no answer within the limit{alone}")
    return Verdict(
        Outcome.CRASHED, subject="call", observed=f"the process ended: {observation.died}{alone}", stderr=observation.stderr
    )


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
    if contract.functional or not observation.parameters or expectation.canonical is None:
        return
    wanted = _vendor_shapes(contract, expectation)
    for name in sorted(set(wanted) | set(observation.parameters)):
        expected = wanted.get(name)
        observed = observation.parameters[name][1] if name in observation.parameters else None
        if expected != observed:
            yield Divergence(Kind.SHAPE, name, _shape(expected), _shape(observed))


def _vendor_shapes(contract: Contract, expectation: Expectation) -> dict[str, tuple[int, ...]]:
    assert expectation.canonical is not None
    groups = expectation.canonical["groups"]
    layouts = {"weight": contract.weight, "bias": contract.bias}
    return {
        name: layouts[name].to_vendor(np.empty(shape), groups).shape for name, shape in expectation.parameters.items()
    }


def _shape(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else f"shape {tuple(shape)}"


def _whole_call(case: Case, contract: Contract, expectation: Expectation, observation: Observation) -> Verdict:
    """A valid call: accepted, with the oracle's shape, dtype, values and gradients."""
    ratio = None
    if observation.raised is not None and observation.raised.phase is not Phase.BACKWARD:
        return _diverges(Divergence(Kind.WRONGLY_REJECTED, "call", "accepted", _raised_text(observation)))
    if expectation.output is not None and case.inputs is not None:
        if observation.output is None:
            return Verdict(Outcome.FAULT, observed="the worker returned neither an output nor an exception")
        compared = _array("output", Kind.VALUE, expectation.output, observation.output, case.inputs.dtype)
        ratio = compared.ratio
        if compared.divergence:
            return _diverges(compared.divergence)
        if observation.raised is not None:
            return _diverges(Divergence(Kind.WRONGLY_REJECTED, "gradients", "gradients", _raised_text(observation)))
        for name, expected in expectation.gradients.items():
            compared = _gradient(name, contract, expectation, expected, observation, case)
            ratio = max(ratio, compared.ratio)
            if compared.divergence:
                return _diverges(compared.divergence)
    exact = expectation.arrays is not None and expectation.arrays.exact
    return Verdict(Outcome.CONFORMS, ratio=ratio, exact=exact and ratio is not None)


def _gradient(
    name: str, contract: Contract, expectation: Expectation, expected: Expected, observation: Observation, case: Case
) -> Comparison:
    assert expectation.canonical is not None and case.inputs is not None
    subject = f"grad_{name}"
    if name not in observation.gradients:
        return Comparison(0.0, Divergence(Kind.GRADIENT, subject, _shape(expected.value.shape), "absent"))
    observed = observation.gradients[name]
    groups = expectation.canonical["groups"]
    layout = {"weight": contract.weight, "bias": contract.bias}.get(name)
    if layout is not None:
        wanted = layout.to_vendor(expected.value, groups).shape
        if observed.values.shape != wanted:
            return Comparison(
                0.0, Divergence(Kind.GRADIENT, subject, _shape(wanted), _shape(observed.values.shape))
            )
        observed = replace(observed, values=layout.from_vendor(observed.values, groups))
    return _array(subject, Kind.GRADIENT, expected, observed, case.inputs.dtype)


def _array(subject: str, kind: Kind, expected: Expected, observed: TypedArray, dtype: str) -> Comparison:
    """Shape, dtype, then every element against its bound."""
    if observed.values.shape != expected.value.shape:
        return Comparison(
            0.0,
            Divergence(
                Kind.SHAPE if kind is Kind.VALUE else kind, subject, _shape(expected.value.shape), _shape(observed.values.shape)
            ),
        )
    if observed.dtype != dtype:
        return Comparison(0.0, Divergence(Kind.DTYPE, subject, dtype, observed.dtype))
    return compare(subject, kind, expected, observed.values, dtype)


def compare(subject: str, kind: Kind, expected: Expected, observed: Array, dtype: str) -> Comparison:
    """Every element of an array of the expected shape against its bound.

    An element conforms when |observed - expected| <= bound (DESIGN.md, Numbers); a bound of None is zero. NaN
    conforms to NaN alone, an infinity to itself alone, unless the bound itself is infinite.
    """
    if expected.value.size == 0:
        return Comparison(0.0, None)
    value = expected.value
    if expected.bound is None and dtype not in inputs.INTEGERS:
        value = inputs.rounded(value, dtype)  # exact but for what overflows
    wide = observed.astype(np.result_type(value.dtype, observed.dtype), copy=False)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        same = (wide == value) | (np.isnan(wide) & np.isnan(value))
        error = np.where(same, 0.0, np.abs(wide - value)).astype(np.float64)
        error = np.where(np.isnan(error), np.inf, error)
        bound = np.zeros(value.shape) if expected.bound is None else expected.bound
        ratio = np.where(error == 0, 0.0, error / bound)
        ratio = np.where(np.isinf(bound), 0.0, ratio)
    worst = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    largest = float(ratio[worst])
    if largest <= 1.0:
        return Comparison(largest, None)
    wrong = int(np.count_nonzero(ratio > 1.0))
    index = tuple(int(i) for i in worst)
    found = Worst(index, value[worst].item(), wide[worst].item(), float(bound[worst]))
    within = "exactly" if found.bound == 0 else f"within {found.bound:.3g}"
    return Comparison(
        largest,
        Divergence(
            kind,
            subject,
            f"{found.expected!r} {within} at {index}",
            f"{found.observed!r}; {wrong} of {ratio.size} elements outside the bound" + _excess(largest),
            largest,
            found,
        ),
    )


def _excess(ratio: float) -> str:
    """How far outside a bound: fast algorithms stay within a few powers of two of it, a wrong operation does not."""
    return f", at most 2^{math.ceil(math.log2(ratio))} times it" if math.isfinite(ratio) else ""


# Claims: three voices.


def _claim(case: Case, contract: Contract, expectation: Expectation, observation: Observation) -> Verdict:
    """The first promise that is not kept decides; each is ruled on by itself."""
    kept: list[Ruling] = []
    lacking = False
    ratio: float | None = None
    for promise in _promises(case, contract, expectation, observation):
        if promise is None:
            lacking = True
            continue
        ratio = promise.ratio if promise.ratio is not None else ratio
        if promise.divergence is not None:
            return replace(_diverges(promise.divergence, promise.ruling), ratio=promise.ratio)
        kept.append(promise.ruling)
    if lacking:
        return replace(_unavailable(observation), ruling=Ruling.NOT_OBSERVABLE)
    ruling = next((r for r in kept if r is not Ruling.HOLDS), Ruling.HOLDS)
    return Verdict(Outcome.CONFORMS, ruling=ruling, ratio=ratio, exact=ratio == 0.0)


@dataclass(frozen=True)
class _Ruled:
    ruling: Ruling
    divergence: Divergence | None
    ratio: float | None = None


def _ruled(document: Any, oracle: Any, implementation: Any, divergence: Divergence) -> _Ruled:
    """Rule on one statement from what each voice says; `oracle` is None where it has no say."""
    return rule(document == implementation, None if oracle is None else oracle == implementation, document == oracle, divergence)


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
    if not beyond:
        if observation.raised is not None and not observation.parameters and not observation.lacking:
            yield _promised_acceptance(expectation, observation)
        return
    if observation.lacking and observation.inferred is None:
        yield None
        return
    if observation.raised is not None and observation.inferred is None:
        yield _promised_acceptance(expectation, observation)
        return
    if promise.accepts:
        yield _promised_acceptance(expectation, observation)
    if observation.inferred is not None:
        dtype, shape = observation.inferred
    elif observation.output is not None:
        dtype, shape = observation.output.dtype, observation.output.values.shape
    else:
        return
    if promise.shape is not None:
        computed = expectation.output.value.shape if expectation.output is not None else None
        yield _ruled(
            tuple(promise.shape),
            computed,
            tuple(shape),
            Divergence(Kind.SHAPE, "output", _documented(promise.shape, computed), _shape(shape)),
        )
    if promise.dtype is not None:
        yield _ruled(promise.dtype, None, dtype, Divergence(Kind.DTYPE, "output", promise.dtype, dtype))
    if promise.operation:
        if observation.inferred is not None:
            yield None
            return
        verdict = _whole_call(case, contract, expectation, observation)
        kind = verdict.kind or Kind.VALUE
        found = Divergence(kind, verdict.subject, verdict.expected, verdict.observed, verdict.ratio, verdict.worst)
        ruled = rule(verdict.outcome is Outcome.CONFORMS, verdict.outcome is Outcome.CONFORMS, True, found)
        yield replace(ruled, ratio=verdict.ratio)
    if promise.same_as is not None and observation.other is not None and observation.output is not None:
        compared = _same(observation.output, observation.other)
        yield _Ruled(Ruling.HOLDS if compared is None else Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, compared)


def _documented(shape: tuple[int, ...], oracle: tuple[int, ...] | None) -> str:
    says = f"document: {_shape(tuple(shape))}"
    return says if oracle is None or tuple(shape) == oracle else f"{says}; oracle: {_shape(oracle)}"


def _same(first: TypedArray, second: TypedArray) -> Divergence | None:
    if first.dtype == second.dtype and np.array_equal(first.values, second.values, equal_nan=first.values.dtype.kind in "fc"):
        return None
    return Divergence(Kind.VALUE, "output", "the same output as the equivalent call", "another output")


def _promised_exception(case: Case, expectation: Expectation, observation: Observation) -> _Ruled | None:
    classes, raised = case.promise.raises, observation.raised
    expected = " or ".join(classes) + (f" in {case.promise.phase}" if case.promise.phase else "")
    rejects = expectation.raised is not None if expectation.canonical is not None else None
    if raised is None or observation.lacking:
        if observation.lacking and rejects is not False:
            return None  # accepted as far as could be seen, and then the device lacks the operation
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


def _promised_defaults(case: Case, observation: Observation) -> Iterator[_Ruled]:
    assert case.api is not None
    spelled = framework_of(case.api).source.dtype
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
            shape = None if observed is None else observed[1]
            wanted = None if promised is None else promised[0]
            found = Divergence(Kind.SHAPE, name, "absent" if promised is None else f"{_shape(wanted)}", _shape(shape))
            oracle = (name in computed) == (observed is not None) if expectation.parameters else None
            yield rule((promised is None) == (observed is None), oracle, (promised is None) == (name not in computed), found)
            continue
        shape, dtype = promised
        if shape is not None:
            found = Divergence(Kind.SHAPE, name, _shape(tuple(shape)), _shape(observed[1]))
            yield _ruled(tuple(shape), computed.get(name), tuple(observed[1]), found)
        if dtype is not None:
            yield _ruled(dtype, None, observed[0], Divergence(Kind.DTYPE, name, dtype, observed[0]))


def _promised_distribution(promised: Distribution, observation: Observation) -> _Ruled:
    drawn = observation.values.get(promised.parameter)
    expected = f"{promised.family}{promised.arguments}"
    if drawn is None:
        return rule(False, None, False, Divergence(Kind.DISTRIBUTION, promised.parameter, expected, "absent"))
    reason = distribution_fault(promised, np.asarray(drawn.values, dtype=np.float64).ravel(), drawn.dtype)
    found = Divergence(Kind.DISTRIBUTION, promised.parameter, expected, reason or "")
    return rule(reason is None, None, False, found)


def distribution_fault(promised: Distribution, drawn: Array, dtype: str = "float32") -> str | None:
    """Why numbers were not drawn from a distribution, or None.

    Support, mean, variance and Kolmogorov-Smirnov's distance (with the bound of Dvoretzky, Kiefer, Wolfowitz and
    Massart, exact for every n), each at `CONFIDENCE`.
    """
    if promised.family == "constant":
        return None if bool((drawn == np.float64(np.asarray(promised.arguments[0], dtype=dtype))).all()) else "another value"
    first, second = promised.arguments
    slack = 1e-6  # of the support: the type's own rounding of its ends
    if promised.family == "uniform":
        low, high = first, second
        mean, variance, fourth = (low + high) / 2, (high - low) ** 2 / 12, (high - low) ** 4 / 80
        cumulated = (drawn - low) / (high - low)
    else:
        cut = 2.0 if promised.family == "truncated_normal" else math.inf
        low, high = first - cut * second, first + cut * second
        mean, variance, fourth = _normal_moments(first, second, cut)
        phi = np.array([math.erf((v - first) / second / math.sqrt(2)) for v in drawn]) / 2
        cumulated = 0.5 + phi / math.erf(cut / math.sqrt(2))
    width = slack * (high - low) if math.isfinite(high - low) else 0.0
    if drawn.min() < low - width or drawn.max() > high + width:
        return f"support [{drawn.min():.6g}, {drawn.max():.6g}] instead of [{low:.6g}, {high:.6g}]"
    n = drawn.size
    z = math.sqrt(2 * math.log(2 / CONFIDENCE))
    if abs(drawn.mean() - mean) > z * math.sqrt(variance / n):
        return f"mean {drawn.mean():.6g} of {n} instead of {mean:.6g}"
    spread = math.sqrt(max(fourth - variance**2, 0.0) / n)
    if abs(np.mean((drawn - mean) ** 2) - variance) > z * spread:
        return f"variance {np.mean((drawn - mean) ** 2):.6g} of {n} instead of {variance:.6g}"
    ranks = np.sort(np.clip(cumulated, 0.0, 1.0))
    steps = np.arange(n + 1) / n
    distance = max(float(np.max(steps[1:] - ranks)), float(np.max(ranks - steps[:-1])))
    if distance > math.sqrt(math.log(2 / CONFIDENCE) / (2 * n)):
        return f"a distance of {distance:.3g} from the distribution function, over {n} numbers"
    return None


def _normal_moments(mean: float, std: float, cut: float) -> tuple[float, float, float]:
    """Mean, variance and fourth central moment of a normal distribution cut at `cut` standard deviations."""
    if math.isinf(cut):
        return mean, std**2, 3 * std**4
    mass = math.erf(cut / math.sqrt(2))
    density = math.exp(-(cut**2) / 2) / math.sqrt(2 * math.pi)
    second = 1 - 2 * cut * density / mass
    fourth = 3 * second - 2 * cut**3 * density / mass
    return mean, std**2 * second, std**4 * fourth


def _picture(expectation: Expectation, observation: Observation, subject: str) -> dict[str, Any] | None:
    """The arrays of a divergence, where all are small enough to be looked at."""
    arrays = expectation.arrays
    if arrays is None or observation.output is None or arrays.weight is None:
        return None
    expected, observed = expectation.output, observation.output
    if subject.startswith("grad_"):
        name = subject.removeprefix("grad_")
        if name not in observation.gradients or name not in expectation.gradients:
            return None
        expected, observed = expectation.gradients[name], observation.gradients[name]
    found = {
        "x": arrays.x,
        "weight": arrays.weight,
        "bias": arrays.bias,
        "grad_output": arrays.grad_output if subject.startswith("grad_") else None,
        "expected": expected.value if expected is not None else None,
        "observed": observed.values,
    }
    kept = {name: array for name, array in found.items() if array is not None}
    if any(array.size > MAX_PICTURE or np.iscomplexobj(array) for array in kept.values()):
        return None
    return {name: _nested(array.tolist()) for name, array in kept.items()}


def _nested(value: Any) -> Any:
    if isinstance(value, list):
        return [_nested(item) for item in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value if math.isfinite(value) else str(value)
    return value
