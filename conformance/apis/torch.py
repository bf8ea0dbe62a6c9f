"""The contracts of torch. The documents of each API stand in `specs/claims`."""

from __future__ import annotations

from functools import partial

from conformance.apis import Contract, Environment, Framework, Limit, NoEquivalent, Source
from conformance.apis.common import CORES
from conformance.apis.functional import functional_to_canonical, functional_to_vendor
from conformance.apis.torch_style import module_to_canonical, module_to_vendor, padding_to_vendor
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments

ENVIRONMENT = Environment(
    "torch",
    # NumPy is the release on which the recorded verdicts were observed; torch itself only needs some NumPy 2.
    requires=("torch==2.13.0", 'numpy==2.4.6; python_version >= "3.11"'),
    is_default=True,
)


def _functional_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    return functional_to_vendor(layer, arguments, padding_to_vendor)


def _limit(level: str, onednn: str, aten: str) -> Limit:
    variables = {"ONEDNN_MAX_CPU_ISA": onednn, "ATEN_CPU_CAPABILITY": aten}
    return Limit(f"{level}, in oneDNN and ATen", variables)


def _use_threads(number: int) -> Limit:
    variables = {"OMP_NUM_THREADS": str(number), "MKL_NUM_THREADS": str(number)}
    return Limit(f"threads: {number}", variables)


FRAMEWORK = Framework(
    name="torch",
    environment=ENVIRONMENT,
    source=Source(
        imports="import numpy as np\nimport torch",
        prepare="",
        tensor="torch.from_numpy({array})",
        bfloat16="torch.from_numpy({array}).to(torch.bfloat16)",
        numpy="{tensor}.detach().resolve_conj().numpy()",
        wide="{tensor}.detach().float().numpy()",
        dtype_name='str({tensor}.dtype).split(".")[-1]',
        turned="{tensor}.transpose(-1, -2)",
        element="{tensor}[{index}].item()",
        set_parameter="{layer}.{name}.data.copy_({tensor})",
        leaf="{tensor}.requires_grad_()",
        backward="gradients = torch.autograd.grad({call}, [{operands}], grad_output)",
        gradient_of_x="gradients[{position}]",
        gradient_of_parameter="gradients[{position}]",
        dtype="torch.{name}",
        seed="torch.manual_seed(0)",
    ),
    contracts=(
        Contract(
            api="torch.nn.Conv2d",
            layer="conv2d",
            to_vendor=partial(module_to_vendor, "conv2d"),
            to_canonical=module_to_canonical,
        ),
        Contract(
            api="torch.nn.ConvTranspose2d",
            layer="conv_transpose2d",
            to_vendor=partial(module_to_vendor, "conv_transpose2d"),
            to_canonical=module_to_canonical,
        ),
        Contract(
            api="torch.nn.functional.conv2d",
            layer="conv2d",
            to_vendor=partial(_functional_to_vendor, "conv2d"),
            to_canonical=partial(functional_to_canonical, "conv2d"),
            functional=True,
        ),
        Contract(
            api="torch.nn.functional.conv_transpose2d",
            layer="conv_transpose2d",
            to_vendor=partial(_functional_to_vendor, "conv_transpose2d"),
            to_canonical=partial(functional_to_canonical, "conv_transpose2d"),
            functional=True,
        ),
    ),
    limits={
        "avx512": _limit("AVX-512 without bfloat16 and AMX", "AVX512_CORE", "avx512"),
        "avx2": _limit("AVX2", "AVX2", "avx2"),
        "sse41": _limit("SSE4.1", "SSE41", "default"),
        "1thread": _use_threads(1),
        "2threads": _use_threads(2),
        **CORES,
    },
)
