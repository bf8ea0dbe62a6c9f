"""The contracts of MegEngine. Documents: 002 for module.Conv2d; for the rest the docstrings of megengine 1.13.0."""

from __future__ import annotations

from functools import partial

from conformance.apis import Contract, Framework, Layout, NoEquivalent, Source, common
from conformance.case import Array, Inputs, LayerName
from conformance.case.values import Arguments, Tensor


def _grouped(weight: Array, groups: int) -> Array:
    """A convolution's (C_out, C_in/g, kh, kw) as (g, C_out/g, C_in/g, kh, kw), when g > 1."""
    return weight if groups == 1 else weight.reshape(groups, -1, *weight.shape[1:])


def _ungrouped(weight: Array, groups: int) -> Array:
    return weight if groups == 1 else weight.reshape(-1, *weight.shape[2:])


# A transposed convolution's (C_in, C_out/g, kh, kw) becomes (g, C_in/g, C_out/g, kh, kw) by the same reshaping.
WEIGHT = Layout(_grouped, _ungrouped, "weight if groups == 1 else weight.reshape(groups, -1, *weight.shape[1:])")
BIAS = Layout(
    lambda bias, groups: bias.reshape(1, -1, 1, 1), lambda bias, groups: bias.reshape(-1), "bias.reshape(1, -1, 1, 1)"
)


def _padding(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    padding = arguments.get("padding", 0)
    if padding == "same":
        return common.same_padding(layer, arguments)
    if padding == "valid":
        return {"padding": 0}
    if layer == "conv_transpose2d" and common.four_sided(padding) is not None:
        return common.cropped(arguments)
    sides = common.two_sided(padding)
    if isinstance(sides, NoEquivalent):
        return sides
    return {"padding": sides} if "padding" in arguments else {}


def _module_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if common.unbatched(inputs):
        return common.NOT_BATCHED
    if layer == "conv_transpose2d" and not common.default(arguments, "padding_mode"):
        return NoEquivalent("there is no padding_mode")
    if arguments.get("padding_mode") == "circular":
        return NoEquivalent("padding_mode is documented as zeros, reflect or replicate")
    padding = _padding(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    named = isinstance(arguments.get("padding"), str)
    if named and "output_padding" in padding and not common.default(arguments, "output_padding"):
        return NoEquivalent("padding has no string, and output_padding is needed to make its size")
    kept = {k: v for k, v in arguments.items() if layer == "conv2d" or k != "padding_mode"}
    return {**kept, **padding}


_OWN = ("conv_mode", "compute_mode")


def _module_to_canonical(arguments: Arguments) -> Arguments | NoEquivalent:
    if arguments.get("conv_mode", "cross_correlation") != "cross_correlation":
        return NoEquivalent("the layer is a cross-correlation")
    return {**common.DEFAULTS, **{k: v for k, v in arguments.items() if k not in _OWN}}


def _functional_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    if common.unbatched(inputs):
        return common.NOT_BATCHED
    if not common.default(arguments, "padding_mode"):
        return NoEquivalent("there is no padding_mode")
    if not isinstance(arguments.get("bias", True), bool):
        return NoEquivalent("bias is a tensor, not a bool")
    weight = common.weight_tensor(layer, arguments)
    if isinstance(weight, NoEquivalent):
        return weight
    padding = _padding(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    groups = arguments.get("groups", 1)
    if common.is_int(groups) and groups > 1 and weight.shape[0] % groups == 0:
        weight = Tensor((groups, weight.shape[0] // groups, *weight.shape[1:]))
    names = ("stride", "padding", "output_padding", "dilation", "groups")
    kept = {name: arguments[name] for name in names if name in arguments}
    bias = {"bias": Tensor((1, arguments["out_channels"], 1, 1))} if arguments.get("bias", True) else {}
    return {"weight": weight, **bias, **kept, **padding}


def _functional_to_canonical(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    if arguments.get("conv_mode", "cross_correlation") != "cross_correlation":
        return NoEquivalent("the layer is a cross-correlation")
    shape, groups = arguments["weight"].shape, arguments.get("groups", 1)
    if len(shape) == 5:
        shape = (shape[0] * shape[1], *shape[2:])
    kept = {k: v for k, v in arguments.items() if k not in ("weight", "bias", *_OWN)}
    implied = common.from_weight(layer, shape, groups)
    return {**common.DEFAULTS, **implied, **kept, "bias": arguments.get("bias") is not None}


DOCSTRING = "megengine 1.13.0, docstring of {}"

FRAMEWORK = Framework(
    name="megengine",
    install="megengine==1.13.0 numpy==1.23.5 'opencv-python<4.9' 'setuptools<80' on CPython 3.10",
    source=Source(
        imports="import numpy as np\nimport megengine\nfrom megengine.autodiff import GradManager",
        prepare="megengine.config.async_level = 0  # errors where they happen",
        tensor="megengine.Tensor({array})",
        bfloat16="megengine.Tensor({array})",
        numpy="{tensor}.numpy()",
        dtype_name="np.dtype({tensor}.dtype).name",
        turned="megengine.functional.swapaxes({tensor}, -1, -2)",
        set_parameter="{layer}.{name} = megengine.Parameter({tensor})",
        backward=(
            'operands = (("input", x), ("weight", layer.weight), ("bias", layer.bias))\n'
            "leaves = {k: t for k, t in operands if t is not None}\n"
            "with GradManager().attach(list(leaves.values())) as manager:\n"
            "    manager.backward(layer(x), grad_output)\n"
            "gradients = {k: t.grad for k, t in leaves.items()}"
        ),
        backward_functional=(
            'operands = (("input", x), ("weight", weight), ("bias", bias))\n'
            "leaves = {k: t for k, t in operands if t is not None}\n"
            "with GradManager().attach(list(leaves.values())) as manager:\n"
            "    manager.backward(run(x, weight, bias), grad_output)\n"
            "gradients = {k: t.grad for k, t in leaves.items()}"
        ),
        dtype='"{name}"',
    ),
    contracts=(
        Contract(
            api="megengine.module.Conv2d",
            layer="conv2d",
            document="document 002, megengine.module.Conv2d",
            to_vendor=partial(_module_to_vendor, "conv2d"),
            to_canonical=_module_to_canonical,
            weight=WEIGHT,
            bias=BIAS,
        ),
        Contract(
            api="megengine.module.ConvTranspose2d",
            layer="conv_transpose2d",
            document=DOCSTRING.format("megengine.module.ConvTranspose2d"),
            to_vendor=partial(_module_to_vendor, "conv_transpose2d"),
            to_canonical=_module_to_canonical,
            weight=WEIGHT,
            bias=BIAS,
        ),
        Contract(
            api="megengine.functional.conv2d",
            layer="conv2d",
            document=DOCSTRING.format("megengine.functional.conv2d"),
            to_vendor=partial(_functional_to_vendor, "conv2d"),
            to_canonical=partial(_functional_to_canonical, "conv2d"),
            functional=True,
            weight=WEIGHT,
            bias=BIAS,
        ),
        Contract(
            api="megengine.functional.conv_transpose2d",
            layer="conv_transpose2d",
            document=DOCSTRING.format("megengine.functional.conv_transpose2d"),
            to_vendor=partial(_functional_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_functional_to_canonical, "conv_transpose2d"),
            functional=True,
            weight=WEIGHT,
            bias=BIAS,
        ),
    ),
)
