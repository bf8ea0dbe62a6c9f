"""What a script checks: lines that end in an assertion of what should be, which fails while the divergence is there."""

from __future__ import annotations

import cmath
import math
from ast import literal_eval
from textwrap import indent

from conformance.case import HELD, STATE, Kind, Outcome, Phase, Verdict, Worst
from conformance.reproducers.arrays import image_in_vendor_layout, position_in_vendor_layout
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.call import write_numpy, write_value
from conformance.targets.protocol import PARAMETERS


def write_check(asked: AskedCase, verdict: Verdict, found: str) -> list[str]:
    """The lines after a call, which say what should be; none where the call itself ends the script.

    Args:
        found: source of the tensor that the verdict is about.
    """
    promise = asked.case.promise
    if verdict.outcome is not Outcome.DIVERGES:
        return []
    match verdict.kind:
        case Kind.WRONGLY_REJECTED | Kind.INTERNAL_ERROR | Kind.ERROR_CLASS:
            return []
        case Kind.WRONGLY_ACCEPTED:
            return [fail(f"accepted; expected: {verdict.expected}")]
        case Kind.ERROR_PHASE:
            return [] if is_early(asked, verdict) else [fail(f"expected: {verdict.expected}")]
        case Kind.DISTRIBUTION:
            return check_distribution(asked, verdict.subject)
    if verdict.worst is not None:
        return check_element(asked, verdict, found)
    if verdict.kind is Kind.VALUE and promise.same_as is not None:
        return check_sameness(asked)
    if verdict.subject == STATE:
        return check_state(asked)
    if verdict.kind is Kind.DTYPE:
        return check_dtype(asked, verdict, found)
    return check_shape(asked, verdict, found)


def fail(message: str) -> str:
    """The line that fails with a message, which may have been a vendor's and stays one string."""
    return f"raise AssertionError({message!a})"


def is_early(asked: AskedCase, verdict: Verdict) -> bool:
    """Whether an exception comes before the phase in which it is documented."""
    phases = list(Phase)
    promised = asked.case.promise.phase
    assert promised is not None
    assert verdict.phase is not None
    return phases.index(verdict.phase) < phases.index(promised)


def fail_early(steps: list[str], verdict: Verdict) -> list[str]:
    """The steps, which raise too early."""
    body = indent("\n".join(steps), "    ")
    caught = ["except Exception as error:", f"    {fail(f'expected: {verdict.expected}')} from error"]
    return ["try:", body, *caught]


def say_of_tensor(asked: AskedCase, subject: str) -> str:
    """Source of what a verdict is about, but for a gradient: None in the script where there is no such parameter."""
    return f'getattr(layer, "{asked.contract.operands[subject]}", None)' if subject in PARAMETERS else "output"


def is_lacking(asked: AskedCase) -> bool:
    """Whether the call is in a dtype that NumPy lacks."""
    return asked.case.inputs is not None and asked.case.inputs.dtype in HELD


def check_default(asked: AskedCase, name: str) -> list[str]:
    """A default of the signature against the documented one."""
    documented = write_value(asked.case.promise.defaults[name], asked.framework)
    return [
        "import inspect",
        f"parameter = inspect.signature({asked.contract.api}).parameters.get({name!r})",
        f"assert repr(getattr(parameter, 'default', None)) == {documented!r}, parameter",
    ]


def check_sameness(asked: AskedCase) -> list[str]:
    """The output against that of the call documented to be equivalent."""
    output, other = (write_numpy(asked, name) for name in ("output", "other_output"))
    return [f"assert np.array_equal({output}, {other}, equal_nan=True), (output, other_output)"]


def check_state(asked: AskedCase) -> list[str]:
    """All that is saved of the layer."""
    return [
        f"state = {{name: tuple(held.shape) for name, held in {asked.source.state}.items()}}",
        f"assert state == {dict(asked.case.promise.state or {})!r}, state",
    ]


def check_dtype(asked: AskedCase, verdict: Verdict, found: str) -> list[str]:
    """The dtype's common name."""
    name = asked.source.dtype_name.format(tensor=found)
    return [f"assert {name} == {verdict.expected!r}, {found}.dtype"]


def check_shape(asked: AskedCase, verdict: Verdict, found: str) -> list[str]:
    """The shape, or that there is a tensor, or none."""
    documented = asked.case.promise.shape
    if verdict.expected == "absent":
        return [f"assert {found} is None"]
    if verdict.observed == "absent" or verdict.expected == "present":
        return [f"assert {found} is not None"]
    shape = verdict.expected.removeprefix("shape ")
    if verdict.subject == "output" and documented is not None:
        shape = repr(tuple(documented))
    if asked.is_channels_last:
        shape = repr(image_in_vendor_layout(asked, verdict.subject, literal_eval(shape)))
    return [f"assert tuple({found}.shape) == {shape}, {found}.shape"]


def check_element(asked: AskedCase, verdict: Verdict, found: str) -> list[str]:
    """The worst element against its bound."""
    worst = verdict.worst
    assert worst is not None
    index = ", ".join(map(str, position_in_vendor_layout(asked, verdict.subject, worst.index)))
    element = asked.source.element.format(tensor=found, index=index)
    if is_lacking(asked):
        element = f"{write_numpy(asked, found)}[{index}].item()"
    return [f"found = {element}", f"assert {compare_number(worst)}, found"]


def compare_number(worst: Worst) -> str:
    """The condition that `found` is as it should be."""
    expected = worst.expected
    if expected != expected:
        return "found != found"  # NaN
    source = write_number(expected)
    if worst.bound == 0 or not cmath.isfinite(expected):
        return f"found == {source}"
    return f"abs(found - {source}) <= {worst.bound!r}"


def write_number(number: float | complex) -> str:
    """Source of a number that is not NaN."""
    if isinstance(number, complex):
        parts = f"complex({write_number(number.real)}, {write_number(number.imag)})"
        return repr(number) if cmath.isfinite(number) else parts
    return repr(number) if math.isfinite(number) else f'float("{number}")'


def check_distribution(asked: AskedCase, parameter: str) -> list[str]:
    """The same tests as `conformance.verdicts.distribution`, written out."""
    promised = asked.case.promise.distribution
    assert promised is not None
    drawn = write_numpy(asked, f"layer.{asked.contract.operands[parameter]}")
    if promised.family == "constant":
        constant = promised.arguments[0]
        return [f"drawn = {drawn}", f"assert (drawn == np.array({constant!r}, drawn.dtype)).all(), drawn"]
    lines = [f"drawn = np.sort({drawn}.astype('float64').ravel())"]
    first, second = promised.arguments
    if promised.family == "uniform":
        lines += make_uniform(first, second)
    elif promised.family == "truncated_normal":
        lines += make_normal_uniform(first, second, deviations=2)
    else:
        lines += make_normal_uniform(first, second, deviations=1e9)
    return [
        *lines,
        "n, slack, chance = drawn.size, 1e-6 * (high - low), np.log(2e9)  # blames wrongly once in 1e9",
        "outside = drawn[0] < low - slack or drawn[-1] > high + slack",
        "u = u.clip(0, 1)",
        "narrow = max(u[0], 1 - u[-1]) > 1 - np.exp(-chance / n)",
        "limit, steps = np.sqrt(chance / (2 * n)), np.arange(n + 1) / n",
        "moved = abs(u.mean() - 1 / 2) > limit or abs(((u - 1 / 2) ** 2).mean() - 1 / 12) > limit / 4",
        "apart = max((steps[1:] - u).max(), (u - steps[:-1]).max()) > limit",
        "assert not (outside or narrow or moved or apart), (drawn[0], drawn[-1], drawn.mean(), drawn.std())",
    ]


def make_uniform(low: float, high: float) -> list[str]:
    """`u`, uniform on [0, 1] if `drawn` is uniform on [low, high]."""
    return [f"low, high = {low!r}, {high!r}", "u = (drawn - low) / (high - low)"]


def make_normal_uniform(mean: float, std: float, deviations: float) -> list[str]:
    """`u`, uniform on [0, 1] if `drawn` is normal, cut at so many standard deviations."""
    low = mean - deviations * std
    high = mean + deviations * std
    return [
        "from statistics import NormalDist",
        f"law, low, high = NormalDist({mean!r}, {std!r}), {low!r}, {high!r}",
        "u = np.array([(law.cdf(v) - law.cdf(low)) / (law.cdf(high) - law.cdf(low)) for v in drawn])",
    ]
