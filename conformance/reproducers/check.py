"""What a script checks: lines whose last one prints DIVERGES while the divergence is there, CONFORMS once it is not."""

from __future__ import annotations

from conformance.case import Kind, Outcome, Verdict
from conformance.reproducers.arrays import position_in_vendor_layout
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.call import write_value
from conformance.targets.protocol import PARAMETERS


def write_check(asked: AskedCase, verdict: Verdict) -> list[str]:
    """The lines that say whether the divergence is still there. A crash or a time-out has ended before."""
    if verdict.outcome is not Outcome.DIVERGES:
        return ['print("CONFORMS")']
    promise = asked.case.promise
    match verdict.kind:
        case Kind.WRONGLY_REJECTED:
            return [say_whether("raised is not None")]
        case Kind.INTERNAL_ERROR:
            return [say_whether("raised is not None and 'please ' in str(raised).lower()")]
        case Kind.WRONGLY_ACCEPTED:
            return [say_whether("raised is None")]
        case Kind.ERROR_CLASS:
            kept = f"any(cls.__name__ in {sorted(promise.raises)} for cls in type(raised).__mro__)"
            return [say_whether(f"raised is None or not {kept}")]
        case Kind.ERROR_PHASE:
            return ['print("phase:", phase)', say_whether(f'raised is None or phase != "{promise.phase}"')]
        case Kind.DEFAULT:
            return check_default(asked, verdict.subject)
        case Kind.DISTRIBUTION:
            return check_distribution(asked, verdict.subject)
    if verdict.worst is not None:
        return check_element(asked, verdict)
    if verdict.kind is Kind.VALUE and promise.same_as is not None:
        return check_sameness(asked)
    if verdict.kind is Kind.DTYPE:
        return check_dtype(asked, verdict)
    return check_shape(asked, verdict)


def say_whether(condition: str) -> str:
    return f'print("DIVERGES" if {condition} else "CONFORMS")'


def tensor_of(subject: str) -> str:
    """The tensor that a verdict is about; None in the script where there is no such tensor."""
    if subject in PARAMETERS:
        return f'getattr(layer, "{subject}", None)'
    if subject.startswith("grad_"):
        return f'gradients.get("{subject.removeprefix("grad_")}")'
    return "output"


def check_default(asked: AskedCase, name: str) -> list[str]:
    """A default of the signature against the documented one."""
    documented = write_value(asked.case.promise.defaults[name], asked.framework)
    return [
        "import inspect",
        f"parameters = inspect.signature({asked.contract.api}).parameters",
        f"default = repr(parameters[{name!r}].default) if {name!r} in parameters else 'no default'",
        'print("default:", default)',
        say_whether(f"default != {documented!r}"),
    ]


def check_sameness(asked: AskedCase) -> list[str]:
    """The output against that of the call documented to be equivalent."""
    other = asked.framework.source.numpy.format(tensor="other_output")
    same = "np.array_equal(observed, other, equal_nan=observed.dtype.kind in 'fc')"
    return [f"other = {other}", say_whether(f"not {same}")]


def check_dtype(asked: AskedCase, verdict: Verdict) -> list[str]:
    """The dtype's common name."""
    name = asked.framework.source.dtype_name.format(tensor="found")
    return [
        f"found = {tensor_of(verdict.subject)}",
        f"dtype = {name}",
        'print("dtype:", dtype)',
        say_whether(f"dtype != {verdict.expected!r}"),
    ]


def check_shape(asked: AskedCase, verdict: Verdict) -> list[str]:
    """The shape, or that there is a tensor, or none."""
    return [
        f"found = {tensor_of(verdict.subject)}",
        "shape = None if found is None else tuple(int(n) for n in found.shape)",
        'print("shape:", shape)',
        say_whether(another_shape(asked, verdict)),
    ]


def another_shape(asked: AskedCase, verdict: Verdict) -> str:
    """The condition that `shape` is not as it should be."""
    documented = asked.case.promise.shape
    if verdict.subject == "output" and documented is not None:
        return f"shape != {tuple(documented)}"
    if verdict.expected == "absent":
        return "shape is not None"
    if verdict.expected == "present":
        return "shape is None"
    return f"repr(shape) != {verdict.expected.removeprefix('shape ')!r}"


def check_element(asked: AskedCase, verdict: Verdict) -> list[str]:
    """The worst element against its bound."""
    worst = verdict.worst
    assert worst is not None
    index = position_in_vendor_layout(asked, verdict.subject, worst.index)
    expected = repr(worst.expected)
    bound = repr(worst.bound)
    lines = []
    if any(word in expected + bound for word in ("nan", "inf")):
        lines.append('nan, inf, nanj, infj = float("nan"), float("inf"), complex("nanj"), complex("infj")')
    result = asked.framework.source.numpy.format(tensor="result")
    return [
        *lines,
        f"result = {tensor_of(verdict.subject)}",
        f"found = ({result})[{', '.join(map(str, index))}].item()",
        f"expected, bound = {expected}, {bound}",
        f'print("at {index}: expected", expected, "bound", bound, "observed", found)',
        "same = found == expected or (found != found and expected != expected)",
        say_whether("not (same or abs(found - expected) <= bound)"),
    ]


def check_distribution(asked: AskedCase, parameter: str) -> list[str]:
    """The same tests as `conformance.verdicts.distribution`, written out."""
    promised = asked.case.promise.distribution
    assert promised is not None
    drawn = asked.framework.source.numpy.format(tensor=f"layer.{parameter}")
    lines = [
        f"drawn = np.sort({drawn}.astype('float64').ravel())",
        'print("least", drawn[0], "most", drawn[-1], "mean", drawn.mean(), "std", drawn.std())',
    ]
    if promised.family == "constant":
        constant = promised.arguments[0]
        return [*lines, f"drawn = {drawn}", say_whether(f"(drawn != np.array({constant!r}, drawn.dtype)).any()")]
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
        say_whether("outside or narrow or moved or apart"),
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
