"""A mode is really entered: what the layer meets while it is run, or what is made of it, shows that."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.apis import Mode, frameworks
from conformance.targets.connection import Connection
from conformance.targets.errors import MissingFrameworkError
from conformance.targets.remote import modes
from conformance.targets.remote.worker.moded import Moded
from tests.frameworks import target_of

pytestmark = pytest.mark.process

REMOTE = Path(modes.__file__).parents[1]
# By mode, what has to be so inside the layer (its x and itself), and the function that has to be called with it.
INSIDE = {
    "channels_last": "is_last(x) and is_last(layer.weight)",
    "channels_last_weight": "not is_last(x) and is_last(layer.weight)",
    "channels_last_input": "is_last(x) and not is_last(layer.weight)",
    "deterministic": "torch.are_deterministic_algorithms_enabled()",
    "flush_denormal": "(torch.tensor([2.0**-140]) * 2.0**20).item() == 0",
    "inference": "torch.is_inference_mode_enabled()",
    "no_mkldnn": "not torch.backends.mkldnn.enabled",
    "no_nnpack": "not torch._C._get_nnpack_enabled()",
    "two_threads": "torch.get_num_threads() == 2",
    "autocast": "torch.is_autocast_enabled('cpu') and layer.weight.dtype == torch.float32 == x.dtype",
    "meta": "x.is_meta and layer.weight.is_meta",
    "fake": "type(x).__name__ == 'FakeTensor'",
    "jvp": "torch.autograd.forward_ad.unpack_dual(x).tangent is not None",
    "vmap": "torch._C._functorch.is_batchedtensor(x)",
}
CALLED = {
    "to_mkldnn": "torch.utils.mkldnn.MkldnnConv2d",
    "trace": "torch.jit.trace",
    "script": "torch.jit.script",
    "export": "torch.export.export",
    "onnx": "torch.onnx.export",
    "vjp": "torch.func.vjp",
    "double_backward": "torch.autograd.functional.jvp",
    "aot_eager": "torch._dynamo.backends.common.aot_module_simplified",
    "inductor": "torch._inductor.compile_fx.compile_fx",
}
SCRIPT = """
import copy, importlib.util, json, pickle, sys
from unittest import mock
import torch, torch._dynamo.backends.common, torch.utils.mkldnn, torch._inductor.compile_fx

def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

remote, inside, called = json.loads(sys.argv[1])
adapter = load("adapter", remote + "/adapters/torch.py")
modes = load("modes", remote + "/modes/torch.py").MODES
Moded = load("moded", remote + "/worker/moded.py").Moded
is_last = lambda tensor: tensor.is_contiguous(memory_format=torch.channels_last) and not tensor.is_contiguous()

def run(mode, api):
    moded = Moded(adapter, mode, modes)
    adapter.setup(None)
    layer = moded.construct(api, dict(in_channels=2, out_channels=3, kernel_size=2))
    x = torch.ones(2, 2, 4, 5)
    output = moded.forward(layer, x)
    return moded.backward(layer, x, output, torch.ones_like(output)) if output.requires_grad else output

seen = {}
for mode, condition in inside.items():
    class Layer(torch.nn.Conv2d):
        def forward(self, x):
            seen[mode] = seen.get(mode, False) or bool(eval(condition, globals(), {"x": x, "layer": self}))
            return super().forward(x)
    run(mode, Layer)
for mode, function in called.items():
    module, _, name = function.rpartition(".")
    owner = sys.modules[module] if module in sys.modules else torch.nn.Module
    with mock.patch.object(owner, name, side_effect=KeyboardInterrupt) as patched:
        try:
            run(mode, torch.nn.Conv2d)
        except BaseException:
            pass
    seen[mode] = patched.called
print(json.dumps([list(modes), seen]))
"""


@pytest.fixture(scope="module")
def torch_says() -> tuple[list[str], dict[str, bool]]:
    """The modes that the adapter has, and those that were entered."""
    python = target_of("torch").spec.removeprefix("popen//python=")
    asked = json.dumps([str(REMOTE), INSIDE, CALLED])
    said = subprocess.run([python, "-c", SCRIPT, asked], capture_output=True, text=True, check=True).stdout
    named, seen = json.loads(said.splitlines()[-1])
    return named, seen


def test_torch_has_the_modes_that_are_named(torch_says: tuple[list[str], dict[str, bool]]) -> None:
    assert torch_says[0] == list(frameworks()["torch"].modes)


@pytest.mark.parametrize("mode", [*INSIDE, *CALLED])
def test_torch_enters_a_mode(mode: str, torch_says: tuple[list[str], dict[str, bool]]) -> None:
    assert torch_says[1][mode]


def test_without_a_compiler_inductor_does_not_start_and_says_what_it_needs() -> None:
    target = target_of("torch")
    target = replace(target, spec=f"{target.spec}//env:PATH=/nowhere", mode="inductor")
    with Connection(target) as worker, pytest.raises(MissingFrameworkError, match="No working C\\+\\+ compiler found"):
        worker.start()


CACHE = """
import importlib.util
from types import SimpleNamespace

spec = importlib.util.spec_from_file_location("modes", "{remote}/modes/torch.py")
modes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(modes)
modes.MODES["inductor"]["setup"](SimpleNamespace(setup=lambda device: None), None)
from torch._inductor.runtime.cache_dir_utils import cache_dir
print(cache_dir())
"""


def test_what_inductor_compiles_stays_in_the_workers_folder(tmp_path: Path) -> None:
    """Of a worker that is killed half a library is left, which another one's call would be told to refuse."""
    python = target_of("torch").spec.removeprefix("popen//python=")
    script = CACHE.format(remote=str(REMOTE))
    said = subprocess.run([python, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said == f"{tmp_path / 'inductor'}\n"


SYMBOLIC = """
import importlib.util, os
os.environ["KERAS_BACKEND"] = "torch"
import keras, numpy as np

spec = importlib.util.spec_from_file_location("modes", "{remote}/modes/keras.py")
modes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(modes)

class Adapter:
    forward = staticmethod(lambda layer, x: layer(x))

class Wrong(keras.layers.Conv2D):
    def compute_output_shape(self, shape):
        return (*super().compute_output_shape(shape)[:-1], 7)

class Wide(keras.layers.Conv2D):
    def compute_output_spec(self, x):
        return keras.KerasTensor(super().compute_output_spec(x).shape, "float64")

x = keras.ops.convert_to_tensor(np.ones((2, 4, 5, 3), "float32"))
for cls in (keras.layers.Conv2D, Wrong, Wide):
    layer = cls(2, 3)
    layer.build(x.shape)
    try:
        output = modes.MODES["symbolic"]["forward"](Adapter, layer, x)
    except AssertionError as error:
        print(error)
    else:
        print(bool((output == layer(x)).all()))
"""


def test_what_a_symbolic_tensor_foretells_is_held_against_what_keras_gives() -> None:
    python = target_of("keras").spec.removeprefix("popen//python=")
    script = SYMBOLIC.replace("{remote}", str(REMOTE))
    said = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True).stdout
    found = "((2, 2, 3, 2), 'float32')"
    assert said.splitlines() == [
        "True",
        f"{found}, and ((2, 2, 3, 7), 'float32') was foretold",
        f"{found}, and ((2, 2, 3, 2), 'float64') was foretold",
    ]


README = Path(__file__).parents[2] / "README.md"
EXAMPLE = """
import importlib.util, torch

def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

adapter = load("adapter", "{remote}/adapters/torch.py")
modes = load("modes", "{remote}/modes/torch.py")
Moded = load("moded", "{remote}/worker/moded.py").Moded
exec('''{block}''', vars(modes))
moded = Moded(adapter, "no_grad", modes.MODES)
layer = moded.construct(torch.nn.Conv2d, dict(in_channels=2, out_channels=3, kernel_size=2))
print(moded.forward(layer, torch.ones(2, 2, 4, 5)).requires_grad)
"""


def read_example() -> list[str]:
    """The blocks of the README's example of a mode, as a person would have put them into the two files."""
    section = README.read_text(encoding="utf-8").partition("## Add a mode")[2].partition("\n## ")[0]
    blocks = re.findall("```text\n(.*?)```", section, re.DOTALL)
    assert sum(len(block.splitlines()) for block in blocks) <= 15
    return [block.replace("{...,", "{**MODES,") for block in blocks]


def test_the_readmes_mode_is_entered_by_the_adapter() -> None:
    python = target_of("torch").spec.removeprefix("popen//python=")
    example = EXAMPLE.format(remote=str(REMOTE), block=read_example()[0])
    assert subprocess.run([python, "-c", example], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_readmes_mode_is_named_with_what_a_person_would_type() -> None:
    names: dict[str, Any] = {"Mode": Mode, "MODES": frameworks()["torch"].modes}
    exec(read_example()[1], names)
    framework = replace(frameworks()["torch"], modes=names["MODES"]).run_in("no_grad")
    assert framework.source.around == "torch.no_grad()"
    assert not any(contract.gradients for contract in framework.contracts)


def test_without_an_exporter_onnx_does_not_start_and_says_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "onnx.py").write_text("raise ModuleNotFoundError(\"No module named 'onnx'\")")
    target = target_of("torch")
    target = replace(target, spec=f"{target.spec}//env:PYTHONPATH={tmp_path}", mode="onnx")
    with Connection(target) as worker, pytest.raises(MissingFrameworkError, match="No module named 'onnx'"):
        worker.start()


class Adapter:
    FRAMEWORK = "fake"

    def environment(self) -> dict[str, str]:
        return {"device": "none", "mode": "by itself"}

    def forward(self, layer: str, x: str) -> str:
        return f"{layer}({x})"


def test_what_a_mode_wraps_is_given_the_adapter_and_the_rest_is_the_adapters() -> None:
    adapter = Moded(Adapter(), "twice", {"twice": {"forward": lambda adapter, layer, x: adapter.forward(layer, x + x)}})
    assert adapter.forward("f", "x") == "f(xx)"
    assert adapter.FRAMEWORK == "fake"


def test_the_environment_tells_the_mode() -> None:
    assert Moded(Adapter(), "twice", {"twice": {}}).environment() == {"device": "none", "mode": "twice"}
