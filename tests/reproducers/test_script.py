"""Every reproducer runs: generated scripts, executed by the real frameworks, say what is the case and nothing else."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from conformance.apis import NoEquivalent, contracts, frameworks
from conformance.case import Case, Distribution, Inputs, Kind, Outcome, Phase, Promise, Target, Verdict, Worst
from conformance.case.values import DType
from conformance.oracle.expectation import Expectation, expect
from conformance.reproducers.confirm import Executor, confirm
from conformance.reproducers.script import script
from conformance.targets.protocol import vendor_arguments
from tests.frameworks import target_of

LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 3), "groups": 2}
INPUT = Inputs((2, 4, 5, 6))
RUNS = [api for api in contracts() if ".mint." not in api]  # those have no CPU kernels


def written(
    api: str,
    verdict: Verdict,
    promise: Promise | None = None,
    inputs: Inputs | None = INPUT,
    own: dict[str, Any] | None = None,
    **arguments: Any,
) -> str | None:
    """The script of a verdict on a call; `own` are the vendor's arguments of a claim."""
    contract = contracts()[api]
    framework = frameworks()[api.split(".")[0]]
    given = {**LAYER, **arguments} if own is None else own
    case = Case(
        "made.yaml", "case\n\u2028import evil", 1, contract.layer, api if own is not None else None, given, inputs,
        promise or Promise(), "", None if own is None else "claim",
    )  # fmt: skip
    expectation = expect(case)
    vendor = vendor_arguments(case, contract)
    assert not isinstance(vendor, NoEquivalent)
    return script(case, contract, framework, vendor, expectation, verdict)


@dataclass(frozen=True)
class Written:
    """A script, and the last line that it has to print."""

    name: str
    source: str | None
    says: str


def diverges(kind: Kind, subject: str, expected: str = "", **more: Any) -> Verdict:
    return Verdict(Outcome.DIVERGES, kind, subject, expected, "something else", **more)


def expectation_of(api: str, inputs: Inputs, **arguments: Any) -> Expectation:
    return expect(
        Case(
            "made.yaml",
            "case\n\u2028import evil",
            1,
            contracts()[api].layer,
            None,
            {**LAYER, **arguments},
            inputs,
            Promise(),
            "",
        )
    )


def elements(api: str, inputs: Inputs = INPUT, **arguments: Any) -> Iterator[Written]:
    """Of output and gradients one element, against what it is and against another number."""
    found = expectation_of(api, inputs, **arguments)
    parts = {"output": found.output, **{f"grad_{name}": each for name, each in found.gradients.items()}}
    for subject, each in parts.items():
        kind = Kind.VALUE if subject == "output" else Kind.GRADIENT
        index = tuple(n // 2 for n in each.value.shape)
        right = each.value[index].item()
        bound = 0.0 if each.bound is None else float(each.bound[index])
        wrong = 0.25 if right != right else right + 1 + 4 * bound
        for wanted, says in ((right, "CONFORMS"), (wrong, "DIVERGES")):
            worst = Worst(index, wanted, 0.0, bound)
            label = f"{inputs} {arguments} {subject} {says}"
            yield Written(label, written(api, diverges(kind, subject, worst=worst), inputs=inputs, **arguments), says)


def scripts(api: str) -> Iterator[Written]:
    contract = contracts()[api]
    megengine, mindspore = api.startswith("megengine"), api.startswith("mindspore")
    yield from elements(api)
    yield from elements(api, replace(INPUT, values="real"), stride=(2, 1), bias=False)
    if not (megengine and contract.layer == "conv_transpose2d"):  # MegEngine raises on a strided view there
        yield from elements(api, replace(INPUT, layout="strided"))
    yield from elements(api, replace(INPUT, layout="transposed", dtype="float16"), groups=1)
    yield from elements(api, replace(INPUT, values="with_nan"))
    if not megengine and not mindspore:
        yield from elements(api, replace(INPUT, dtype="bfloat16", gradients=False))
        yield from elements(api, replace(INPUT, dtype="float64"))
        yield from elements(api, replace(INPUT, dtype="complex64", values="with_nan"))
        yield from elements(api, Inputs((4, 5, 6)))
    output = expectation_of(api, INPUT).output.value.shape
    for shape, says in ((output, "CONFORMS"), ((1, 2), "DIVERGES")):
        yield Written(f"output {says}", written(api, diverges(Kind.SHAPE, "output", f"shape {shape}")), says)
    for dtype, says in (("float32", "CONFORMS"), ("float64", "DIVERGES")):
        yield Written(f"dtype {says}", written(api, diverges(Kind.DTYPE, "output", dtype)), says)
        yield Written(f"dtype {says}", written(api, diverges(Kind.DTYPE, "grad_weight", dtype)), says)
    weight = contract.weight.to_vendor(expectation_of(api, INPUT).arrays.weight, 2).shape
    for shape, says in ((weight, "CONFORMS"), ((1, 2), "DIVERGES")):
        yield Written(f"grad {says}", written(api, diverges(Kind.GRADIENT, "grad_weight", f"shape {shape}")), says)
        if not contract.functional:
            verdict = diverges(Kind.SHAPE, "weight", f"shape {shape}")
            yield Written(f"weight {says}", written(api, verdict, inputs=None), says)
            yield Written(f"weight {says}", written(api, verdict), says)
    if not contract.functional:
        verdict = diverges(Kind.DTYPE, "weight", "float32")
        yield Written("weight dtype", written(api, verdict), "CONFORMS")
        for bias, says in ((False, "CONFORMS"), (True, "DIVERGES")):
            yield Written("bias", written(api, diverges(Kind.SHAPE, "bias", "absent"), bias=bias), says)
    rejected = diverges(Kind.WRONGLY_REJECTED, "call", "accepted")
    accepted = diverges(Kind.WRONGLY_ACCEPTED, "call", "rejected")
    invalid = {
        "promise": Promise(raises=("ValueError",)),
        "inputs": replace(INPUT, shape=(2, 5, 5, 6), gradients=False),
    }
    yield Written("rejected", written(api, rejected), "CONFORMS")
    yield Written("rejected", written(api, replace(rejected, subject="gradients")), "CONFORMS")
    yield Written("rejected", written(api, rejected, **invalid), "DIVERGES")
    yield Written("accepted", written(api, accepted), "DIVERGES")
    yield Written("accepted", written(api, accepted, **invalid), "CONFORMS")
    for raises, says in ((("Exception", "Other"), "CONFORMS"), (("Other",), "DIVERGES")):
        yield Written(
            "class",
            written(api, diverges(Kind.ERROR_CLASS, "call"), **{**invalid, "promise": Promise(raises=raises)}),
            says,
        )
    if not contract.functional:
        for phase, says in ((Phase.FORWARD, "CONFORMS"), (Phase.CONSTRUCT, "DIVERGES")):
            promise = Promise(raises=("ValueError",), phase=phase)
            yield Written(
                "phase", written(api, diverges(Kind.ERROR_PHASE, "call"), **{**invalid, "promise": promise}), says
            )
    vendor = contract.to_vendor(LAYER, INPUT)
    for stride, says in ((1, "CONFORMS"), ((2, 1), "DIVERGES")):
        promise = Promise(same_as={**vendor, "stride": stride})
        yield Written(f"same_as {says}", written(api, diverges(Kind.VALUE, "output"), promise, own=vendor), says)
    if not contract.functional:
        for default, says in ((1, "CONFORMS"), (DType("float16"), "DIVERGES")):
            promise = Promise(defaults={"stride": default})
            yield Written("default", written(api, diverges(Kind.DEFAULT, "stride"), promise, None, vendor), says)


@pytest.mark.parametrize("name", sorted(frameworks()))
def test_scripts_say_what_is_the_case(name: str, tmp_path: Any) -> None:
    """All scripts of a framework in one interpreter, each with names of its own."""
    target = target_of(name)
    made = [(api, one) for api in RUNS if api.startswith(name) for one in scripts(api)]
    python = target.spec.removeprefix("popen//python=")
    runner = tmp_path / "runner.py"
    lines = ["import contextlib, io, traceback"]
    for number, (_, one) in enumerate(made):
        assert one.source is not None
        (tmp_path / f"{number}.py").write_text(one.source, encoding="ascii")
    lines += [
        f"for number in range({len(made)}):",
        "    with contextlib.redirect_stdout(io.StringIO()) as printed:",
        "        try:",
        f"            path = {str(tmp_path)!r} + '/%d.py' % number",
        "            exec(compile(open(path).read(), path, 'exec'), {'__name__': '__main__'})",
        "        except BaseException:",
        "            print(traceback.format_exc()[-600:])",
        "    print(number, repr(printed.getvalue()))",
    ]
    runner.write_text("\n".join(lines))
    done = subprocess.run([python, runner], capture_output=True, text=True, cwd=tmp_path, timeout=300)
    printed = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line[:1].isdigit())
    wrong = []
    for number, (api, one) in enumerate(made):
        text = ast.literal_eval(printed.get(str(number), "''"))
        if text.strip().splitlines()[-1:] != [one.says]:
            wrong.append(f"{api} {one.name}: expected {one.says}, printed {text}")
    assert not wrong, "\n".join(
        [*wrong[:5], f"{len(wrong)} of {len(made)}", done.stderr[-2000:] if not printed else ""]
    )


def test_a_distribution_is_tested_in_the_script() -> None:
    """torch draws U(-sqrt(k), sqrt(k)) with k = groups / (C_in * kh * kw), its document says; here 1 / 600."""
    own = {"in_channels": 24, "out_channels": 12, "kernel_size": 5}
    says = {
        Distribution("weight", "uniform", (-((1 / 600) ** 0.5), (1 / 600) ** 0.5)): "CONFORMS",
        Distribution("weight", "uniform", (-((1 / 500) ** 0.5), (1 / 500) ** 0.5)): "DIVERGES",
        Distribution("weight", "normal", (0.0, (1 / 1800) ** 0.5)): "DIVERGES",
        Distribution("weight", "truncated_normal", (0.0, (1 / 1800) ** 0.5)): "DIVERGES",
        Distribution("weight", "constant", (0.5,)): "DIVERGES",
    }
    scripts = []
    for promised in says:
        verdict = diverges(Kind.DISTRIBUTION, "weight", str(promised))
        scripts.append(
            (written("torch.nn.Conv2d", verdict, Promise(distribution=promised), None, own), verdict.outcome)
        )
    with Executor(target_of("torch"), 60.0) as executor:
        found = list(executor.confirm_all(scripts))
    assert [each.printed.splitlines()[-1] for each in found] == list(says.values())
    assert [each.confirmed for each in found] == [word == "DIVERGES" for word in says.values()]


def test_no_text_leaves_its_comment() -> None:
    hostile = replace(
        diverges(Kind.WRONGLY_REJECTED, "call", "x\nimport evil\r\u2028import evil"), observed="y\nimport evil"
    )
    source = written("torch.nn.Conv2d", hostile)
    assert source.isascii()
    code = [line for line in source.splitlines() if not line.startswith("#")]
    assert not any("evil" in line for line in code)


def test_large_arrays_make_no_script_and_middling_ones_are_packed() -> None:
    verdict = diverges(Kind.WRONGLY_REJECTED, "call")
    assert written("torch.nn.Conv2d", verdict, inputs=Inputs((8, 4, 100, 100), values="real")) is None
    assert "zlib" in written("torch.nn.Conv2d", verdict, inputs=Inputs((1, 4, 12, 12)))
    assert written("torch.nn.Conv2d", replace(verdict, inferred=True)) is None


# Confirming


def plain(source: str, outcome: Outcome = Outcome.DIVERGES, limit: float = 60.0) -> Any:
    import sys

    return confirm(Target("torch", "torch", f"popen//python={sys.executable}"), source, outcome, limit)


@pytest.mark.parametrize(
    ("source", "outcome", "confirmed"),
    [
        ("print('DIVERGES')", Outcome.DIVERGES, True),
        ("print('DIVERGES')\nprint('CONFORMS')", Outcome.DIVERGES, False),
        ("print('DIVERGES')\nraise ValueError", Outcome.DIVERGES, True),
        ("raise ValueError('DIVERGES')", Outcome.DIVERGES, False),
        ("import os; os.abort()", Outcome.DIVERGES, False),
        ("import os; os.abort()", Outcome.CRASHED, True),
        ("import os; os._exit(3)", Outcome.CRASHED, True),
        ("raise ValueError", Outcome.CRASHED, False),
        ("print('CONFORMS')", Outcome.CRASHED, False),
        ("print('CONFORMS')", Outcome.TIMED_OUT, False),
    ],
)
def test_confirmation(source: str, outcome: Outcome, confirmed: bool) -> None:
    found = plain(source, outcome)
    assert found.confirmed is confirmed
    assert found.printed


def test_a_script_without_end_is_ended() -> None:
    found = plain("import time\nprint('DIVERGES', flush=True)\ntime.sleep(60)", Outcome.TIMED_OUT, 1.0)
    assert found.confirmed
    assert "limit" in found.printed


def test_a_target_that_cannot_be_started_confirms_nothing() -> None:
    found = confirm(Target("torch", "torch", "popen//python=/nonexistent/python"), "print('DIVERGES')")
    assert not found.confirmed
    assert "not executed" in found.printed


def test_arrays_are_written_exactly() -> None:
    from conformance.reproducers.script import _array

    for dtype in ("float16", "float32", "float64", "complex64", "int8", "int64", "bfloat16"):
        for size in (0, 3, 64, 65):
            array = np.arange(size) / (1 if dtype.startswith("int") else 3)
            array[:2] = 0 if dtype.startswith("int") else [np.nan, -0.0][: len(array[:2])]
            held = "float32" if dtype == "bfloat16" else dtype
            namespace: dict[str, Any] = {"np": np}
            exec("import base64, zlib\nfound = " + _array(array, dtype), namespace)
            assert namespace["found"].tobytes() == array.astype(held).tobytes()
            assert namespace["found"].dtype == held
