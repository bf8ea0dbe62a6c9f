"""Source that a person would type: the one line of a call, and the complete script that shows a divergence."""

from __future__ import annotations

import base64
import math
import textwrap
import zlib
from collections.abc import Sequence

import numpy as np

from conformance.apis import Contract, Framework
from conformance.case import Array, Case, Distribution, Kind, Outcome, Phase, Verdict, values
from conformance.case.values import Arguments, Tensor
from conformance.oracle import inputs
from conformance.oracle.expectation import Expectation

LISTED = 64  # elements; longer arrays are packed
PACKED = 60_000  # characters; larger arrays make no script
ABOUT_ERRORS = (Kind.WRONGLY_REJECTED, Kind.WRONGLY_ACCEPTED, Kind.ERROR_CLASS, Kind.ERROR_PHASE)

Wire = dict[str, tuple[Array, str]]  # arrays in the vendor's layout, with their dtypes


def call_line(contract: Contract, framework: Framework, arguments: Arguments, positional: Sequence[str] = ()) -> str:
    """The call as a person would type it, such as ``torch.nn.Conv2d(in_channels=4, ...)``."""
    keywords = [name for name in arguments if name not in positional]
    source = {name: _argument(name, value, contract, framework) for name, value in arguments.items()}
    shown = [source[name] for name in positional] + [f"{name}={source[name]}" for name in keywords]
    return f"{contract.api}({', '.join(['x', *shown] if contract.functional else shown)})"


def _argument(name: str, value: values.Value, contract: Contract, framework: Framework) -> str:
    if not isinstance(value, Tensor):
        return _source(value, framework)
    if contract.functional and name in ("weight", "bias"):
        return name
    filled = f'(np.arange({math.prod(value.shape)}) % 5 + 1).astype("float32").reshape({value.shape})'
    return framework.source.tensor.format(array=filled)


def _source(value: values.Value, framework: Framework) -> str:
    return values.to_source(value, lambda dtype: framework.source.dtype.format(name=dtype))


def script(
    case: Case,
    contract: Contract,
    framework: Framework,
    arguments: Arguments,
    expectation: Expectation,
    verdict: Verdict,
) -> str | None:
    """A complete script that shows a divergence: its last line says DIVERGES while it does, CONFORMS once it does not.

    That of a crash ends as the call did. None where the arrays are too large to write down, and where the
    observation came from the framework's own inference, which no plain call asks.
    """
    if verdict.inferred:
        return None
    wire = _arrays(case, contract, arguments, expectation)
    packed = {name: _array(array, dtype) for name, (array, dtype) in wire.items()}
    if any(len(text) > PACKED for text in packed.values()):
        return None
    source = framework.source
    head = [
        f"# {_visible(case.id)}",
        *_comment(f"expected: {verdict.expected}"),
        *_comment(f"observed: {verdict.observed}"),
        source.imports,
        *_modules(contract, source.imports),
        *(["import base64, zlib"] if any("zlib" in text for text in packed.values()) else []),
        *([source.prepare] if source.prepare else []),
        "",
    ]
    if verdict.kind is Kind.DEFAULT:
        return _joined(head, _default(contract, framework, case, verdict))
    layout = case.inputs.layout if case.inputs is not None else "contiguous"
    body = [f"{name} = {_tensor(name, packed[name], dtype, framework, layout)}" for name, (_, dtype) in wire.items()]
    body += _call(case, contract, framework, arguments, wire, verdict)
    if verdict.kind in ABOUT_ERRORS:
        body = ["raised = None", "try:", textwrap.indent("\n".join(body), "    ")]
        body += ["except BaseException as error:", "    raised = error", "    print(type(error).__name__, error)", ""]
    return _joined(head, body, _check(case, contract, framework, expectation, verdict))


def _joined(*parts: list[str]) -> str:
    return "\n".join(line for part in parts for line in part) + "\n"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(_visible(text), 100, initial_indent="# ", subsequent_indent="#   ")


def _visible(text: str) -> str:
    """Text on one line of ASCII, so that none of it can leave its comment."""
    return text.encode("unicode_escape").decode("ascii")


def _modules(contract: Contract, imported: str) -> list[str]:
    package = contract.api.rsplit(".", 1)[0]
    return [] if f"import {package}\n" in f"{imported}\n" else [f"import {package}"]


def _arrays(case: Case, contract: Contract, arguments: Arguments, expectation: Expectation) -> Wire:
    """The arrays that the script needs."""
    arrays = expectation.arrays
    if arrays is None or case.inputs is None:
        return {}
    dtype, weight_dtype = case.inputs.dtype, case.inputs.weight_dtype or case.inputs.dtype
    found = {"x": (arrays.x, dtype)}
    groups = expectation.canonical["groups"] if expectation.canonical is not None else 1
    valid = expectation.raised is None
    for name, array, layout in (("weight", arrays.weight, contract.weight), ("bias", arrays.bias, contract.bias)):
        wanted = arguments.get(name)
        if contract.functional and isinstance(wanted, Tensor):
            filled = layout.to_vendor(array, groups) if valid and array is not None else inputs.small(wanted.shape)
            found[name] = filled, weight_dtype
        elif not contract.functional and valid and array is not None:
            found[name] = layout.to_vendor(array, groups), weight_dtype
    if arrays.grad_output is not None and expectation.output is not None:
        found["grad_output"] = arrays.grad_output, dtype
    return found


def _array(array: Array, dtype: str) -> str:
    held = "float32" if dtype == "bfloat16" else dtype
    typed = array.astype(held)
    if typed.size == 0:
        return f'np.zeros({typed.shape}, dtype="{held}")'
    if typed.size <= LISTED:
        # Complex numbers as pairs: as a sum of parts a literal loses the signs of zeros.
        parts = typed if typed.dtype.kind != "c" else typed[..., None].view(typed.real.dtype)
        listed = np.array2string(parts, separator=", ", threshold=2 * LISTED + 1, floatmode="unique").replace("\n", "")
        listed = " ".join(listed.split()).replace("nan", "np.nan").replace("inf", "np.inf")
        text = f'np.array({listed}, dtype="{parts.dtype}")'
        return text if typed.dtype.kind != "c" else f'{text}.view("{held}")[..., 0]'
    data = base64.b64encode(zlib.compress(typed.tobytes(), 9)).decode()
    return f'np.frombuffer(zlib.decompress(base64.b64decode("{data}")), "{held}").reshape({typed.shape}).copy()'


def _tensor(name: str, array: str, dtype: str, framework: Framework, layout: str) -> str:
    template = framework.source.bfloat16 if dtype == "bfloat16" else framework.source.tensor
    if name == "x" and layout == "strided":
        return template.format(array=f"np.repeat({array}, 2, axis=-1)") + "[..., ::2]"
    if name == "x" and layout == "transposed":
        turned = template.format(array=f"np.ascontiguousarray({array}.swapaxes(-1, -2))")
        return framework.source.turned.format(tensor=turned)
    return template.format(array=array)


def plain(
    case: Case, contract: Contract, framework: Framework, arguments: Arguments, expectation: Expectation
) -> list[str]:
    """The lines, imports apart, that run a whole call: they leave `output`, and `gradients` where asked for."""
    wire = _arrays(case, contract, arguments, expectation)
    layout = case.inputs.layout if case.inputs is not None else "contiguous"
    lines = [
        f"{name} = {_tensor(name, _array(array, dtype), dtype, framework, layout)}"
        for name, (array, dtype) in wire.items()
    ]
    whole = Verdict(Outcome.CONFORMS, subject="output", phase=Phase.BACKWARD)
    return [*lines, *_call(case, contract, framework, arguments, wire, whole)]


# What is called


def _call(
    case: Case, contract: Contract, framework: Framework, arguments: Arguments, wire: Wire, verdict: Verdict
) -> list[str]:
    """The call, as far as it is needed to see the divergence."""
    source = framework.source
    named = ["weight", "bias"]
    marks = verdict.kind is Kind.ERROR_PHASE
    backward = "grad_output" in wire and (verdict.subject.startswith("grad") or verdict.phase is Phase.BACKWARD)

    def mark(phase: Phase) -> list[str]:
        return [f'phase = "{phase}"'] if marks else []

    if contract.functional:
        lines = [] if "bias" in wire else ["bias = None"]
        lines += _function("run", contract, framework, arguments, case.positional)
    else:
        lines = [*mark(Phase.CONSTRUCT), f"layer = {call_line(contract, framework, arguments, case.positional)}"]
        if verdict.subject in named:
            return lines
        lines += mark(Phase.PARAMETERS)
        lines += [source.set_parameter.format(layer="layer", name=name, tensor=name) for name in named if name in wire]
    if "x" not in wire:
        return lines
    lines += [*mark(Phase.FORWARD), "output = run(x, weight, bias)" if contract.functional else "output = layer(x)"]
    lines.append(f"observed = {source.numpy.format(tensor='output')}")
    if case.promise.same_as is not None and verdict.kind in (Kind.VALUE, Kind.WRONGLY_REJECTED):
        lines += _other(contract, framework, case.promise.same_as, [name for name in named if name in wire])
    if backward:
        lines += [
            *mark(Phase.BACKWARD),
            *(source.backward_functional if contract.functional else source.backward).split("\n"),
        ]
    return lines


def _function(
    name: str, contract: Contract, framework: Framework, arguments: Arguments, positional: Sequence[str] = ()
) -> list[str]:
    call = call_line(contract, framework, {**arguments, "bias": Tensor(())}, positional)
    return [f"def {name}(x, weight, bias):", f"    return {call}"]


def _other(contract: Contract, framework: Framework, arguments: Arguments, named: list[str]) -> list[str]:
    """The call that is documented to be equivalent."""
    if contract.functional:
        return [*_function("other", contract, framework, arguments), "other_output = other(x, weight, bias)"]
    lines = [f"other = {call_line(contract, framework, arguments)}"]
    lines += [framework.source.set_parameter.format(layer="other", name=name, tensor=name) for name in named]
    return [*lines, "other_output = other(x)"]


# What is checked


def _says(condition: str) -> str:
    return f'print("DIVERGES" if {condition} else "CONFORMS")'


def _default(contract: Contract, framework: Framework, case: Case, verdict: Verdict) -> list[str]:
    documented, name = _source(case.promise.defaults[verdict.subject], framework), verdict.subject
    return [
        "import inspect",
        f"parameters = inspect.signature({contract.api}).parameters",
        f"default = repr(parameters[{name!r}].default) if {name!r} in parameters else 'no default'",
        'print("default:", default)',
        _says(f"default != {documented!r}"),
    ]


def _check(
    case: Case, contract: Contract, framework: Framework, expectation: Expectation, verdict: Verdict
) -> list[str]:
    """The lines that say whether the divergence is still there."""
    if verdict.outcome is not Outcome.DIVERGES:
        return ['print("CONFORMS")']
    match verdict.kind:
        case Kind.WRONGLY_REJECTED:
            return [_says("raised is not None")]
        case Kind.WRONGLY_ACCEPTED:
            return [_says("raised is None")]
        case Kind.ERROR_CLASS:
            names = sorted(case.promise.raises)
            kept = f"any(cls.__name__ in {names} for cls in type(raised).__mro__)"
            return [_says(f"raised is None or not {kept}")]
        case Kind.ERROR_PHASE:
            return ['print("phase:", phase)', _says(f'raised is None or phase != "{case.promise.phase}"')]
        case Kind.DISTRIBUTION:
            return _distribution(case.promise.distribution, framework, verdict.subject)
    if case.promise.same_as is not None and verdict.kind is Kind.VALUE and verdict.worst is None:
        other = framework.source.numpy.format(tensor="other_output")
        return [f"other = {other}", _says("not np.array_equal(observed, other, equal_nan=observed.dtype.kind in 'fc')")]
    tensor = "output"
    if verdict.subject in ("weight", "bias"):
        tensor = f'getattr(layer, "{verdict.subject}", None)'
    elif verdict.subject.startswith("grad_"):
        tensor = f'gradients.get("{verdict.subject.removeprefix("grad_")}")'
    if verdict.worst is not None:
        return _element(contract, framework, expectation, verdict, tensor)
    lines = [f"found = {tensor}"]
    if verdict.kind is Kind.DTYPE:
        name = framework.source.dtype_name.format(tensor="found")
        return [*lines, f"dtype = {name}", 'print("dtype:", dtype)', _says(f"dtype != {verdict.expected!r}")]
    lines += ["shape = None if found is None else tuple(int(n) for n in found.shape)", 'print("shape:", shape)']
    if verdict.subject == "output" and case.promise.shape is not None:
        return [*lines, _says(f"shape != {tuple(case.promise.shape)}")]
    if verdict.expected in ("absent", "present"):
        return [*lines, _says(f"shape is {'not ' if verdict.expected == 'absent' else ''}None")]
    return [*lines, _says(f"repr(shape) != {verdict.expected.removeprefix('shape ')!r}")]


def _element(
    contract: Contract, framework: Framework, expectation: Expectation, verdict: Verdict, tensor: str
) -> list[str]:
    """The worst element against its bound."""
    assert verdict.worst is not None
    index = verdict.worst.index
    layout = {"grad_weight": contract.weight, "grad_bias": contract.bias}.get(verdict.subject)
    if layout is not None and expectation.canonical is not None:
        expected = expectation.gradients[verdict.subject.removeprefix("grad_")]
        positions = np.arange(expected.value.size).reshape(expected.value.shape)
        moved = layout.to_vendor(positions, expectation.canonical["groups"])
        index = tuple(int(i) for i in np.argwhere(moved == positions[index])[0])
    wanted, bound = repr(verdict.worst.expected), repr(verdict.worst.bound)
    special = any(word in wanted + bound for word in ("nan", "inf"))
    return [
        *(['nan, inf, nanj, infj = float("nan"), float("inf"), complex("nanj"), complex("infj")'] if special else []),
        f"result = {tensor}",
        f"found = ({framework.source.numpy.format(tensor='result')})[{', '.join(map(str, index))}].item()",
        f"expected, bound = {wanted}, {bound}",
        f'print("at {index}: expected", expected, "bound", bound, "observed", found)',
        "same = found == expected or (found != found and expected != expected)",
        _says("not (same or abs(found - expected) <= bound)"),
    ]


def _distribution(promised: Distribution | None, framework: Framework, subject: str) -> list[str]:
    """The same tests as `conformance.distribution`, written out."""
    assert promised is not None
    drawn = framework.source.numpy.format(tensor=f"layer.{subject}")
    lines = [f"drawn = np.sort({drawn}.astype('float64').ravel())"]
    lines.append('print("least", drawn[0], "most", drawn[-1], "mean", drawn.mean(), "std", drawn.std())')
    if promised.family == "constant":
        lines.append(f"drawn = {drawn}")
        return [*lines, _says(f"(drawn != np.array({promised.arguments[0]!r}, drawn.dtype)).any()")]
    first, second = promised.arguments
    if promised.family == "uniform":
        lines += [f"low, high = {first!r}, {second!r}", "u = (drawn - low) / (high - low)"]
    else:
        cut = 2 if promised.family == "truncated_normal" else 1e9
        lines += [
            "from statistics import NormalDist",
            f"law, low, high = NormalDist({first!r}, {second!r}), {first - cut * second!r}, {first + cut * second!r}",
            "u = np.array([(law.cdf(v) - law.cdf(low)) / (law.cdf(high) - law.cdf(low)) for v in drawn])",
        ]
    return [
        *lines,
        "n, slack, chance = drawn.size, 1e-6 * (high - low), np.log(2e9)  # blames wrongly once in 1e9",
        "outside = drawn[0] < low - slack or drawn[-1] > high + slack",
        "u = u.clip(0, 1)",
        "narrow = max(u[0], 1 - u[-1]) > 1 - np.exp(-chance / n)",
        "limit, steps = np.sqrt(chance / (2 * n)), np.arange(n + 1) / n",
        "moved = abs(u.mean() - 1 / 2) > limit or abs(((u - 1 / 2) ** 2).mean() - 1 / 12) > limit / 4",
        "apart = max((steps[1:] - u).max(), (u - steps[:-1]).max()) > limit",
        _says("outside or narrow or moved or apart"),
    ]
