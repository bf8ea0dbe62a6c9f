"""The contracts of torch. The documents of each API stand in `specs/claims`."""

from __future__ import annotations

from functools import partial

from conformance.apis import Contract, Environment, Framework, Limit, Mode, NoEquivalent, Source, StepSource
from conformance.apis.common import CORES, SUBNORMALS, deny_derivatives, is_unbatched, pad_first
from conformance.apis.functional import functional_to_canonical, functional_to_vendor
from conformance.apis.torch_style import module_to_canonical, module_to_vendor, padding_to_vendor
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments

ENVIRONMENT = Environment(
    "torch",
    # NumPy is the release on which the recorded verdicts were observed; torch itself only needs some NumPy 2.
    requires=(
        "torch==2.13.0",
        'numpy==2.4.6; python_version >= "3.11"',
        # What torch.onnx.export and its program need; nothing else here does.
        "onnx==1.23.2",
        "onnxscript==0.7.2",
        "onnxruntime==1.31.1",
    ),
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


def _need_batch(inputs: Inputs) -> str | None:
    return "channels_last is of batched input alone" if is_unbatched(inputs) else None


def _keep_subnormals(inputs: Inputs) -> str | None:
    if inputs.values in SUBNORMALS:
        return "subnormals are flushed, as was asked for, and the definition keeps them"
    return None


PAD = "torch.nn.functional.pad(x, (left, right, top, bottom)"
CHANNELS_LAST = "memory_format=torch.channels_last"
OF_WEIGHT = {"construct": "{construction}.to(" + CHANNELS_LAST + ")"}
OF_INPUT = {"run": "{called}(x.contiguous(" + CHANNELS_LAST + "))"}


NO_MKLDNN = "torch.backends.mkldnn.enabled = False\ntorch.backends.nnpack.set_flags(False)"


AUTOCAST = """\
def autocast(layer, x):
    wide = {name: item.float() for name, item in layer.named_parameters()}
    with torch.autocast("cpu", torch.bfloat16):
        return torch.func.functional_call(layer, wide, (x.float(),))"""
DESCRIBE = """\
def check(foretold, found):
    pairs = [(tuple(one.shape), one.dtype, one.stride()) for one in (found, foretold)]
    assert not found.numel() or pairs[0] == pairs[1], f"{pairs[0]}, and {pairs[1]} was foretold"
"""
META = f"""{DESCRIBE}
def on_meta(layer, x):
    output = layer(x)
    own = {{name: item.to("meta") for name, item in layer.named_parameters()}}
    check(torch.func.functional_call(layer, own, (x.to("meta"),)), output)
    return output"""
FAKE = f"""{DESCRIBE}
def on_fake(layer, x):
    x.requires_grad_(x.is_floating_point() or x.is_complex())
    output = layer(x)
    with torch._subclasses.fake_tensor.FakeTensorMode(allow_non_fake_inputs=True) as fake:
        imagined = fake.from_tensor(x)
        foretold = layer(imagined)
    check(foretold, output)
    if output.requires_grad:
        own = list(layer.parameters())
        found = torch.autograd.grad(output, [x, *own], torch.ones_like(output), retain_graph=True)
        with fake:
            of_all = torch.autograd.grad(foretold, [imagined, *own], torch.ones_like(foretold))
        for one, gradient in zip(of_all, found):
            check(one, gradient)
    return output"""
PULL_BACK = """\
own = dict(layer.named_parameters())
_, pull = torch.func.vjp(lambda x, own: torch.func.functional_call(layer, own, (x,)), x, own)
of_x, of_own = pull(grad_output)"""


def _compile(backend: str) -> Mode:
    run = f'torch.compile({{called}}, backend="{backend}", fullgraph=True)(x)'
    source = {"setting": "torch.compiler.reset()", "run": run}
    return Mode(f"torch.compile, {backend}", source, functions=False, compiles=True)


MODES = {
    "channels_last": Mode("input and weight in channels_last", {**OF_WEIGHT, **OF_INPUT}, _need_batch),
    "channels_last_weight": Mode("the weight in channels_last", OF_WEIGHT, functions=False),
    "channels_last_input": Mode("the input in channels_last", OF_INPUT, _need_batch),
    "deterministic": Mode("deterministic algorithms", {"setting": "torch.use_deterministic_algorithms(True)"}),
    "flush_denormal": Mode("subnormals flushed", {"setting": "torch.set_flush_denormal(True)"}, _keep_subnormals),
    "inference": Mode("inference_mode", {"around": "torch.inference_mode()"}, gradients=False),
    "no_mkldnn": Mode("without oneDNN and NNPACK", {"setting": NO_MKLDNN}),
    "no_nnpack": Mode("without NNPACK", {"setting": "torch.backends.nnpack.set_flags(False)"}),
    "two_threads": Mode("two threads", {"setting": "torch.set_num_threads(2)"}),
    "autocast": Mode(
        "autocast to bfloat16 of a layer in float32",
        {"setting": AUTOCAST, "run": "autocast({called}, x)"},
        functions=False,
        dtype="bfloat16",
    ),
    "meta": Mode(
        "shape, dtype and strides on the device meta",
        {"setting": META, "run": "on_meta({called}, x)"},
        gradients=False,
        functions=False,
    ),
    "fake": Mode(
        "shape, dtype and strides of FakeTensors, and of their gradients",
        {"setting": FAKE, "run": "on_fake({called}, x)"},
        gradients=False,
        functions=False,
    ),
    "to_mkldnn": Mode(
        "converted by torch.utils.mkldnn.to_mkldnn",
        {
            "setting": "from torch.utils.mkldnn import to_mkldnn",
            "run": "to_mkldnn({called})(x.to_mkldnn()).to_dense()",
        },
        gradients=False,
        functions=False,
    ),
    "trace": Mode("torch.jit.trace", {"run": "torch.jit.trace({called}, x)(x)"}, functions=False, compiles=True),
    "script": Mode("torch.jit.script", {"run": "torch.jit.script({called})(x)"}, functions=False, compiles=True),
    "export": Mode(
        "torch.export", {"run": "torch.export.export({called}, (x,)).module()(x)"}, functions=False, compiles=True
    ),
    "onnx": Mode(
        "torch.onnx.export, run by onnxruntime",
        {"run": "torch.onnx.export({called}, (x,), dynamo=True)(x)[0]"},
        gradients=False,
        functions=False,
        compiles=True,
    ),
    "vmap": Mode("mapped over two inputs", {"run": "torch.vmap({called})(torch.stack([torch.zeros_like(x), x]))[1]"}),
    "jvp": Mode(
        "value at zero and forward-mode derivative along x",
        {"run": "sum(torch.func.jvp({called}, (torch.zeros_like(x),), (x,)))"},
        deny_derivatives,
    ),
    "vjp": Mode(
        "gradients by torch.func.vjp",
        {
            "backward": PULL_BACK,
            "gradient_of_x": "of_x",
            "gradient_of_parameter": 'of_own["{operand}".split(".")[-1]]',
        },
        functions=False,
    ),
    "double_backward": Mode(
        "value at zero and the gradient's derivative along x",
        {"run": "sum(torch.autograd.functional.jvp({called}, torch.zeros_like(x), x, create_graph=True))"},
        deny_derivatives,
    ),
    "aot_eager": _compile("aot_eager"),
    "inductor": _compile("inductor"),
}

FRAMEWORK = Framework(
    name="torch",
    environment=ENVIRONMENT,
    source=Source(
        imports="import numpy as np\nimport torch",
        prepare="",
        tensor="torch.from_numpy({array})",
        narrow="torch.from_numpy({array}).to(torch.{name})",
        numpy="{tensor}.detach().resolve_conj().numpy()",
        wide="{tensor}.detach().to(torch.{held}).numpy()",
        dtype_name='str({tensor}.dtype).split(".")[-1]',
        turned="{tensor}.transpose(-1, -2)",
        moved="{tensor}.movedim(-1, -3)",
        element="{tensor}[{index}].item()",
        set_parameter="{layer}.{name}.data.copy_({tensor})",
        leaf="{tensor}.requires_grad_()",
        backward="gradients = torch.autograd.grad({call}, [{operands}], grad_output)",
        gradient_of_x="gradients[{position}]",
        gradient_of_parameter="gradients[{position}]",
        dtype="torch.{name}",
        seed="torch.manual_seed(0)",
        state="layer.state_dict()",
        steps=StepSource(
            change="{held}.detach().copy_({tensor})",
            checkpoint='torch.save(layer.state_dict(), "checkpoint")\nother.load_state_dict(torch.load("checkpoint"))',
            switch="layer.train({training})",
            cast="layer.to({dtype})",
            move="layer.cpu()",
            record="{output} = {call}",
            accumulate="{output}.backward({upstream})",
            retain="{output}.backward({upstream}, retain_graph=True)",
            share=(
                "output = {call}\n"
                "gradients = torch.autograd.grad([{call_before}, output], [{operands}], [grad_before, grad_output])"
            ),
        ),
    ),
    contracts=(
        Contract(
            api="torch.nn.Conv2d",
            layer="conv2d",
            to_vendor=partial(module_to_vendor, "conv2d"),
            to_canonical=module_to_canonical,
            instead=pad_first(PAD),
        ),
        Contract(
            api="torch.nn.ConvTranspose2d",
            layer="conv_transpose2d",
            at_call=("output_size",),
            to_vendor=partial(module_to_vendor, "conv_transpose2d"),
            to_canonical=module_to_canonical,
        ),
        Contract(
            api="torch.nn.functional.conv2d",
            layer="conv2d",
            to_vendor=partial(_functional_to_vendor, "conv2d"),
            to_canonical=partial(functional_to_canonical, "conv2d"),
            functional=True,
            instead=pad_first(PAD, ("reflect", "replicate", "circular")),
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
        "avx512": _limit("AVX-512 without bfloat16, float16 and AMX", "AVX512_CORE", "avx512"),
        "avx2": _limit("AVX2", "AVX2", "avx2"),
        "sse41": _limit("SSE4.1", "SSE41", "default"),
        "1thread": _use_threads(1),
        "2threads": _use_threads(2),
        **CORES,
    },
    modes=MODES,
    pads={
        "zeros": "torch.nn.ZeroPad2d((left, right, top, bottom))",
        "reflect": "torch.nn.ReflectionPad2d((left, right, top, bottom))",
        "replicate": "torch.nn.ReplicationPad2d((left, right, top, bottom))",
        "circular": "torch.nn.CircularPad2d((left, right, top, bottom))",
    },
)
