"""The contracts of torch. Documents: 003 and 004 for Conv2d; for the rest the docstrings of torch 2.13.0."""

from __future__ import annotations

from functools import partial

from conformance.apis import Contract, Framework, NoEquivalent, Source, common
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments, Tensor


def padding_arguments(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    """Canonical padding as torch takes it: two-sided; for a convolution also "same" and "valid"."""
    padding = arguments.get("padding", 0)
    if layer == "conv_transpose2d" and padding == "same":
        return common.same_padding(layer, arguments)
    if layer == "conv_transpose2d" and padding == "valid":
        return {"padding": 0}
    if padding == "same" and common.pair(arguments.get("stride", 1)) not in ((1, 1), None):
        return NoEquivalent('padding="same" is documented for stride 1 only')
    if layer == "conv_transpose2d" and common.four_sided(padding) is not None:
        return common.cropped(arguments)
    sides = common.two_sided(padding)
    if isinstance(sides, NoEquivalent):
        return sides
    return {"padding": sides} if "padding" in arguments else {}


def module_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    padding = padding_arguments(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    named = isinstance(arguments.get("padding"), str)
    if named and "output_padding" in padding and not common.default(arguments, "output_padding"):
        return NoEquivalent("padding has no string, and output_padding is needed to make its size")
    return {**arguments, **padding, **common.dtype_argument(inputs)}


def module_to_canonical(arguments: Arguments) -> Arguments:
    return {**common.DEFAULTS, **{k: v for k, v in arguments.items() if k not in ("dtype", "device")}}


def _functional_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if not common.default(arguments, "padding_mode"):
        return NoEquivalent("there is no padding_mode")
    if not isinstance(arguments.get("bias", True), bool):
        return NoEquivalent("bias is a tensor, not a bool")
    weight = common.weight_tensor(layer, arguments)
    if isinstance(weight, NoEquivalent):
        return weight
    padding = padding_arguments(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    names = ("stride", "padding", "output_padding", "dilation", "groups")
    kept = {name: arguments[name] for name in names if name in arguments}
    bias = {"bias": Tensor((arguments["out_channels"],))} if arguments.get("bias", True) else {}
    return {"weight": weight, **bias, **kept, **padding}


def _functional_to_canonical(layer: LayerName, arguments: Arguments) -> Arguments:
    kept = {k: v for k, v in arguments.items() if k not in ("weight", "bias")}
    implied = common.from_weight(layer, arguments["weight"].shape, arguments.get("groups", 1))
    return {**common.DEFAULTS, **implied, **kept, "bias": arguments.get("bias") is not None}


DOCSTRING = "torch 2.13.0, docstring of {}"

FRAMEWORK = Framework(
    name="torch",
    install="torch==2.13.0",
    source=Source(
        imports="import numpy as np\nimport torch",
        prepare="",
        tensor="torch.from_numpy({array})",
        bfloat16="torch.from_numpy({array}).to(torch.bfloat16)",
        numpy=(
            "{tensor}.detach().resolve_conj()"
            ".to(torch.float32 if {tensor}.dtype == torch.bfloat16 else {tensor}.dtype).numpy()"
        ),
        dtype_name='str({tensor}.dtype).split(".")[-1]',
        turned="{tensor}.transpose(-1, -2)",
        set_parameter="with torch.no_grad():\n    {layer}.{name}.copy_({tensor})",
        backward=(
            "x.requires_grad_()\n"
            'parameters = {k: p for k, p in (("weight", layer.weight), ("bias", layer.bias)) if p is not None}\n'
            "found = torch.autograd.grad(layer(x), [x, *parameters.values()], grad_output)\n"
            'gradients = dict(zip(["input", *parameters], found))'
        ),
        backward_functional=(
            'operands = (("input", x), ("weight", weight), ("bias", bias))\n'
            "leaves = {k: t.requires_grad_() for k, t in operands if t is not None}\n"
            "found = torch.autograd.grad(run(x, weight, bias), list(leaves.values()), grad_output)\n"
            "gradients = dict(zip(leaves, found))"
        ),
        dtype="torch.{name}",
    ),
    contracts=(
        Contract(
            api="torch.nn.Conv2d",
            layer="conv2d",
            document="document 003, torch.nn.Conv2d",
            to_vendor=partial(module_to_vendor, "conv2d"),
            to_canonical=module_to_canonical,
        ),
        Contract(
            api="torch.nn.ConvTranspose2d",
            layer="conv_transpose2d",
            document=DOCSTRING.format("torch.nn.ConvTranspose2d"),
            to_vendor=partial(module_to_vendor, "conv_transpose2d"),
            to_canonical=module_to_canonical,
        ),
        Contract(
            api="torch.nn.functional.conv2d",
            layer="conv2d",
            document="document 003, torch.nn.functional.conv2d",
            to_vendor=partial(_functional_to_vendor, "conv2d"),
            to_canonical=partial(_functional_to_canonical, "conv2d"),
            functional=True,
        ),
        Contract(
            api="torch.nn.functional.conv_transpose2d",
            layer="conv_transpose2d",
            document=DOCSTRING.format("torch.nn.functional.conv_transpose2d"),
            to_vendor=partial(_functional_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_functional_to_canonical, "conv_transpose2d"),
            functional=True,
        ),
    ),
)
