"""The checks of a certificate: each asks one API a few calls and holds the answers against what must be so.

Nothing here trusts the judge, and little the contract: layers are small, numbers are small integers, and everything
is compared bit for bit.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import conv_reference as reference
from conformance.apis import Contract, Framework, NoEquivalent, common
from conformance.case import LAYOUTS, Array, Arrays, Case, Inputs, Observation, Outcome, Phase, Promise, TypedArray
from conformance.case.values import Arguments
from conformance.oracle import expectation as oracle
from conformance.oracle.expectation import Expectation, Expected
from conformance.reproducers import script
from conformance.targets import codec, protocol
from conformance.verdicts import judge

Ask = Callable[[Sequence[Mapping[str, Any]]], list[Observation]]

SMALL = {"in_channels": 2, "out_channels": 3, "kernel_size": (2, 3)}
GROUPED = {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 1), "groups": 2}
# Each argument by itself, unlike in height and width, and as ints, pairs and where there are such as strings.
LAYERS: tuple[Arguments, ...] = (
    SMALL,
    GROUPED,
    {**GROUPED, "groups": 1, "bias": False},
    {**SMALL, "stride": (2, 1)},
    {**SMALL, "padding": (1, 2)},
    {**SMALL, "dilation": (2, 1)},
    {**SMALL, "kernel_size": 2, "stride": 2, "padding": 1, "dilation": 2},
    {**SMALL, "padding": (0, 1, 2, 0)},
    {**SMALL, "padding": (1, 1, 2, 2)},
    {**SMALL, "padding": "same"},
    {**SMALL, "kernel_size": (3, 1), "padding": "same"},
    {**SMALL, "padding": "valid", "stride": (1, 2)},
)
OF_CONVOLUTION: tuple[Arguments, ...] = tuple(
    {**SMALL, "padding": (1, 2), "padding_mode": mode} for mode in ("reflect", "replicate", "circular")
)
OF_TRANSPOSED: tuple[Arguments, ...] = (
    {**SMALL, "stride": (3, 2), "output_padding": (2, 1), "bias": False},
    {**SMALL, "stride": 3, "padding": (2, 0, 1, 0)},
    {**SMALL, "stride": (4, 2), "padding": "valid"},
)
DTYPES = ("float32", "float16", "bfloat16", "float64", "complex64", "complex128")


class Failed(Exception):  # noqa: N818
    """What is not as it must be."""


class NotObservable(Exception):  # noqa: N818
    """This device lacks what a check needs."""


@dataclass(frozen=True)
class Subject:
    """An API of a target, how its worker is asked, and what `executable` kept in a process of its own."""

    contract: Contract
    framework: Framework
    ask: Ask
    printed: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Call:
    """A call with the arrays that it is given, and what the oracle says of it."""

    case: Case
    arguments: Arguments
    expectation: Expectation
    wire: Mapping[str, Any]


def equivalents(contract: Contract) -> Iterator[Arguments]:
    """The layers that the API can express, in canonical arguments."""
    for arguments in layers(contract):
        if not isinstance(contract.to_vendor(arguments, Inputs(shape(arguments))), NoEquivalent):
            yield arguments


def layers(contract: Contract) -> tuple[Arguments, ...]:
    return LAYERS + (OF_CONVOLUTION if contract.layer == "conv2d" else OF_TRANSPOSED)


def shape(arguments: Arguments, batch: int = 2) -> tuple[int, ...]:
    return batch, arguments["in_channels"], 5, 4


def call(
    contract: Contract, arguments: Arguments, arrays: Arrays, dtype: str = "float32", layout: str = "contiguous"
) -> Call:
    """A call of a layer that the API can express. Raises ValueError where it cannot."""
    given = Inputs(arrays.x.shape, dtype, layout=layout, gradients=arrays.grad_output is not None)
    vendor = contract.to_vendor(arguments, given)
    if isinstance(vendor, NoEquivalent):
        raise ValueError(vendor.reason)
    case = Case("certificate", "call", 1, contract.layer, None, arguments, given, Promise(), "")
    canonical = {**common.DEFAULTS, **arguments}
    output = Expected(forward(contract, arguments, arrays), None)
    expectation = Expectation(canonical, arrays, None, _shapes(arrays), output)
    return Call(case, vendor, expectation, protocol.call(case, contract, vendor, expectation, 0))


def _shapes(arrays: Arrays) -> dict[str, tuple[int, ...]]:
    named = {"weight": arrays.weight, "bias": arrays.bias}
    return {name: array.shape for name, array in named.items() if array is not None}


def _parameters(contract: Contract, arguments: Arguments) -> Any:
    given = {**common.DEFAULTS, **arguments}
    names = (
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode" if contract.layer == "conv2d" else "output_padding",
    )
    return {name: given[name] for name in names}


def forward(contract: Contract, arguments: Arguments, arrays: Arrays) -> Array:
    """The oracle's output."""
    assert arrays.weight is not None
    function = reference.conv2d if contract.layer == "conv2d" else reference.conv_transpose2d
    with np.errstate(invalid="ignore"):
        return function(arrays.x, arrays.weight, arrays.bias, **_parameters(contract, arguments))


def numbered(contract: Contract, arguments: Arguments, x: Array | None = None, gradients: bool = False) -> Arrays:
    """Arrays of which no two elements of a parameter are alike; sums of their products are exact in float16 too."""
    weight_shape = common.weight_shape(contract.layer, arguments)
    assert weight_shape is not None
    weight = np.arange(1.0, np.prod(weight_shape) + 1).reshape(weight_shape)
    bias = 64.0 * np.arange(1, arguments["out_channels"] + 1) if arguments.get("bias", True) else None
    rng = np.random.default_rng(0)
    if x is None:
        x = rng.integers(-2, 3, shape(arguments)).astype(np.float64)
    arrays = Arrays(x, weight, bias, None, True)
    if gradients:
        output = forward(contract, arguments, arrays)
        arrays = replace(arrays, grad_output=rng.integers(-2, 3, output.shape).astype(np.float64))
    return arrays


def _output(observation: Observation) -> TypedArray:
    """The output of a valid call."""
    if observation.lacking:
        raise NotObservable(observation.raised.message.splitlines()[0] if observation.raised else "")
    if observation.raised is not None:
        raised = observation.raised
        raise Failed(f"a valid call raised {raised.cls} in {raised.phase}: {raised.message[:200]}")
    if observation.output is None:
        raise Failed(f"no output; parameters {dict(observation.parameters)}")
    return observation.output


def _same(what: str, expected: Array, observed: TypedArray, dtype: str = "float32") -> None:
    """Bit for bit, but for the sign of a zero that arithmetic made."""
    if observed.dtype != dtype:
        raise Failed(f"{what} has the dtype {observed.dtype}, not {dtype}")
    if observed.values.shape != expected.shape:
        raise Failed(f"{what} has the shape {observed.values.shape}, not {expected.shape}")
    wrong = np.argwhere(~((observed.values == expected) | (np.isnan(observed.values) & np.isnan(expected))))
    if wrong.size:
        index = tuple(int(i) for i in wrong[0])
        raise Failed(
            f"{what} at {index} is {observed.values[index]}, not {expected[index]}; {len(wrong)} elements differ"
        )


# The checks


def layout(subject: Subject) -> str:
    """One input element at a time, in a batch: each output shows which weights it met, and each number is one index.

    A layer beyond the plainest that the framework rejects is its own affair: `executed` shows that it does so alone.
    """
    contract = subject.contract
    asked = []
    for arguments in equivalents(contract):
        size = int(np.prod(shape(arguments)[1:]))
        x = np.eye(size).reshape(size, *shape(arguments)[1:])
        asked.append((arguments, call(contract, arguments, numbered(contract, arguments, x))))
    seen = 0
    for (arguments, each), answer in zip(asked, subject.ask([each.wire for _, each in asked]), strict=True):
        assert each.expectation.output is not None
        if arguments not in LAYERS[:3] and answer.raised is not None and not answer.lacking:
            continue
        _same(f"the output of {arguments}", each.expectation.output.value, _output(answer))
        seen += 1
    return f"{seen} of {len(asked)} layers"


def parameters(subject: Subject) -> str:
    """What was set is what is held, bit for bit, in every dtype that the framework has."""
    contract, held = subject.contract, []
    for dtype in DTYPES:
        for arguments in (SMALL, GROUPED):
            arrays = numbered(contract, arguments)
            assert arrays.weight is not None
            assert arrays.bias is not None
            each = call(contract, arguments, arrays, dtype)
            (seen,) = subject.ask([{**each.wire, "arrays": _with_specials(each.wire["arrays"]), "read_back": True}])
            sent = {name: each_[2] for name, each_ in _with_specials(each.wire["arrays"]).items()}
            if seen.phase in (Phase.CONSTRUCT, Phase.PARAMETERS) and seen.raised is not None:
                continue  # no such dtype, or no such layer of it
            for name in ("weight", "bias"):
                shown = seen.values.get(name)
                wanted = each.wire["arrays"][name][1]
                if shown is None:
                    raise Failed(f"{name} of {dtype} cannot be read back")
                if (shown.dtype, shown.values.shape) != (dtype, tuple(wanted)):
                    raise Failed(f"{name} is {shown.dtype} of shape {shown.values.shape}, not {dtype} of {wanted}")
                if _bits(shown) != sent[name]:
                    raise Failed(f"the bits of {name} in {dtype} are not those that were set")
            held.append(dtype)
    if "float32" not in held:
        raise Failed("not even float32 parameters can be set")
    return ", ".join(dict.fromkeys(held))


def transport(subject: Subject) -> str:
    """An input keeps dtype, shape and bits on its way in and out, however it lies in memory."""
    contract, kept = subject.contract, []
    for dtype, how in itertools.product(DTYPES, LAYOUTS):
        each = call(contract, SMALL, numbered(contract, SMALL), dtype, how)
        arrays = _with_specials(each.wire["arrays"])
        (seen,) = subject.ask([{**each.wire, "arrays": arrays, "read_back": True}])
        shown = seen.values.get("x")
        if shown is None:
            if seen.raised is None:
                raise Failed(f"the input of {dtype} cannot be read back")
            continue
        if (shown.dtype, shown.values.shape) != (dtype, tuple(arrays["x"][1])):
            raise Failed(
                f"the {how} input is {shown.dtype} of shape {shown.values.shape}, not {dtype} of {arrays['x'][1]}"
            )
        if _bits(shown) != arrays["x"][2]:
            raise Failed(f"the bits of the {how} input in {dtype} are not those that were sent")
        kept.append(dtype)
    if "float32" not in kept:
        raise NotObservable("no input of float32 was taken")
    return ", ".join(dict.fromkeys(kept))


def _with_specials(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The first elements of each array become signed zeros, infinities and NaNs with payloads."""
    changed = {}
    for name, (dtype, size, data) in arrays.items():
        width = {"float16": 2, "bfloat16": 2, "float64": 8, "complex128": 8}.get(dtype, 4)
        unsigned = np.frombuffer(data, f"u{width}").copy()
        top = np.array(1, f"u{width}") << np.array(8 * width - 1, f"u{width}")
        infinity = {"bfloat16": 0x7F80, "float16": 0x7C00, 4: 0x7F800000, 8: 0x7FF0 << 48}
        inf = np.array(infinity.get(dtype, infinity.get(width)), f"u{width}")
        quiet = inf | (inf >> np.array(1, f"u{width}")) & ~inf
        specials = [top, np.zeros_like(top), inf, inf | top, quiet | inf | np.array(5, f"u{width}")]
        count = min(len(specials), unsigned.size)
        unsigned[:count] = np.array(specials[:count], f"u{width}")
        changed[name] = dtype, size, unsigned.tobytes()
    return changed


def _bits(shown: TypedArray) -> bytes:
    if shown.dtype == "bfloat16":  # widened on arrival; the upper half holds every bit
        return (np.ascontiguousarray(shown.values).view(np.uint32) >> 16).astype(np.uint16).tobytes()
    return np.ascontiguousarray(shown.values).tobytes()


def repeat(subject: Subject) -> str:
    """The same call again, with another between, gives the same bits: nothing of a call is left behind."""
    contract = subject.contract
    each = call(contract, GROUPED, numbered(contract, GROUPED, gradients=True))
    between = call(contract, SMALL, numbered(contract, SMALL, gradients=True))
    first, _, again = subject.ask([each.wire, between.wire, each.wire])
    _output(first)
    for name, one, two in (("the output", first.output, again.output), *_pairs(first.gradients, again.gradients)):
        if one is None or two is None or one.dtype != two.dtype or one.values.tobytes() != two.values.tobytes():
            raise Failed(f"{name} is another the second time")
    return "output and gradients"


def _pairs(
    first: Mapping[str, TypedArray], again: Mapping[str, TypedArray]
) -> Iterator[tuple[str, TypedArray | None, TypedArray | None]]:
    for name in sorted(set(first) | set(again)):
        yield f"the gradient of {name}", first.get(name), again.get(name)


def gradients(subject: Subject) -> str:
    """Each gradient is the difference quotient of the framework's own forward, which is linear in each operand.

    So a step of one is as good as a small one, and with integers the difference is exact: in float64 where the
    framework has it, and in float32.
    """
    api = subject.contract
    arguments: Arguments = {"in_channels": 2, "out_channels": 4, "kernel_size": (2, 1), "stride": (2, 1), "groups": 2}
    x = np.random.default_rng(1).integers(-2, 3, shape(arguments, 1)).astype(np.float64)
    arrays = numbered(api, arguments, x, gradients=True)
    assert arrays.grad_output is not None
    done = []
    for dtype in ("float64", "float32"):
        (seen,) = subject.ask([call(api, arguments, arrays, dtype).wire])
        if dtype == "float64" and seen.raised is not None:
            continue
        base = _output(seen).values.astype(np.float64)
        steps = list(_steps(arrays))
        answers = subject.ask([call(api, arguments, moved, dtype).wire for *_, moved in steps])
        differences: dict[str, list[float]] = {"input": [], "weight": [], "bias": []}
        for (name, _), answer in zip(steps, answers, strict=True):
            for one in _output(answer).values:  # the items of a batch
                differences[name].append(float(((one - base[0]) * arrays.grad_output[0]).sum()))
        for name, operand, held in (
            ("input", arrays.x, None),
            ("weight", arrays.weight, api.weight),
            ("bias", arrays.bias, api.bias),
        ):
            if name not in seen.gradients:
                raise Failed(f"no gradient of {name}")
            assert operand is not None
            wanted = np.array(differences[name]).reshape(operand.shape)
            wanted = wanted if held is None else held.to_vendor(wanted, arguments["groups"])
            _same(f"the gradient of {name}", wanted, seen.gradients[name], dtype)
        done.append(dtype)
    return ", ".join(done)


def _steps(arrays: Arrays) -> Iterator[tuple[str, Arrays]]:
    """Every element of every operand, moved by one: those of x in one batch."""
    plain = replace(arrays, grad_output=None)
    units = np.eye(arrays.x.size).reshape(-1, *arrays.x.shape[1:])
    yield "input", replace(plain, x=arrays.x + units)
    for name in ("weight", "bias"):
        whole = getattr(arrays, name)
        for unit in np.eye(whole.size):
            yield name, replace(plain, **{name: whole + unit.reshape(whole.shape)})


def phases(subject: Subject) -> str:
    """An error is reported in the phase that caused it, and the valid call after it is not blamed."""
    contract = subject.contract
    valid = call(contract, SMALL, numbered(contract, SMALL, gradients=True)).wire
    arrays = valid["arrays"]
    _, channels = call(contract, SMALL, numbered(contract, SMALL)), {**SMALL, "in_channels": 5}
    other = numbered(contract, channels).x
    provoked = [
        (
            Phase.FORWARD if contract.functional else Phase.CONSTRUCT,
            {"arguments": {**valid["arguments"], "no_such_argument": 1}},
        ),
        (Phase.PARAMETERS, {"arrays": {**arrays, "weight": ("no_such_dtype", *arrays["weight"][1:])}}),
        (Phase.FORWARD, {"arrays": {**arrays, "x": codec.array_to_wire(other, "float32")}}),
        (Phase.BACKWARD, {"arrays": {**arrays, "grad_output": ("no_such_dtype", *arrays["grad_output"][1:])}}),
    ]
    answers = subject.ask([wire for _, change in provoked for wire in ({**valid, **change}, valid)])
    (before,) = subject.ask([valid])
    _unblamed(before, before)
    for (phase, _), wrong, after in zip(provoked, answers[::2], answers[1::2], strict=True):
        if phase is Phase.BACKWARD and before.lacking:
            continue
        if wrong.raised is None:
            raise Failed(f"an error provoked in {phase} was not reported")
        if wrong.raised.phase is not phase or wrong.phase is not phase:
            raise Failed(f"an error provoked in {phase} was reported in {wrong.raised.phase}")
        if wrong.lacking and not before.lacking and phase in (Phase.CONSTRUCT, Phase.FORWARD):
            raise Failed(f"an error provoked in {phase} passes for what the device lacks")
        _unblamed(after, before)
    return ", ".join(phase for phase, _ in provoked)


def _unblamed(after: Observation, before: Observation) -> None:
    """A valid call is as it was (where the device lacks its kernel, it says so and nothing else)."""
    if after.raised is not None and not after.lacking:
        raise Failed(f"a valid call raised {after.raised.cls} in {after.raised.phase}")
    if (after.output is None) != (before.output is None) or after.phase is not before.phase:
        raise Failed("a valid call after an error was not run as before it")
    for _, one, two in _pairs(
        {"output": after.output or _NOTHING, **after.gradients},
        {"output": before.output or _NOTHING, **before.gradients},
    ):
        if one is None or two is None or one.values.tobytes() != two.values.tobytes():
            raise Failed("a valid call after an error gave another result")


_NOTHING = TypedArray("", np.zeros(0))


def seeds(subject: Subject) -> str:
    """Every construction starts from the same seed, in float32."""
    contract = subject.contract
    if contract.functional:
        return "no parameters of its own"
    wire = {**call(contract, SMALL, numbered(contract, SMALL)).wire, "arrays": {}, "values": True}
    between = {**call(contract, GROUPED, numbered(contract, GROUPED)).wire, "arrays": {}}
    first, _, again = subject.ask([wire, between, wire])
    if not first.values:
        raise Failed("no initial parameters can be read")
    for name, one, two in _pairs(first.values, again.values):
        if one is None or two is None or one.values.tobytes() != two.values.tobytes():
            raise Failed(f"{name} is drawn anew".replace("the gradient of ", ""))
        if one.dtype != "float32":
            raise Failed(f"{name} is {one.dtype} by default".replace("the gradient of ", ""))
    return "initial parameters"


def judged(subject: Subject) -> str:
    """The judge passes what the framework answered, and nothing that lies beside it."""
    contract = subject.contract
    for values in ("exact", "real"):
        given = Inputs(shape(GROUPED), values=values)
        case = Case("certificate", values, 1, contract.layer, None, GROUPED, given, Promise(), "")
        expectation = oracle.expect(case)
        vendor = contract.to_vendor(GROUPED, given)
        assert not isinstance(vendor, NoEquivalent)
        (seen,) = subject.ask([protocol.call(case, contract, vendor, expectation, 0)])
        _output(seen)
        passed = judge.judge(case, contract, expectation, seen)
        if passed.outcome is not Outcome.CONFORMS:
            raise Failed(f"{values}: {passed.outcome}, {passed.subject}: {passed.observed}")
        for name, changed in _beside(expectation, seen):
            if judge.judge(case, contract, expectation, changed).outcome is not Outcome.DIVERGES:
                raise Failed(f"{values}: {name} beside its bound conforms")
    return "exact and bounded"


def _beside(expectation: Expectation, seen: Observation) -> Iterator[tuple[str, Observation]]:
    """The observation with one element just outside its bound."""
    assert expectation.output is not None
    assert seen.output is not None

    def moved(array: TypedArray, expected: Expected) -> TypedArray:
        changed = array.values.astype(np.float64)
        bound = 0.0 if expected.bound is None else float(expected.bound.flat[0])
        wanted = float(expected.value.flat[0]) + 1.5 * bound
        changed.flat[0] = max(wanted, float(np.nextafter(np.float32(expected.value.flat[0]), np.float32(np.inf))))
        return replace(array, values=changed.astype(array.values.dtype))

    yield "output", replace(seen, output=moved(seen.output, expectation.output))
    wanted = expectation.gradients["input"]
    yield "a gradient", replace(seen, gradients={**seen.gradients, "input": moved(seen.gradients["input"], wanted)})
    yield "no gradient", replace(seen, gradients={})
    yield "another dtype", replace(seen, output=replace(seen.output, dtype="float16"))


def executable(api: Contract, framework: Framework) -> list[str]:
    """Source that runs the calls of `executed`, each as the report shows it, and keeps what comes of them."""
    return [line for number, each in enumerate(_plain_calls(api)) for line in _executable(api, framework, number, each)]


def executed(subject: Subject) -> str:
    """The source that the report shows, executed by itself, gives the bits that came over the wire."""
    api = subject.contract
    asked = list(_plain_calls(api))
    answers = subject.ask([each.wire for each in asked])
    if answers[0].lacking:
        raise NotObservable("no kernel")
    for number, (each, answer) in enumerate(zip(asked, answers, strict=True)):
        printed = subject.printed.get(f"{api.api} {number}")
        line = script.call_line(api, subject.framework, each.arguments)
        if answer.raised is not None or printed is None:
            if (answer.raised is None) != (printed is not None):
                raise Failed(f"{line} raises {'by itself' if printed is None else 'over the wire'} alone")
            continue
        shown = {name: [list(a.values.shape), _bits(a).hex()] for name, a in answer.gradients.items()}
        shown["output"] = [list(_output(answer).values.shape), _bits(_output(answer)).hex()]
        if not api.functional:
            shown["parameters"] = [[name, list(size)] for name, (_, size) in sorted(answer.parameters.items())]
        for name in sorted(set(shown) | set(printed)):
            if shown.get(name) != printed.get(name):
                raise Failed(f"{name} of {line} is another by itself")
    return f"{len(asked)} source lines"


def _plain_calls(api: Contract) -> Iterator[Call]:
    for arguments in equivalents(api):
        for how in LAYOUTS if arguments is SMALL else ("contiguous",):
            yield call(api, arguments, numbered(api, arguments, gradients=True), layout=how)


def _executable(api: Contract, framework: Framework, number: int, each: Call) -> list[str]:
    numpy = framework.source.numpy
    body = script.plain(each.case, api, framework, each.arguments, each.expectation)
    body.append("kept = {name: bits(value) for name, value in gradients.items()}")
    body.append('kept["output"] = bits(output)')
    if not api.functional:
        held = '[(name, getattr(layer, name, None)) for name in ("bias", "weight")]'
        shapes = f"[[name, list(value.shape)] for name, value in {held} if value is not None]"
        body.append(f'kept["parameters"] = {shapes}')
    body.append(f'answers["{api.api} {number}"] = kept')
    indented = [f"    {line}" for part in body for line in part.split("\n")]
    return [
        "def bits(tensor):",
        f"    array = np.ascontiguousarray({numpy.format(tensor='tensor')})",
        "    return [list(array.shape), array.tobytes().hex()]",
        "def run():",
        *indented,
        "try:",
        "    run()",
        "except Exception:  # so it does over the wire, or the check says so",
        "    pass",
    ]


def contract(subject: Subject) -> str:
    """The vendor's arguments, turned back into canonical ones, are the same layer."""
    api, count = subject.contract, 0
    for arguments in equivalents(api):
        round_trip(api, arguments)
        count += 1
    return f"{count} layers"


def round_trip(api: Contract, arguments: Arguments) -> None:
    """Raise Failed where a layer does not come back from the vendor's arguments as it went."""
    vendor = api.to_vendor(arguments, Inputs(shape(arguments)))
    if isinstance(vendor, NoEquivalent):
        return
    back = api.to_canonical(vendor)
    if isinstance(back, NoEquivalent):
        raise Failed(f"{arguments} comes back as no layer: {back.reason}")
    there, here = ({**common.DEFAULTS, **each} for each in (arguments, back))
    shapes = [common.weight_shape(api.layer, each) for each in (there, here)]
    if shapes[0] != shapes[1] or there["bias"] is not here["bias"]:
        raise Failed(f"{arguments} comes back as {back}")
    arrays = numbered(api, arguments)
    try:
        expected = forward(api, arguments, arrays)
    except ValueError:
        return  # no such layer on this size
    try:
        same = np.array_equal(expected, forward(api, back, arrays))
    except (TypeError, ValueError):
        same = False
    if not same:
        raise Failed(f"{arguments} comes back as {back}")


def no_equivalent(subject: Subject) -> str:
    """Where the contract says that the API cannot express a layer, the nearest calls give something else, or raise."""
    api, asked = subject.contract, []
    unbatched = replace(numbered(api, SMALL), x=numbered(api, SMALL).x[0])
    for arguments, arrays in ((SMALL, unbatched), *((each, numbered(api, each)) for each in layers(api))):
        found = api.to_vendor(arguments, Inputs(arrays.x.shape))
        if isinstance(found, NoEquivalent):
            asked += [(arguments, arrays, found.reason, near) for near in nearest(api, arguments)]
    wires = []
    for _, arrays, _, near in asked:
        wires.append(
            {
                **call(
                    api, {**near[0]}, replace(arrays, x=numbered(api, SMALL | {"in_channels": arrays.x.shape[-3]}).x)
                ).wire
            }
        )
        wires[-1]["arguments"] = near[1](wires[-1]["arguments"])
        wires[-1]["arrays"] = {**wires[-1]["arrays"], "x": codec.array_to_wire(arrays.x, "float32")}
    lacking = 0
    for (arguments, arrays, reason, _), seen in zip(asked, subject.ask(wires), strict=True):
        lacking += seen.lacking
        if seen.output is None:
            continue
        expected = forward(api, arguments, arrays)
        if seen.output.values.shape == expected.shape and np.array_equal(seen.output.values, expected):
            raise Failed(f"{arguments} on {arrays.x.shape} has an equivalent, against: {reason}")
    if lacking:
        raise NotObservable(f"{lacking} of {len(asked)} nearest calls have no kernel")
    return f"{len(asked)} nearest calls"


Change = Callable[[Arguments], Arguments]


def nearest(api: Contract, arguments: Arguments) -> Iterator[tuple[Arguments, Change]]:
    """Calls near to a layer: a plain layer that the API expresses, and the vendor's arguments that are then changed."""
    names = ("padding", "padding_mode", "output_padding")
    plain = {k: v for k, v in arguments.items() if k not in names}
    own = {k: v for k, v in arguments.items() if k in names}

    def changed(values: Arguments) -> tuple[Arguments, Change]:
        return plain, lambda wire: {**wire, **values}

    yield changed(own)  # as it stands
    padding = arguments.get("padding", 0)
    sides = common.four_sided(padding)
    pairs: set[tuple[int, int]] = set()
    if sides is not None:
        pairs = set(itertools.product(sides[:2], sides[2:]))
    elif padding == "same":
        pairs = {(h, w) for h in range(3) for w in range(3)}
    rest = {k: v for k, v in own.items() if k != "padding"}
    if "padding" in own:
        yield changed(rest)  # without it
    for pair in sorted(pairs):
        yield changed({**rest, "padding": pair})
        if api.layer == "conv_transpose2d":
            for added in itertools.product(range(3 if sides is not None else 2), repeat=2):
                yield changed({**rest, "padding": pair, "output_padding": added})


CHECKS: Mapping[str, Callable[[Subject], str]] = {
    "layout": layout,
    "parameters": parameters,
    "transport": transport,
    "repeat": repeat,
    "gradients": gradients,
    "phases": phases,
    "seeds": seeds,
    "judge": judged,
    "executed": executed,
    "contract": contract,
    "no_equivalent": no_equivalent,
}
