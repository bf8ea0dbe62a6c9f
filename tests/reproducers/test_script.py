"""Every script runs: executed by the real frameworks, it says what is the case and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conformance.apis import NoEquivalent, contracts, framework_of, framework_of_target, frameworks
from conformance.case import Case, Distribution, Inputs, Kind, Outcome, Phase, Promise, Raised, Target, Verdict, Worst
from conformance.case.values import DType, Tensor
from conformance.environments import choose_environments, read_environments
from conformance.oracle.expectation import Expected, expect
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.call import write_call
from conformance.reproducers.script import write_script
from conformance.targets.protocol import vendor_arguments
from tests.reproducers.conftest import Says

LAYER = {"in_channels": 4, "out_channels": 2, "kernel_size": (2, 3), "groups": 2}
INPUT = Inputs((1, 4, 3, 3))
# What is expected of the exceptions is theirs; others' scripts are executed by their certificates and audits.
DEFAULT = tuple(choose_environments(None, read_environments()))
ON_CPU = [api for api in contracts() if framework_of(api).name in DEFAULT and ".mint." not in api]  # it has no kernels
MODULES = [api for api in ON_CPU if not contracts()[api].functional]
FOR_EACH_API = pytest.mark.parametrize("api", ON_CPU)
FOR_EACH_MODULE = pytest.mark.parametrize("api", MODULES)


def ask(
    api: str,
    inputs: Inputs | None = INPUT,
    promise: Promise | None = None,
    own: Mapping[str, Any] | None = None,
    **arguments: Any,
) -> AskedCase:
    """A call of `LAYER`, changed; `own` are the vendor's arguments of a claim instead."""
    contract = contracts()[api]
    case = Case(
        spec="made.yaml",
        name="case\n\u2028import evil",
        line=1,
        layer=contract.layer,
        api=None if own is None else api,
        arguments={**LAYER, **arguments} if own is None else own,
        inputs=inputs,
        promise=promise or Promise(),
        clause="",
        claim=None if own is None else "claim",
    )
    vendor = vendor_arguments(case, contract)
    assert not isinstance(vendor, NoEquivalent)
    return AskedCase(case, contract, framework_of(api), vendor, expect(case))


def ask_invalid(api: str, promise: Promise | None = None) -> AskedCase:
    """A call on an input of other channels than the layer's."""
    inputs = replace(INPUT, shape=(1, 5, 3, 3), gradients=False)
    return ask(api, inputs, promise or Promise(raises=("ValueError",)))


def own_layer(api: str) -> Mapping[str, Any]:
    """`LAYER` in the vendor's arguments."""
    vendor = contracts()[api].to_vendor(LAYER, INPUT)
    assert not isinstance(vendor, NoEquivalent)
    return vendor


def diverges(kind: Kind, subject: str, expected: str = "", **more: Any) -> Verdict:
    return Verdict(Outcome.DIVERGES, kind, subject, expected, "something else", **more)


# Elements


@dataclass(frozen=True)
class Setting:
    """How a layer is asked, and the frameworks that have it."""

    inputs: Inputs
    arguments: Mapping[str, Any] = field(default_factory=dict)
    frameworks: tuple[str, ...] = DEFAULT


SETTINGS = {
    "exact": Setting(INPUT),
    "real": Setting(replace(INPUT, values="real"), {"stride": (2, 1), "bias": False}),
    "strided": Setting(replace(INPUT, layout="strided")),
    "transposed": Setting(replace(INPUT, layout="transposed", dtype="float16"), {"groups": 1}),
    "channels last": Setting(replace(INPUT, layout="channels_last", values="real")),
    "not a number": Setting(replace(INPUT, values="with_nan")),
    "bfloat16": Setting(replace(INPUT, dtype="bfloat16", gradients=False), frameworks=("torch",)),
    "float64": Setting(replace(INPUT, dtype="float64"), frameworks=("torch",)),
    "complex64": Setting(replace(INPUT, dtype="complex64", values="with_nan"), frameworks=("torch",)),
    "unbatched": Setting(Inputs((4, 3, 3)), frameworks=("torch",)),
}


def compared_arrays(setting: Setting) -> list[str]:
    subjects = ["output"]
    if setting.inputs.gradients:
        subjects += ["grad_input", "grad_weight"]
        if setting.arguments.get("bias", True):
            subjects.append("grad_bias")
    return subjects


def elements() -> Iterator[Any]:
    for api in ON_CPU:
        for name, setting in SETTINGS.items():
            if api.partition(".")[0] not in setting.frameworks:
                continue
            if name == "strided" and api.startswith("megengine") and contracts()[api].layer == "conv_transpose2d":
                continue  # MegEngine raises on a strided view there
            for subject in compared_arrays(setting):
                yield pytest.param(api, setting, subject, id=f"{api}-{name}-{subject}")


@pytest.mark.parametrize(("api", "setting", "subject"), list(elements()))
def test_an_element_conforms_to_what_it_is_and_to_nothing_else(
    api: str, setting: Setting, subject: str, says: Says
) -> None:
    asked = ask(api, setting.inputs, **setting.arguments)
    kind = Kind.VALUE if subject == "output" else Kind.GRADIENT
    expected = computed(asked, subject)
    index = tuple(size // 2 for size in expected.value.shape)
    right = expected.value[index].item()
    bound = 0.0 if expected.bound is None else float(expected.bound[index])
    wrong = 0.25 if right != right else right + 1 + 4 * bound
    assert says(asked, diverges(kind, subject, worst=Worst(index, right, 0.0, bound))) == "CONFORMS"
    assert says(asked, diverges(kind, subject, worst=Worst(index, wrong, 0.0, bound))) == "DIVERGES"


def computed(asked: AskedCase, subject: str) -> Expected:
    if subject != "output":
        return asked.expectation.gradients[subject.removeprefix("grad_")]
    assert asked.expectation.output is not None
    return asked.expectation.output


# Shapes and dtypes


@FOR_EACH_API
def test_an_output_has_its_shape(api: str, says: Says) -> None:
    asked = ask(api)
    shape = computed(asked, "output").value.shape
    assert says(asked, diverges(Kind.SHAPE, "output", f"shape {shape}")) == "CONFORMS"
    assert says(asked, diverges(Kind.SHAPE, "output", "shape (1, 2)")) == "DIVERGES"


@FOR_EACH_API
@pytest.mark.parametrize("subject", ["output", "grad_weight"])
def test_a_result_has_its_dtype(api: str, subject: str, says: Says) -> None:
    assert says(ask(api), diverges(Kind.DTYPE, subject, "float32")) == "CONFORMS"
    assert says(ask(api), diverges(Kind.DTYPE, subject, "float64")) == "DIVERGES"


def weight_shape(asked: AskedCase) -> tuple[int, ...]:
    """In the vendor's layout."""
    arrays = asked.expectation.arrays
    assert arrays is not None
    assert arrays.weight is not None
    return asked.contract.weight.to_vendor(arrays.weight, asked.groups).shape


@FOR_EACH_API
def test_a_gradient_has_its_shape(api: str, says: Says) -> None:
    asked = ask(api)
    assert says(asked, diverges(Kind.GRADIENT, "grad_weight", f"shape {weight_shape(asked)}")) == "CONFORMS"
    assert says(asked, diverges(Kind.GRADIENT, "grad_weight", "shape (1, 2)")) == "DIVERGES"


@FOR_EACH_MODULE
@pytest.mark.parametrize("inputs", [INPUT, None], ids=["run", "constructed"])
def test_a_parameter_has_its_shape(api: str, inputs: Inputs | None, says: Says) -> None:
    shape = weight_shape(ask(api))
    assert says(ask(api, inputs), diverges(Kind.SHAPE, "weight", f"shape {shape}")) == "CONFORMS"
    assert says(ask(api, inputs), diverges(Kind.SHAPE, "weight", "shape (1, 2)")) == "DIVERGES"


@FOR_EACH_MODULE
def test_a_parameter_has_its_dtype(api: str, says: Says) -> None:
    assert says(ask(api), diverges(Kind.DTYPE, "weight", "float32")) == "CONFORMS"
    assert says(ask(api), diverges(Kind.DTYPE, "weight", "float64")) == "DIVERGES"


@FOR_EACH_MODULE
def test_a_bias_is_absent_where_none_is_asked_for(api: str, says: Says) -> None:
    assert says(ask(api, bias=False), diverges(Kind.SHAPE, "bias", "absent")) == "CONFORMS"
    assert says(ask(api), diverges(Kind.SHAPE, "bias", "absent")) == "DIVERGES"


@FOR_EACH_MODULE
def test_a_bias_is_present_where_one_is_asked_for(api: str, says: Says) -> None:
    assert says(ask(api), diverges(Kind.SHAPE, "bias", "present")) == "CONFORMS"
    assert says(ask(api, bias=False), diverges(Kind.SHAPE, "bias", "present")) == "DIVERGES"


# Errors


def raised(cls: str, phase: Phase = Phase.FORWARD) -> Mapping[str, Any]:
    return {"raised": Raised(phase, cls, (), ""), "phase": phase}


OF_CHANNELS = "RuntimeError"  # every framework's, on an input of other channels


@FOR_EACH_API
def test_a_wrong_refusal_ends_with_the_exception_that_was_observed(api: str, says: Says) -> None:
    rejected = diverges(Kind.WRONGLY_REJECTED, "call", "accepted", **raised(OF_CHANNELS))
    assert says(ask(api), rejected) == "CONFORMS"
    assert says(ask_invalid(api), rejected) == "DIVERGES"
    otherwise = diverges(Kind.WRONGLY_REJECTED, "call", "accepted", **raised("TypeError"))
    assert says(ask_invalid(api), otherwise).startswith(OF_CHANNELS)


@FOR_EACH_API
def test_a_valid_call_has_gradients(api: str, says: Says) -> None:
    refused = diverges(Kind.WRONGLY_REJECTED, "gradients", "gradients", **raised("RuntimeError", Phase.BACKWARD))
    assert says(ask(api), refused) == "CONFORMS"


@FOR_EACH_API
def test_an_invalid_call_is_rejected(api: str, says: Says) -> None:
    accepted = diverges(Kind.WRONGLY_ACCEPTED, "call", "rejected")
    assert says(ask_invalid(api), accepted).startswith(OF_CHANNELS)
    assert says(ask(api), accepted) == "DIVERGES"


@FOR_EACH_API
def test_an_exception_is_of_another_class_than_the_documented_one(api: str, says: Says) -> None:
    asked = ask_invalid(api, Promise(raises=("Other",)))
    assert says(asked, diverges(Kind.ERROR_CLASS, "call", **raised(OF_CHANNELS))) == "DIVERGES"
    assert says(asked, diverges(Kind.ERROR_CLASS, "call", **raised("Other"))).startswith(OF_CHANNELS)


@FOR_EACH_MODULE
@pytest.mark.parametrize(
    ("promised", "observed", "says_so"),
    [
        (Phase.CONSTRUCT, Phase.FORWARD, "DIVERGES"),
        (Phase.FORWARD, Phase.CONSTRUCT, "CONFORMS"),
    ],
    ids=["too late", "too early it was, and is no more"],
)
def test_an_exception_is_raised_in_its_phase(
    api: str, promised: Phase, observed: Phase, says_so: str, says: Says
) -> None:
    asked = ask_invalid(api, Promise(raises=("ValueError",), phase=promised))
    assert (
        says(asked, diverges(Kind.ERROR_PHASE, "call", f"ValueError in {promised}", **raised("E", observed))) == says_so
    )


@pytest.mark.parametrize("api", ["torch.nn.Conv2d", "mindspore.nn.Conv2d", "megengine.module.Conv2d"])
def test_an_exception_may_be_raised_before_its_phase(api: str, says: Says) -> None:
    asked = ask(api, INPUT, Promise(raises=("ValueError",), phase=Phase.FORWARD), groups=3)
    early = diverges(Kind.ERROR_PHASE, "call", "ValueError in forward", **raised("E", Phase.CONSTRUCT))
    assert says(asked, early) == "DIVERGES"


# Claims


@FOR_EACH_API
@pytest.mark.parametrize(("stride", "word"), [(1, "CONFORMS"), ((2, 1), "DIVERGES")], ids=["the same", "another"])
def test_an_equivalent_call_gives_the_same_output(api: str, stride: object, word: str, says: Says) -> None:
    promise = Promise(same_as={**own_layer(api), "stride": stride})
    asked = ask(api, promise=promise, own=own_layer(api))
    assert says(asked, diverges(Kind.VALUE, "output")) == word


@FOR_EACH_MODULE
@pytest.mark.parametrize(
    ("default", "word"), [(1, "CONFORMS"), (DType("float16"), "DIVERGES")], ids=["it is", "another"]
)
def test_a_default_is_the_documented_one(api: str, default: object, word: str, says: Says) -> None:
    asked = ask(api, None, Promise(defaults={"stride": default}), own_layer(api))
    assert says(asked, diverges(Kind.DEFAULT, "stride")) == word


@FOR_EACH_MODULE
def test_what_is_saved_is_all_that_is_documented(api: str, says: Says) -> None:
    bias = contracts()[api].bias.to_vendor(np.empty(LAYER["out_channels"]), LAYER["groups"]).shape
    state = {"weight": weight_shape(ask(api)), "bias": bias}
    for promised, word in ((state, "CONFORMS"), ({"weight": state["weight"]}, "DIVERGES")):
        asked = ask(api, None, Promise(state=promised), {**own_layer(api)})
        assert says(asked, diverges(Kind.SHAPE, "state")) == word


# torch draws U(-sqrt(k), sqrt(k)) with k = groups / (C_in * kh * kw), its document says; here 1 / 600.
SMALL_STD = (1 / 1800) ** 0.5
DRAWN = {
    "uniform": (Distribution("weight", "uniform", (-((1 / 600) ** 0.5), (1 / 600) ** 0.5)), "CONFORMS"),
    "wider": (Distribution("weight", "uniform", (-((1 / 500) ** 0.5), (1 / 500) ** 0.5)), "DIVERGES"),
    "normal": (Distribution("weight", "normal", (0.0, SMALL_STD)), "DIVERGES"),
    "truncated": (Distribution("weight", "truncated_normal", (0.0, SMALL_STD)), "DIVERGES"),
    "constant": (Distribution("weight", "constant", (0.5,)), "DIVERGES"),
}


@pytest.mark.parametrize(("promised", "word"), DRAWN.values(), ids=list(DRAWN))
def test_a_distribution_is_the_documented_one(promised: Distribution, word: str, says: Says) -> None:
    own = {"in_channels": 24, "out_channels": 12, "kernel_size": 5}
    asked = ask("torch.nn.Conv2d", None, Promise(distribution=promised), own)
    assert says(asked, diverges(Kind.DISTRIBUTION, "weight", str(promised))) == word


# Text


def test_no_text_leaves_its_string() -> None:
    hostile = diverges(Kind.WRONGLY_ACCEPTED, "call", "x'\nimport evil\r\u2028import evil")
    script = write_script(ask("torch.nn.Conv2d"), replace(hostile, observed="y\nimport evil"))
    assert script is not None
    assert script.isascii()
    imported = [
        name.name for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Import) for name in node.names
    ]
    assert imported == ["numpy", "torch"]


REJECTED = diverges(Kind.WRONGLY_REJECTED, "call", **raised("ValueError"))
WRONG_ELEMENT = diverges(Kind.VALUE, "output", worst=Worst((0, 0, 0, 0), 1.0, 2.0, 0.0))


def test_arrays_too_large_to_be_read_make_no_script() -> None:
    assert write_script(ask("torch.nn.Conv2d", Inputs((1, 4, 12, 12))), WRONG_ELEMENT) is None


def test_large_arrays_that_a_rule_makes_are_written() -> None:
    asked = ask("torch.nn.Conv2d", Inputs((1, 4, 12, 12), values="arange", gradients=False))
    assert "np.arange(0, 576)" in (write_script(asked, WRONG_ELEMENT) or "")


def test_elements_that_do_not_matter_are_ones() -> None:
    script = write_script(ask("torch.nn.Conv2d", Inputs((8, 4, 100, 100), values="real")), REJECTED)
    assert script == (
        "import numpy as np\nimport torch\n"
        "layer = torch.nn.Conv2d(in_channels=4, out_channels=2, kernel_size=(2, 3), groups=2)\n"
        'x = torch.from_numpy(np.ones((8, 4, 100, 100), dtype="float32"))\n'
        "layer(x)\n"
    )


def test_what_was_only_inferred_makes_no_script() -> None:
    assert write_script(ask("torch.nn.Conv2d"), replace(REJECTED, inferred=True)) is None


def test_one_execution_shows_no_instability() -> None:
    assert write_script(ask("torch.nn.Conv2d"), Verdict(Outcome.UNSTABLE)) is None


# Nothing in vain


def list_unused(script: str) -> list[str]:
    """Names that a script binds, and reads nowhere."""
    nodes = list(ast.walk(ast.parse(script)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = [node.id for node in names if isinstance(node.ctx, ast.Store)]
    bound += [name.asname or name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    return [name for name in bound if name not in read]


IN_CONSTRUCTION = raised("TypeError", Phase.CONSTRUCT)
EVERY_KIND = {
    "value": (INPUT, WRONG_ELEMENT),
    "gradient of x": (INPUT, diverges(Kind.GRADIENT, "grad_input", worst=Worst((0, 0, 0, 0), 1.0, 2.0, 0.0))),
    "gradient of the bias": (INPUT, diverges(Kind.GRADIENT, "grad_bias", worst=Worst((0,), 1.0, 2.0, 0.5))),
    "shape": (INPUT, diverges(Kind.SHAPE, "output", "shape (1, 2)")),
    "shape of a parameter": (INPUT, diverges(Kind.SHAPE, "weight", "shape (1, 2)")),
    "dtype": (INPUT, diverges(Kind.DTYPE, "output", "float64")),
    "refused in construction": (INPUT, diverges(Kind.WRONGLY_REJECTED, "call", "accepted", **IN_CONSTRUCTION)),
    "refused": (INPUT, REJECTED),
    "accepted": (INPUT, diverges(Kind.WRONGLY_ACCEPTED, "call", "rejected")),
    "constructed": (None, diverges(Kind.WRONGLY_ACCEPTED, "call", "rejected")),
    "another class": (INPUT, diverges(Kind.ERROR_CLASS, "call", **raised("TypeError"))),
    "crash in forward": (INPUT, Verdict(Outcome.CRASHED, subject="call", phase=Phase.FORWARD)),
    "crash in backward": (INPUT, Verdict(Outcome.CRASHED, subject="call", phase=Phase.BACKWARD)),
}


@FOR_EACH_API
@pytest.mark.parametrize(("inputs", "verdict"), EVERY_KIND.values(), ids=list(EVERY_KIND))
def test_a_script_has_few_lines_and_none_in_vain(api: str, inputs: Inputs | None, verdict: Verdict) -> None:
    functional = contracts()[api].functional
    if functional and (inputs is None or verdict.subject == "weight"):
        pytest.skip("a function is called, and has no parameters")
    check_terse(write_script(ask(api, inputs), verdict))


def check_terse(script: str | None) -> None:
    assert script is not None
    assert len(script.splitlines()) <= 15, script
    # The gradients of x come with those of the parameters.
    assert [name for name in list_unused(script) if name not in ("of_inputs", "of_parameters", "gradients")] == []
    assert "base64" not in script


@FOR_EACH_API
@pytest.mark.parametrize("verdict", [diverges(Kind.VALUE, "output"), REJECTED], ids=["value", "refused"])
def test_a_script_of_two_calls_has_few_lines_too(api: str, verdict: Verdict) -> None:
    promise = Promise(same_as={**own_layer(api), "stride": 2})
    check_terse(write_script(ask(api, promise=promise, own=own_layer(api)), verdict))


@FOR_EACH_API
def test_which_of_two_calls_is_refused_does_not_matter(api: str) -> None:
    asked = ask(api, promise=Promise(same_as={**own_layer(api), "stride": "wrong"}), own=own_layer(api))
    script = write_script(asked, REJECTED)
    assert script is not None
    assert "wrong" in script.splitlines()[-1]


@pytest.mark.parametrize("promised", [promised for promised, _ in DRAWN.values()], ids=list(DRAWN))
def test_a_script_of_a_distribution_has_few_lines_too(promised: Distribution) -> None:
    own = {"in_channels": 24, "out_channels": 12, "kernel_size": 5}
    asked = ask("torch.nn.Conv2d", None, Promise(distribution=promised), own)
    check_terse(write_script(asked, diverges(Kind.DISTRIBUTION, "weight", str(promised))))


# Other layouts of data, and arguments of the call


def test_a_call_is_written_as_its_framework_has_it() -> None:
    """An operator of ONNX is no function: a script has one that runs a model of it."""
    source = frameworks()["onnx"].source
    call = write_call(contracts()["onnx.Conv"], frameworks()["onnx"], {"W": Tensor((1, 1, 2, 2)), "strides": [2, 2]})
    assert call == "Conv(x, W=weight, strides=[2, 2])"
    assert "def run(operator, X, W, B=None, **attributes):" in source.imports


def ask_paddle(api: str, shape: tuple[int, ...], **own: Any) -> AskedCase:
    return ask(api, Inputs(shape, values="all_counted", gradients=False), own=own)


def test_an_array_and_an_element_are_where_a_vendor_with_channels_last_has_them() -> None:
    layer = {"in_channels": 3, "out_channels": 2, "kernel_size": 1, "bias": False, "data_format": "NHWC"}
    asked = ask_paddle("paddle.nn.Conv2D", (1, 3, 4, 5), **layer)
    worst = Worst((0, 1, 2, 3), 1.0, 0.0, 0.0)
    script = write_script(asked, Verdict(Outcome.DIVERGES, kind=Kind.VALUE, subject="output", worst=worst))
    assert script is not None
    source = re.search(r"^x = paddle.to_tensor\((.*)\)$", script, re.MULTILINE)
    assert source is not None
    counted = np.arange(1.0, 61.0).reshape(1, 3, 4, 5)  # its channels first
    np.testing.assert_array_equal(eval(source[1], {"np": np}), counted.transpose(0, 2, 3, 1))
    assert "output[0, 2, 3, 1].item()" in script


def written_x(asked: AskedCase) -> tuple[str, np.ndarray[Any, Any]]:
    """The source of x in a script for paddle, and what it is of where paddle's functions are NumPy's."""
    worst = Worst((0, 1, 2, 3), 1.0, 0.0, 0.0)
    script = write_script(asked, Verdict(Outcome.DIVERGES, kind=Kind.VALUE, subject="output", worst=worst))
    source = re.search(r"^x = (.*)$", script or "", re.MULTILINE)
    assert source is not None
    paddle = SimpleNamespace(to_tensor=lambda array: array, moveaxis=np.moveaxis)
    return source[1], eval(source[1], {"np": np, "paddle": paddle})


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 1, 4, 5), (2, 3, 1, 1), (1, 3, 4, 1)], ids=str)
def test_an_input_with_its_channels_last_in_memory_is_written_so(shape: tuple[int, ...]) -> None:
    images, channels, height, width = shape
    layer = {"in_channels": channels, "out_channels": 2, "kernel_size": 1, "bias": False}
    inputs = Inputs(shape, values="all_counted", layout="channels_last", gradients=False)
    _, x = written_x(ask("paddle.nn.Conv2D", inputs, own=layer))
    in_memory = np.empty((images, height, width, channels), x.dtype)
    assert x.strides == in_memory.transpose(0, 3, 1, 2).strides
    counted = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    np.testing.assert_array_equal(x, counted)


def test_a_vendor_with_channels_last_has_them_last_in_memory_anyway() -> None:
    layer = {"in_channels": 3, "out_channels": 2, "kernel_size": 1, "bias": False, "data_format": "NHWC"}
    shape = (1, 3, 4, 5)
    inputs = Inputs(shape, values="all_counted", layout="channels_last", gradients=False)
    asked = ask("paddle.nn.Conv2D", inputs, own=layer)
    source, x = written_x(asked)
    assert source == written_x(ask_paddle("paddle.nn.Conv2D", shape, **layer))[0]
    assert x.shape == (1, 4, 5, 3)


def test_a_shape_is_told_as_a_vendor_with_channels_last_has_it() -> None:
    layer = {"in_channels": 3, "out_channels": 2, "kernel_size": 3, "data_format": "NHWC"}
    asked = ask_paddle("paddle.nn.Conv2D", (1, 3, 4, 5), **layer)
    verdict = Verdict(Outcome.DIVERGES, kind=Kind.SHAPE, subject="output", expected="shape (1, 2, 2, 3)")
    assert "assert tuple(output.shape) == (1, 2, 3, 2)" in (write_script(asked, verdict) or "")


def test_an_argument_of_the_call_stands_where_the_layer_is_called() -> None:
    layer = {"in_channels": 3, "out_channels": 2, "kernel_size": 3, "output_size": (6, 7)}
    asked = ask_paddle("paddle.nn.Conv2DTranspose", (1, 3, 4, 5), **layer)
    verdict = Verdict(Outcome.DIVERGES, kind=Kind.SHAPE, subject="output", expected="shape (1, 2, 6, 7)")
    lines = (write_script(asked, verdict) or "").splitlines()
    assert "layer = paddle.nn.Conv2DTranspose(in_channels=3, out_channels=2, kernel_size=3)" in lines
    assert "output = layer(x, output_size=(6, 7))" in lines


def test_a_crash_is_looked_for_in_reading_the_output_too() -> None:
    """A worker reads it, and a framework may return a tensor that cannot be read."""
    crash = Verdict(Outcome.CRASHED, subject="call", phase=Phase.FORWARD)
    lines = (write_script(ask("torch.nn.Conv2d"), crash) or "").splitlines()
    assert lines[-2:] == ["output = layer(x)", "output.detach().resolve_conj().numpy()"]


def test_a_script_sets_what_its_target_has_in_the_environment_before_it_imports() -> None:
    spec = "popen//python=p//env:KERAS_BACKEND=torch//env:OMP_NUM_THREADS=2//env:CONFORMANCE_CORES=1"
    framework = framework_of_target(Target("keras@torch", "keras", spec, mode="torch"))
    asked = replace(ask("keras.layers.Conv2D"), framework=framework)
    lines = (write_script(asked, Verdict(Outcome.CRASHED, subject="call", phase=Phase.FORWARD)) or "").splitlines()
    assert lines[:3] == [
        "import os",
        "os.environ['KERAS_BACKEND'] = 'torch'",
        "os.environ['OMP_NUM_THREADS'] = '2'",
    ]
    assert "import keras" in lines[3:]
    assert "CONFORMANCE" not in "".join(lines), "which only this suite reads"


def test_a_layer_that_is_built_late_is_built_in_its_script_before_its_parameters_are_set() -> None:
    asked = ask("keras.layers.Conv2D", Inputs((1, 4, 3, 5), values="exact"))
    worst = Worst((0, 0, 0, 0), 1.0, 0.0, 0.0)
    script = write_script(asked, Verdict(Outcome.DIVERGES, kind=Kind.VALUE, subject="output", worst=worst))
    lines = (script or "").splitlines()
    made = lines.index("layer = keras.layers.Conv2D(filters=2, kernel_size=(2, 3), groups=2)")
    assert lines[made + 1] == "layer.build((1, 3, 5, 4))"
    assert lines[made + 2].startswith("layer.kernel.assign(")
