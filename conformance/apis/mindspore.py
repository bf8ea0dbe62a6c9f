"""The contracts of MindSpore. Documents: 000 for mint.nn.Conv2d, 001 for nn.Conv2dTranspose; for the rest the
docstrings of mindspore 2.10.0."""

from __future__ import annotations

from functools import partial

from conformance.apis import Contract, Framework, NoEquivalent, Source, common
from conformance.apis.torch import module_to_canonical, module_to_vendor
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments

# Canonical name -> nn's own.
_RENAMED = {"groups": "group", "bias": "has_bias"}


def _nn_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if common.unbatched(inputs):
        return common.NOT_BATCHED
    if not common.default(arguments, "padding_mode"):
        return NoEquivalent("there is no padding_mode")
    padding = arguments.get("padding", 0)
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            return NoEquivalent("a string is pad_mode's, not padding's")
        extended = not common.default(arguments, "output_padding")
        if padding == "same" and extended:
            return NoEquivalent('output_padding goes with pad_mode="pad" alone')
        # pad_mode="valid" of the transposed layer keeps at least input * stride, and takes no output_padding; no
        # padding is what "valid" means.
        plain = layer == "conv_transpose2d" and padding == "valid" and (extended or any(_valid_surplus(arguments)))
        mode: Arguments = {"pad_mode": "pad", "padding": 0} if plain else {"pad_mode": padding}
    else:
        two = common.pair(padding) if not common.is_int(padding) else None
        mode = {"pad_mode": "pad", "padding": (two[0], two[0], two[1], two[1]) if two else padding}
    kept = {_RENAMED.get(k, k): v for k, v in arguments.items() if k not in ("padding", "padding_mode")}
    # The vendor's own defaults differ (pad_mode="same", has_bias=False), so both are always given.
    return {**kept, **mode, "has_bias": arguments.get("bias", True), **common.dtype_argument(inputs)}


def _nn_to_canonical(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    given = {"pad_mode": "same", "padding": 0, "has_bias": False, **arguments}
    if given.get("data_format", "NCHW") != "NCHW":
        return NoEquivalent("the layer is NCHW")
    back = {vendor: canonical for canonical, vendor in _RENAMED.items()}
    dropped = ("pad_mode", "padding", "data_format", "dtype", "weight_init", "bias_init")
    kept = {back.get(k, k): v for k, v in given.items() if k not in dropped}
    if given["pad_mode"] == "pad":
        return {**common.DEFAULTS, **kept, "padding": given["padding"]}
    if given["pad_mode"] not in ("same", "valid") or given["padding"] not in (0, (0, 0, 0, 0)):
        return NoEquivalent("pad_mode and padding contradict each other")
    if layer == "conv_transpose2d" and given["pad_mode"] == "valid":
        added = _valid_surplus(kept)
        return {**common.DEFAULTS, **kept, "padding": 0, **({"output_padding": added} if any(added) else {})}
    return {**common.DEFAULTS, **kept, "padding": given["pad_mode"]}


def _valid_surplus(arguments: Arguments) -> tuple[int, int]:
    """What pad_mode="valid" of the transposed layer adds: its size is at least input * stride.

    It is the input gradient of the valid convolution whose input is H * stride, which leaves a rest of
    stride - (dilation * (kernel - 1) + 1) uncovered where that is positive.
    """
    named = {**common.DEFAULTS, **arguments}
    pairs = [common.pair(named[name]) for name in ("kernel_size", "stride", "dilation")]
    if any(found is None for found in pairs):
        return 0, 0
    added = tuple(max(s - (d * (k - 1) + 1), 0) for k, s, d in zip(*pairs, strict=True))
    return added[0], added[1]


def _mint_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if arguments.get("padding_mode") == "circular":
        return NoEquivalent("padding_mode is documented as zeros, reflect or replicate")
    return module_to_vendor(layer, arguments, inputs)


DOCSTRING = "mindspore 2.10.0, docstring of {}"

FRAMEWORK = Framework(
    name="mindspore",
    install="mindspore==2.10.0 'numpy<2'",
    source=Source(
        imports="import numpy as np\nimport mindspore",
        prepare="mindspore.runtime.launch_blocking()  # errors where they happen",
        tensor="mindspore.Tensor({array})",
        bfloat16="mindspore.Tensor({array}).astype(mindspore.bfloat16)",
        numpy="({tensor}.astype(mindspore.float32) if {tensor}.dtype == mindspore.bfloat16 else {tensor}).asnumpy()",
        dtype_name="str({tensor}.dtype).lower()",
        turned="{tensor}.swapaxes(-1, -2)",
        set_parameter="{layer}.{name}.set_data({tensor})",
        backward=(
            "parameters = mindspore.ParameterTuple(layer.trainable_params())\n"
            "gradient = mindspore.ops.GradOperation(get_all=True, get_by_list=True, sens_param=True)\n"
            "of_inputs, of_parameters = gradient(layer, parameters)(x, grad_output)\n"
            'gradients = dict(zip(["input", "weight", "bias"], [of_inputs[0], *of_parameters]))'
        ),
        backward_functional="",
        dtype="mindspore.{name}",
    ),
    contracts=(
        Contract(
            api="mindspore.nn.Conv2d",
            layer="conv2d",
            document=DOCSTRING.format("mindspore.nn.Conv2d"),
            to_vendor=partial(_nn_to_vendor, "conv2d"),
            to_canonical=partial(_nn_to_canonical, "conv2d"),
        ),
        Contract(
            api="mindspore.nn.Conv2dTranspose",
            layer="conv_transpose2d",
            document="document 001, mindspore.nn.Conv2dTranspose",
            to_vendor=partial(_nn_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_nn_to_canonical, "conv_transpose2d"),
        ),
        Contract(
            api="mindspore.mint.nn.Conv2d",
            layer="conv2d",
            document="document 000, mindspore.mint.nn.Conv2d",
            to_vendor=partial(_mint_to_vendor, "conv2d"),
            to_canonical=module_to_canonical,
        ),
        Contract(
            api="mindspore.mint.nn.ConvTranspose2d",
            layer="conv_transpose2d",
            document=DOCSTRING.format("mindspore.mint.nn.ConvTranspose2d"),
            to_vendor=partial(_mint_to_vendor, "conv_transpose2d"),
            to_canonical=module_to_canonical,
        ),
    ),
)
