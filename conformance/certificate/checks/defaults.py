"""What a vendor's arguments mean that are left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from conformance.apis import Contract, NoEquivalent
from conformance.case import Inputs, LayerName, Observation
from conformance.case.values import Arguments, Value
from conformance.certificate.answers import differing, results_of
from conformance.certificate.calls import Call
from conformance.certificate.checks.contract import same_operation, same_parameters
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.exact import build_vendor_call, check_right, make_vendor_case
from conformance.certificate.layers import SMALL, fit, input_shape
from conformance.certificate.subject import Subject
from conformance.oracle.expectation import find_refusal

# Where every argument has a value that is not its default; the first that an API can express.
UNUSUAL: Arguments = {
    "in_channels": 4, "out_channels": 6, "kernel_size": (2, 3),
    "stride": (3, 2), "padding": (1, 2), "dilation": (2, 3), "groups": 2,
}  # fmt: skip
PLAIN: Arguments = {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 3)}
LESS_UNUSUAL: tuple[Arguments, ...] = (
    {**PLAIN, "stride": (3, 2), "padding": "same", "groups": 2},
    {**PLAIN, "stride": (3, 2), "padding": "same"},
    {**PLAIN, "dilation": (2, 3)},
)
OWN: Mapping[LayerName, Arguments] = {
    "conv2d": {"padding_mode": "reflect"},
    "conv_transpose2d": {"output_padding": 1},
}
SHAPE = (2, 6, 9)  # batch, height and width


def check_defaults(subject: Subject) -> str:
    """Catches a contract that has a vendor's default wrong.

    Vendor arguments are left out one by one, and all together: what is left is the layer that the contract says, and
    the layer of the same call with the default that stands in the signature.
    """
    contract = subject.contract
    signature = dict(read_signature(subject))
    compared = []
    lacking = 0
    for name, arguments, channels in shortened(contract):
        meant = contract.to_canonical(arguments, make_inputs(channels))
        if isinstance(meant, NoEquivalent):
            continue
        check_signature(contract, name, arguments, signature, make_inputs(channels))
        inputs = make_inputs(meant["in_channels"])
        if find_refusal(make_vendor_case(contract, arguments, inputs)) is not None:
            continue  # such as a weight of five axes without its groups
        call = build_vendor_call(contract, arguments, inputs)
        (answer,) = subject.ask(call)
        lacking += answer.lacking
        check_parameters(call, answer, contract)
        if answer.raised is None:
            try:
                check_right(contract, call, answer)
            except CheckFailedError as error:
                raise CheckFailedError(f"without {name}: {error}") from error
            check_given(subject, name, call, answer, signature)
            compared.append(name)
    if lacking and not compared:
        raise NotObservableError("no kernel; the signature has the defaults that the contract has")
    if "all" not in compared:
        raise CheckFailedError("what the vendor's required arguments alone mean was refused")
    return "without " + ", ".join(compared)


def read_signature(subject: Subject) -> Iterator[tuple[str, object]]:
    """The defaults that can be read in the signature."""
    wire = {**build_plain(subject.contract).wire, "defaults": True}
    (answer,) = subject.answer([wire])
    for name, default in answer.defaults.items():
        try:
            yield name, ast.literal_eval(default)
        except (ValueError, SyntaxError):  # an object of the framework's
            continue


def build_plain(contract: Contract) -> Call:
    vendor = contract.to_vendor(fit(contract, SMALL), None)
    assert not isinstance(vendor, NoEquivalent)
    return build_vendor_call(contract, vendor, Inputs((1, 2, 5, 4)))


def shortened(contract: Contract) -> Iterator[tuple[str, Arguments, int]]:
    """What is left out of unusual layers, the vendor's arguments without it, and the channels that go in."""
    for layer in unusual_layers(contract):
        channels = layer["in_channels"]
        for bias in (True, False):
            for name, arguments in without_each(contract, {**layer, "bias": bias}):
                yield name, arguments, channels
        own = OWN[contract.layer]
        for name, arguments in without_each(contract, {**layer, **own}):
            if name in own:
                yield name, arguments, channels
    vendor = contract.to_vendor(fit(contract, SMALL), None)
    assert not isinstance(vendor, NoEquivalent)
    channels = input_shape(SMALL)[1]
    yield "all", {name: value for name, value in vendor.items() if is_required(contract, name)}, channels


def unusual_layers(contract: Contract) -> list[Arguments]:
    """The layer with all that is unusual, or those with as much of it as the API can express."""
    unusual, *less_unusual = (fit(contract, layer) for layer in (UNUSUAL, *LESS_UNUSUAL))
    if is_expressible(contract, unusual):
        return [unusual]
    return [layer for layer in less_unusual if is_expressible(contract, layer)]


def is_expressible(contract: Contract, arguments: Arguments) -> bool:
    return not isinstance(contract.to_vendor(arguments, None), NoEquivalent)


def is_required(contract: Contract, name: str) -> bool:
    """Whether an argument, the vendor's, is one without which there is no layer."""
    return name in contract.required or (contract.functional and name == contract.operands["weight"])


def without_each(contract: Contract, arguments: Arguments) -> Iterator[tuple[str, Arguments]]:
    """The vendor's arguments of a layer, without each of them in turn; nothing where the API cannot express it."""
    vendor = contract.to_vendor(arguments, None)
    if isinstance(vendor, NoEquivalent):
        return
    for name in vendor:
        if is_required(contract, name):
            continue
        short = {other: value for other, value in vendor.items() if other != name}
        if count_outputs(contract, short, arguments) != count_outputs(contract, vendor, arguments):
            # Without its groups a function's weight is another, which the bias may not fit.
            short.pop(contract.operands.get("bias", ""), None)
        yield name, short


def count_outputs(contract: Contract, vendor: Arguments, arguments: Arguments) -> Value | None:
    """The channels of the output for the vendor's arguments; None where they mean no layer."""
    meant = contract.to_canonical(vendor, make_inputs(arguments["in_channels"]))
    return None if isinstance(meant, NoEquivalent) else meant["out_channels"]


def make_inputs(channels: int) -> Inputs:
    batch, height, width = SHAPE
    return Inputs((batch, channels, height, width))


def check_signature(
    contract: Contract, name: str, arguments: Arguments, signature: dict[str, object], inputs: Inputs
) -> None:
    """With the signature's default, a call means what it means without the argument."""
    left_out = [name] if name != "all" else [other for other in signature if other not in arguments]
    for other in left_out:
        if other not in signature:
            continue
        short = contract.to_canonical(arguments, inputs)
        given = contract.to_canonical({**arguments, other: signature[other]}, inputs)
        if isinstance(short, NoEquivalent) or isinstance(given, NoEquivalent):
            if type(short) is not type(given):
                raise CheckFailedError(
                    f"{other} is {signature[other]!r} in the signature, with which there is no layer"
                )
            continue
        if not same_parameters(contract, short, given) or not same_operation(contract, short, given):
            raise CheckFailedError(f"{other} is {signature[other]!r} in the signature, and otherwise in the contract")


def check_parameters(call: Call, answer: Observation, contract: Contract) -> None:
    """The parameters are those that the contract says, where no kernel shows more."""
    if contract.functional or not answer.parameters:
        return
    expected = {name: shape for name, (_, shape, _) in call.wire["arrays"].items() if name in ("weight", "bias")}
    observed = {name: shape for name, (_, shape) in answer.parameters.items()}
    if expected != observed:
        raise CheckFailedError(f"{call.arguments} has the parameters {observed}, not {expected}")


def check_given(subject: Subject, name: str, call: Call, answer: Observation, signature: dict[str, object]) -> None:
    """The framework gives the same where the argument is given as the signature has it."""
    if name not in signature or name in subject.contract.operands.values():
        return
    (given,) = subject.ask(call.with_vendor_arguments(**{name: signature[name]}))
    for result in differing(results_of(answer), results_of(given)):
        raise CheckFailedError(f"{result} without {name} is another than with {signature[name]!r}")
