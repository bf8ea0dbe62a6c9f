"""The contracts of torch. Documents: 003 and 004 for Conv2d; for the rest the docstrings of torch 2.13.0."""

from __future__ import annotations

from functools import partial

from conformance.apis import Contract, Framework, NoEquivalent, Source
from conformance.apis.functional import functional_to_canonical, functional_to_vendor
from conformance.apis.torch_style import module_to_canonical, module_to_vendor, padding_to_vendor
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments


def _functional_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    return functional_to_vendor(layer, arguments, padding_to_vendor)


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
        seed="torch.manual_seed(0)",
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
            to_canonical=partial(functional_to_canonical, "conv2d"),
            functional=True,
        ),
        Contract(
            api="torch.nn.functional.conv_transpose2d",
            layer="conv_transpose2d",
            document=DOCSTRING.format("torch.nn.functional.conv_transpose2d"),
            to_vendor=partial(_functional_to_vendor, "conv_transpose2d"),
            to_canonical=partial(functional_to_canonical, "conv_transpose2d"),
            functional=True,
        ),
    ),
)
