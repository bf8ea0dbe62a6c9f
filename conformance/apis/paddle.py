"""The contracts of PaddlePaddle. The documents of each API stand in `specs/claims`."""

from __future__ import annotations

from functools import partial

from conformance.apis import Contract, Environment, Framework, Limit, NoEquivalent, Source, StepSource
from conformance.apis.common import (
    ADD_BATCH,
    CORES,
    DEFAULTS,
    NOT_BATCHED,
    dtype_argument,
    is_default,
    is_int,
    is_unbatched,
    pad_first,
    pair,
)
from conformance.apis.functional import functional_to_canonical, functional_to_vendor
from conformance.apis.padding import read_output_size, spell_out_same
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments, Value

ENVIRONMENT = Environment(
    "PaddlePaddle",
    # The NumPy on which the recorded verdicts were observed; it only needs some NumPy from 1.21.
    requires=("paddlepaddle==3.3.1", 'numpy==2.4.6; python_version >= "3.11"'),
)

# Arguments of its own, which become others or are no layer's.
PAD = "paddle.nn.functional.pad(x, [left, right, top, bottom]"
OWN = ("name", "device", "dtype", "weight_attr", "bias_attr", "data_format", "output_size")


def _module_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if is_unbatched(inputs):
        return NOT_BATCHED
    padding = _padding_to_vendor(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    vendor = {**arguments, **padding}
    if layer == "conv2d":
        return {**vendor, **dtype_argument(inputs)}
    if not is_default(arguments, "padding_mode"):
        return NoEquivalent("there is no padding_mode")
    vendor.pop("padding_mode", None)
    # The transposed layer's bias is an attribute, which False takes away.
    bias = vendor.pop("bias", True)
    return vendor if bias is True else {**vendor, "bias_attr": bias}


def _module_to_canonical(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    given = {**arguments, "bias": _has_bias(arguments)}
    return _common_to_canonical({**DEFAULTS, **given}, inputs)


def _functional_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if is_unbatched(inputs):
        return NOT_BATCHED
    return functional_to_vendor(layer, arguments, _padding_to_vendor)


def _functional_to_canonical(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    return _common_to_canonical(functional_to_canonical(layer, arguments, inputs), inputs)


def _common_to_canonical(arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    """Of arguments that have canonical names, those that are Paddle's own read or left out."""
    data_format = arguments.get("data_format")
    canonical = {name: value for name, value in arguments.items() if name not in OWN}
    canonical["padding"] = _read_padding(arguments["padding"], data_format)
    output_size = pair(arguments.get("output_size"))
    if output_size is None or inputs is None:
        return canonical
    if not is_default(canonical, "output_padding"):
        return NoEquivalent("output_size and output_padding are two ways to say one thing")
    return {**canonical, "output_padding": read_output_size(canonical, output_size, inputs)}


def _is_channels_last(arguments: Arguments) -> bool:
    return bool(arguments.get("data_format") == "NHWC")


def _has_bias(arguments: Arguments) -> Value:
    """`bias` takes it away whatever `bias_attr` says, which is an attribute that False takes away too."""
    bias = arguments.get("bias", True)
    return False if bias is True and arguments.get("bias_attr") is False else bias


def _padding_to_vendor(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    """The canonical forms are Paddle's, strings and four sides too.

    What "same" is of a transposed layer at stride > 1 is not documented: that is written out.
    """
    is_same = layer == "conv_transpose2d" and arguments.get("padding") == "same"
    if is_same and not (pair(arguments.get("stride", 1)) == (1, 1) and is_default(arguments, "output_padding")):
        return spell_out_same(layer, arguments, has_four_sides=True)
    return {name: arguments[name] for name in ("padding",) if name in arguments}


def _read_padding(padding: Value, data_format: Value) -> Value:
    """Canonical padding for any documented form: strings in capitals, and a pair for each of the four dimensions."""
    if isinstance(padding, str) and padding.lower() in ("same", "valid"):
        return padding.lower()
    pairs = _read_pairs(padding)
    if pairs is None:
        return padding
    spatial = pairs[1:3] if data_format == "NHWC" else pairs[2:]
    others = [pairs[0], pairs[3] if data_format == "NHWC" else pairs[1]]
    if others != [(0, 0), (0, 0)]:
        return padding
    return tuple(side for sides in spatial for side in sides)


def _read_pairs(padding: Value) -> list[tuple[int, int]] | None:
    """Four pairs of ints; None for anything else."""
    if not isinstance(padding, tuple | list) or len(padding) != 4:
        return None
    pairs = [pair(sides) for sides in padding if not is_int(sides)]
    return [sides for sides in pairs if sides is not None] if len(pairs) == 4 and None not in pairs else None


def _limit(level: str, name: str) -> Limit:
    return Limit(f"{level} in the MKL inside", {"MKL_ENABLE_INSTRUCTIONS": name})


FRAMEWORK = Framework(
    name="paddle",
    environment=ENVIRONMENT,
    source=Source(
        imports="import numpy as np\nimport paddle",
        prepare="",
        tensor="paddle.to_tensor({array})",
        narrow="paddle.to_tensor({array}).astype(paddle.{name})",
        numpy="{tensor}.detach().numpy()",
        wide="{tensor}.detach().astype(paddle.{held}).numpy()",
        dtype_name='str({tensor}.dtype).split(".")[-1]',
        turned="{tensor}.transpose([0, 1, 3, 2])",
        moved="paddle.moveaxis({tensor}, -1, -3)",
        element="{tensor}[{index}].item()",
        set_parameter="{layer}.{name} = paddle.nn.Parameter({tensor})",
        leaf="{tensor}.requires_grad_()",
        backward="gradients = paddle.grad([{call}], [{operands}], [grad_output])",
        gradient_of_x="gradients[{position}]",
        gradient_of_parameter="gradients[{position}]",
        dtype="paddle.{name}",
        seed="paddle.seed(0)",
        state="layer.state_dict()",
        steps=StepSource(
            change="{held}.set_value({tensor})",
            checkpoint=(
                'paddle.save(layer.state_dict(), "checkpoint.pdparams")\n'
                'other.set_state_dict(paddle.load("checkpoint.pdparams"))'
            ),
            switch="layer.train() if {training} else layer.eval()",
            cast="layer.to(dtype={dtype})",
            move='layer.to(device="cpu")',
            record="{output} = {call}",
            accumulate="{output}.backward({upstream})",
            retain="{output}.backward({upstream}, retain_graph=True)",
            share=(
                "output = {call}\n"
                "gradients = paddle.grad([{call_before}, output], [{operands}], [grad_before, grad_output])"
            ),
        ),
    ),
    contracts=(
        Contract(
            api="paddle.nn.Conv2D",
            layer="conv2d",
            to_vendor=partial(_module_to_vendor, "conv2d"),
            to_canonical=partial(_module_to_canonical, "conv2d"),
            is_channels_last=_is_channels_last,
            instead=ADD_BATCH,
        ),
        Contract(
            api="paddle.nn.Conv2DTranspose",
            layer="conv_transpose2d",
            at_call=("output_size",),
            to_vendor=partial(_module_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_module_to_canonical, "conv_transpose2d"),
            is_channels_last=_is_channels_last,
            instead=ADD_BATCH,
        ),
        Contract(
            api="paddle.nn.functional.conv2d",
            layer="conv2d",
            to_vendor=partial(_functional_to_vendor, "conv2d"),
            to_canonical=partial(_functional_to_canonical, "conv2d"),
            is_channels_last=_is_channels_last,
            instead={**pad_first(PAD, ("reflect", "replicate", "circular"), sides=False), **ADD_BATCH},
            functional=True,
        ),
        Contract(
            api="paddle.nn.functional.conv2d_transpose",
            layer="conv_transpose2d",
            to_vendor=partial(_functional_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_functional_to_canonical, "conv_transpose2d"),
            is_channels_last=_is_channels_last,
            instead=ADD_BATCH,
            functional=True,
        ),
    ),
    limits={"avx2": _limit("AVX2", "AVX2"), "sse42": _limit("SSE4.2", "SSE4_2"), **CORES},
)
