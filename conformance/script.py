"""Source that a person would type: the one line of a call, and the complete script that shows a divergence."""

from __future__ import annotations

import base64
import textwrap
import zlib

import numpy as np

from conformance import inputs, values
from conformance.apis import Contract, Framework
from conformance.case import Array, Case, Kind, Outcome, Verdict
from conformance.expectation import Expectation
from conformance.values import Arguments, Tensor

LISTED = 64  # elements; longer arrays are packed
PACKED = 60_000  # characters; larger arrays make no script


def call_line(contract: Contract, framework: Framework, arguments: Arguments) -> str:
    """The call as a person would type it, such as ``torch.nn.Conv2d(in_channels=4, ...)``."""
    shown = [
        f"{name}={name}" if isinstance(value, Tensor) else f"{name}={_source(value, framework)}"
        for name, value in arguments.items()
    ]
    return f"{contract.api}({', '.join(['x', *shown] if contract.functional else shown)})"


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

    None where the arrays are too large to write down.
    """
    wire = _arrays(case, contract, arguments, expectation)
    packed = {name: _array(array, dtype) for name, (array, dtype) in wire.items()}
    if any(len(text) > PACKED for text in packed.values()):
        return None
    source = framework.source
    head = [
        f"# {case.id}",
        *textwrap.wrap(f"expected: {verdict.expected}", 100, initial_indent="# ", subsequent_indent="#   "),
        *textwrap.wrap(f"observed: {_visible(verdict.observed)}", 100, initial_indent="# ", subsequent_indent="#   "),
        source.imports,
        *_modules(contract, source.imports),
        *(["import base64, zlib"] if any("zlib" in text for text in packed.values()) else []),
        *([source.prepare] if source.prepare else []),
        "",
    ]
    if verdict.kind is Kind.DEFAULT:
        return "\n".join([*head, *_default(contract, framework, case, verdict)]) + "\n"
    body = [f"{name} = {_tensor(packed[name], dtype, framework)}" for name, (_, dtype) in wire.items()]
    if contract.functional:
        body += _functional(contract, framework, arguments, "grad_output" in wire)
    else:
        body += _module(contract, framework, arguments, wire, verdict)
    if case.promise.same_as is not None and verdict.kind is Kind.VALUE and "x" in wire and not contract.functional:
        body += [f"other = {call_line(contract, framework, case.promise.same_as)}"]
        body += [
            source.set_parameter.format(name=n, tensor=n).replace("layer.", "other.")
            for n in ("weight", "bias")
            if n in wire
        ]
        body += ["other_output = other(x)"]
    lines = [*head, "raised = None", "try:", textwrap.indent("\n".join(body), "    ")]
    lines += ["except BaseException as error:", "    raised = error", "    print(type(error).__name__, error)", ""]
    return "\n".join([*lines, *_check(case, contract, framework, expectation, verdict)]) + "\n"


def _visible(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


def _modules(contract: Contract, imported: str) -> list[str]:
    package = contract.api.rsplit(".", 1)[0]
    return [] if f"import {package}\n" in f"{imported}\n" else [f"import {package}"]


def _arrays(
    case: Case, contract: Contract, arguments: Arguments, expectation: Expectation
) -> dict[str, tuple[Array, str]]:
    """The arrays that the script needs, in the vendor's layout, with their dtypes."""
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
    if typed.size <= LISTED:
        listed = np.array2string(typed, separator=", ", threshold=LISTED + 1, floatmode="unique").replace("\n", "")
        listed = " ".join(listed.split()).replace("nan", "np.nan").replace("inf", "np.inf")
        text = f'np.array({listed}, dtype="{held}")'
        return text if typed.size else f'np.zeros({typed.shape}, dtype="{held}")'
    data = base64.b64encode(zlib.compress(typed.tobytes(), 9)).decode()
    return f'np.frombuffer(zlib.decompress(base64.b64decode("{data}")), "{held}").reshape({typed.shape}).copy()'


def _tensor(array: str, dtype: str, framework: Framework) -> str:
    template = framework.source.bfloat16 if dtype == "bfloat16" else framework.source.tensor
    return template.format(array=array)


def _module(
    contract: Contract, framework: Framework, arguments: Arguments, wire: dict[str, tuple[Array, str]], verdict: Verdict
) -> list[str]:
    source = framework.source
    lines = [f"layer = {call_line(contract, framework, arguments)}"]
    if verdict.subject in ("weight", "bias"):
        return lines
    lines += [source.set_parameter.format(name=name, tensor=name) for name in ("weight", "bias") if name in wire]
    if "x" in wire:
        lines.append("output = layer(x)")
        lines.append(f"observed = {source.numpy.format(tensor='output')}")
        if "grad_output" in wire and verdict.subject.startswith("grad"):
            lines += source.backward.split("\n")
    return lines


def _functional(contract: Contract, framework: Framework, arguments: Arguments, gradients: bool) -> list[str]:
    source = framework.source
    lines = [] if isinstance(arguments.get("bias"), Tensor) else ["bias = None"]
    lines.append("def run(x, weight, bias):")
    given = {k: v for k, v in arguments.items() if k != "bias"}
    lines.append("    return " + call_line(contract, framework, {**given, "bias": Tensor(())}))
    lines += ["output = run(x, weight, bias)", f"observed = {source.numpy.format(tensor='output')}"]
    if gradients:
        lines += source.backward_functional.split("\n")
    return lines


def _default(contract: Contract, framework: Framework, case: Case, verdict: Verdict) -> list[str]:
    documented = _source(case.promise.defaults[verdict.subject], framework)
    return [
        "import inspect",
        f"parameters = inspect.signature({contract.api}).parameters",
        f'default = parameters["{verdict.subject}"].default if "{verdict.subject}" in parameters else "no such argument"',
        'print("default:", repr(default))',
        f'print("DIVERGES" if repr(default) != {documented!r} else "CONFORMS")',
    ]


def _check(
    case: Case, contract: Contract, framework: Framework, expectation: Expectation, verdict: Verdict
) -> list[str]:
    """The lines that say whether the divergence is still there."""

    def says(condition: str) -> str:
        return f'print("DIVERGES" if {condition} else "CONFORMS")'

    if verdict.outcome is not Outcome.DIVERGES:
        return ["print('CONFORMS')"]
    match verdict.kind:
        case Kind.WRONGLY_REJECTED:
            return [says("raised is not None")]
        case Kind.WRONGLY_ACCEPTED:
            return [says("raised is None")]
        case Kind.ERROR_CLASS:
            names = set(case.promise.raises)
            return [
                f"names = {{cls.__name__ for cls in type(raised).__mro__}}",
                says(f"raised is not None and not names & {names!r}"),
            ]
        case Kind.ERROR_PHASE:
            return [says("raised is not None")]
        case Kind.DISTRIBUTION:
            drawn = framework.source.numpy.format(tensor=f"layer.{verdict.subject}")
            return [
                f"drawn = {drawn}.astype('float64')",
                'print("min", drawn.min(), "max", drawn.max(), "mean", drawn.mean(), "std", drawn.std())',
                f"# documented: {verdict.expected}",
            ]
    if case.promise.same_as is not None and verdict.kind is Kind.VALUE:
        other = framework.source.numpy.format(tensor="other_output")
        return [
            f"print((observed != {other}).sum(), 'elements differ')",
            says(f"not np.array_equal(observed, {other})"),
        ]
    if verdict.subject in ("weight", "bias"):
        shown = (
            f'tuple(layer.{verdict.subject}.shape) if getattr(layer, "{verdict.subject}", None) is not None else None'
        )
        lines = [f"shape = {shown}", 'print("shape:", shape)']
        return (
            [*lines, says(f"repr(shape) != {verdict.expected.removeprefix('shape ')!r}")]
            if "shape" in verdict.expected
            else lines
        )
    lines = []
    if verdict.subject.startswith("grad_"):
        key = verdict.subject.removeprefix("grad_")
        lines.append(f"observed = {framework.source.numpy.format(tensor=f'gradients[{key!r}]')}")
        expected = expectation.gradients.get(key)
    else:
        expected = expectation.output
    lines.append('print("shape:", observed.shape, "dtype:", observed.dtype)')
    if verdict.worst is not None:
        index = verdict.worst.index
        if verdict.subject in ("grad_weight", "grad_bias") and expectation.canonical is not None:
            layout = contract.weight if verdict.subject == "grad_weight" else contract.bias
            if expected is not None:
                flat = np.arange(expected.value.size).reshape(expected.value.shape)
                moved = layout.to_vendor(flat, expectation.canonical["groups"])
                index = tuple(int(i) for i in np.argwhere(moved == flat[index])[0])
        wanted, bound = verdict.worst.expected, verdict.worst.bound
        lines += [
            'nan, inf = float("nan"), float("inf")',
            f"expected, bound, found = {wanted!r}, {bound!r}, observed[{index}]",
            f'print("at {index}: expected", expected, "bound", bound, "observed", found)',
            says(
                "not (found == expected or (found != found and expected != expected) or abs(found - expected) <= bound)"
            ),
        ]
    elif verdict.kind is Kind.DTYPE:
        lines.append(says(f"str(observed.dtype) != {verdict.expected!r}"))
    elif case.claim is not None and case.promise.shape is not None and verdict.subject == "output":
        lines.append(says(f"observed.shape != {tuple(case.promise.shape)!r}"))
    elif expected is not None:
        lines.append(says(f"observed.shape != {tuple(expected.value.shape)!r}"))
    return lines
