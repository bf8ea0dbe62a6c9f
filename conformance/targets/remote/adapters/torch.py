"""torch, inside its own interpreter. `adapters/__init__.py` says what it defines."""

import os
import platform
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import torch

FRAMEWORK = "torch"
DTYPES = {
    name: getattr(torch, name)
    for name in (
        "float16", "bfloat16", "float32", "float64", "complex32", "complex64", "complex128",
        "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool",
    )
}  # fmt: skip
NAMES = {dtype: name for name, dtype in DTYPES.items()}
_state: Dict[str, Any] = {"device": "cpu"}


def setup(device: Optional[str]) -> None:
    if device is not None:
        _state["device"] = device
    torch.backends.cudnn.deterministic = True
    _state["threads"] = torch.get_num_threads()


def version() -> str:
    return str(torch.__version__)


def environment() -> Dict[str, str]:
    return {
        "device": _state["device"],
        "threads": str(torch.get_num_threads()),
        "instructions": _instructions(),
    }


def _instructions() -> str:
    """The instruction sets in use that were found to change a verdict: ATen's level, oneDNN's, and what oneDNN takes
    for bfloat16, whose products flush subnormals, and for float16, which it computes with these alone."""
    names = [torch.backends.cpu.get_cpu_capability().lower()]
    if torch.backends.mkldnn.is_available() and platform.machine().lower() in ("x86_64", "amd64"):
        limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or "ALL"
        names += _onednn_instructions(limit.upper())
    return " ".join(names)


_LEVELS = ("sse41", "avx", "avx2", "avx512")
_BEYOND = ("avx512_bf16", "avx512_fp16", "amx_tile")  # AVX-512's own level, each with those before it
# By oneDNN's limit, its level, and how many of those beyond; any other text limits nothing.
_LIMITS = {
    "SSE41": ("sse41", 0),
    "AVX": ("avx", 0),
    "AVX2": ("avx2", 0),
    "AVX2_VNNI": ("avx2", 0),
    "AVX2_VNNI_2": ("avx2", 0),
    "AVX512_CORE": ("avx512", 0),
    "AVX512_CORE_VNNI": ("avx512", 0),
    "AVX512_CORE_BF16": ("avx512", 1),
    "AVX512_CORE_FP16": ("avx512", 2),
    "AVX10_1_512": ("avx512", 2),
}


def _onednn_instructions(limit: str) -> List[str]:
    """What oneDNN uses; its own answer is not to be had, as the library does not export the function."""
    allowed, beyond = _LIMITS.get(limit, ("avx512", len(_BEYOND)))
    present = next((level for level in reversed(_LEVELS[1:]) if _supports(level)), _LEVELS[0])
    level = min(present, allowed, key=_LEVELS.index)
    return [f"onednn_{level}", *(name for name in _BEYOND[:beyond] if _supports(name))]


def _supports(name: str) -> bool:
    """Whether the processor has an instruction set."""
    supported = getattr(torch.cpu, f"_is_{name}_supported", None)
    if supported is not None:
        return bool(supported())
    capabilities: Dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get(name, False))


def reset() -> None:
    if torch.is_inference_mode_enabled():  # only its own context can leave it
        raise RuntimeError("inference mode was left on")
    torch.default_generator.manual_seed(0)  # torch.manual_seed asks every kind of device, which costs 0.3 ms
    if _state["device"] != "cpu":
        getattr(torch, torch.device(_state["device"]).type).manual_seed_all(0)
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    torch.set_autocast_enabled("cpu", False)
    if torch.are_deterministic_algorithms_enabled():  # to set it imports the compiler, which takes a second
        torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("highest")
    torch.set_flush_denormal(False)
    torch.backends.mkldnn.enabled = True
    if torch.get_num_threads() != _state["threads"]:
        torch.set_num_threads(_state["threads"])


def lacks(error: BaseException) -> bool:
    # The kernel of this device, by its name; another one, such as reflection_pad2d, is missing wherever it runs.
    return isinstance(error, NotImplementedError) and f"_{torch.device(_state['device']).type}" in str(error)


def _raw(array: Any, dtype: str) -> Any:
    if dtype == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16).to(_state["device"])
    if dtype == "complex32":
        return torch.from_numpy(array.view(np.int32)).view(torch.complex32).to(_state["device"])
    return torch.from_numpy(array).to(_state["device"])


def tensor(array: Any, dtype: str, layout: str) -> Any:
    plain = _raw(array, dtype)
    if layout == "strided":
        wide = torch.zeros((*plain.shape[:-1], 2 * plain.shape[-1]), dtype=plain.dtype, device=plain.device)
        wide[..., ::2] = plain
        return wide[..., ::2]
    if layout == "transposed":
        return plain.transpose(-1, -2).contiguous().transpose(-1, -2)
    if layout == "channels_last":
        return _raw(np.moveaxis(array, -3, -1).copy(), dtype).movedim(-1, -3)
    return plain


def parameter(array: Any, dtype: str) -> Any:
    return _differentiable(_raw(array, dtype))


def _differentiable(held: Any) -> Any:
    return held.requires_grad_(held.is_floating_point() or held.is_complex())


def array(held: Any) -> Tuple[Any, str]:
    held = held.detach().resolve_conj().cpu().contiguous()
    name = NAMES.get(held.dtype, str(held.dtype))
    patterns = {torch.bfloat16: torch.int16, torch.complex32: torch.int32}.get(held.dtype)
    return (held if patterns is None else held.view(patterns)).numpy(), name


def strides(held: Any) -> Tuple[int, ...]:
    return tuple(held.stride())


def construct(api: Any, arguments: Dict[str, Any]) -> Any:
    return api(**arguments).to(_state["device"])


def parameters(layer: Any) -> Dict[str, Any]:
    return {name: item for name, item in layer.named_parameters() if item is not None}


def set_parameter(layer: Any, name: str, array: Any, dtype: str) -> None:
    with torch.no_grad():
        getattr(layer, name).copy_(_raw(array, dtype))


change = set_parameter  # which is in place


def state(layer: Any) -> Dict[str, Any]:
    return dict(layer.state_dict())


def checkpoint(layer: Any, other: Any) -> Any:
    torch.save(layer.state_dict(), "checkpoint")
    other.load_state_dict(torch.load("checkpoint"))
    return other


def cast(layer: Any, dtype: str) -> Any:
    return layer.to(DTYPES[dtype])


def move(layer: Any) -> Any:
    return layer.cpu().to(_state["device"])


def switch(layer: Any, training: bool) -> None:
    layer.train(training)


def forward(layer: Any, x: Any) -> Any:
    return layer(_differentiable(x))


def backward(layer: Any, x: Any, output: Any, grad_output: Any) -> Dict[str, Any]:
    operands = _operands(layer, x)
    return dict(zip(operands, torch.autograd.grad(output, list(operands.values()), grad_output)))


def _operands(layer: Any, x: Any) -> Dict[str, Any]:
    operands = {"input": x, "weight": layer.weight, "bias": layer.bias}
    return {name: item for name, item in operands.items() if item is not None and item.requires_grad}


def record(layer: Any, x: Any) -> Tuple[Any, Any]:
    return None, forward(layer, x)


def accumulate(tape: Any, output: Any, grad_output: Any) -> None:
    output.backward(grad_output)


def retain(tape: Any, output: Any, grad_output: Any) -> None:
    output.backward(grad_output, retain_graph=True)


def collect(layer: Any, x: Any) -> Dict[str, Any]:
    return {name: item.grad for name, item in _operands(layer, x).items() if item.grad is not None}


def share(layer: Any, xs: List[Any], grad_outputs: List[Any]) -> Tuple[Any, Dict[str, Any]]:
    outputs = [forward(layer, x) for x in xs]
    operands = _operands(layer, xs[-1])
    return outputs[-1], dict(zip(operands, torch.autograd.grad(outputs, list(operands.values()), grad_outputs)))
