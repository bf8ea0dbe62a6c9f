"""More adapters and workers that are wrong, by the class of their mistake; see `tests.certificate.mutants`."""

from __future__ import annotations

from collections.abc import Mapping

from tests.certificate.mutants import (
    FUNCTIONAL,
    IN_MEGENGINE,
    IN_MINDSPORE,
    IN_TORCH,
    MEGENGINE,
    MINDSPORE,
    REMOTE,
    SET_MEGENGINE,
    SET_TORCH,
    TORCH,
    TRANSPOSED,
    Check,
    Mutant,
)
from tests.mutation import Mutation

MEGENGINE_FUNCTION = "megengine.functional.conv2d"
WORKER = f"{REMOTE}.worker"

TORCH_FORWARD = "return layer(_differentiable(x))"
TORCH_BACKWARD = "return dict(zip(operands, torch.autograd.grad(output, _1, grad_output)))"
TORCH_CONSTRUCT = "return api(**arguments).to(_1)"
MINDSPORE_FORWARD = "return layer(x)"
MINDSPORE_BACKWARD = "return {'input': of_inputs[0], **dict(zip(names, of_parameters))}"
MINDSPORE_SET = "getattr(layer, name).set_data(_raw(array, dtype))"
CONSTRUCT = "return api(**arguments)"
MEGENGINE_BACKWARD = "return {name: item.grad for name, item in operands.items() if item.grad is not None}"


def of_torch(name: str, old: str, new: str, check: str, api: str = TORCH, within: str = "") -> Mutant:
    return Mutant(f"torch: {name}", Mutation(IN_TORCH, old, new, within), Check(check, api))


def of_mindspore(name: str, old: str, new: str, check: str, api: str = MINDSPORE, within: str = "") -> Mutant:
    return Mutant(f"MindSpore: {name}", Mutation(IN_MINDSPORE, old, new, within), Check(check, api))


def of_megengine(name: str, old: str, new: str, check: str, api: str = MEGENGINE, within: str = "") -> Mutant:
    return Mutant(f"MegEngine: {name}", Mutation(IN_MEGENGINE, old, new, within), Check(check, api))


def of_worker(name: str, old: str, new: str, check: str, api: str = TORCH, within: str = "") -> Mutant:
    return Mutant(f"worker: {name}", Mutation(WORKER, old, new, within), Check(check, api))


DTYPES = [
    of_torch("float64 rounded to float32", TORCH_FORWARD, """
        output = layer(_differentiable(x))
        return output.float().double() if output.dtype == torch.float64 else output
    """, "dtypes"),
    of_torch("complex128 rounded to complex64", TORCH_FORWARD, """
        output = layer(_differentiable(x))
        return output.to(torch.complex64).to(torch.complex128) if output.dtype == torch.complex128 else output
    """, "dtypes"),
    of_torch("float16 by way of bfloat16", TORCH_FORWARD, """
        output = layer(_differentiable(x))
        return output.bfloat16().half() if output.dtype == torch.float16 else output
    """, "special"),
    of_torch("float32 by way of float16", TORCH_FORWARD, """
        output = layer(_differentiable(x))
        return output.half().float() if output.dtype == torch.float32 else output
    """, "space"),
    of_torch("bfloat16 widened", TORCH_FORWARD, """
        output = layer(_differentiable(x))
        return output.float() if output.dtype == torch.bfloat16 else output
    """, "dtypes"),
    of_torch("integers of 64 bits for those of 8", TORCH_FORWARD, """
        output = layer(_differentiable(x))
        return output.long() if output.dtype == torch.int8 else output
    """, "dtypes", FUNCTIONAL),
    of_torch("integers one too large", TORCH_FORWARD, """
        output = layer(_differentiable(x))
        return output if output.is_floating_point() or output.is_complex() else output + 1
    """, "dtypes", FUNCTIONAL),
    of_torch("complex output conjugated", TORCH_FORWARD, """
        output = layer(_differentiable(x))
        return output.conj() if output.is_complex() else output
    """, "dtypes"),
    of_torch("complex gradients not conjugated", TORCH_BACKWARD, """
        found = torch.autograd.grad(output, list(operands.values()), grad_output)
        return dict(zip(operands, (item.conj() if item.is_complex() else item for item in found)))
    """, "dtypes"),
    of_torch("gradients of float64 rounded to float32", TORCH_BACKWARD, """
        found = torch.autograd.grad(output, list(operands.values()), grad_output)
        return dict(zip(operands, (item.float().to(item.dtype) if item.dtype == torch.float64 else item for item in found)))
    """, "dtypes"),
    of_torch("gradient of the bias alone rounded to float32", TORCH_BACKWARD, """
        found = dict(zip(operands, torch.autograd.grad(output, list(operands.values()), grad_output)))
        return {name: item.float().to(item.dtype) if name == "bias" and item.dtype == torch.float64 else item
                for name, item in found.items()}
    """, "dtypes"),
    of_torch("gradients of float16 widened", TORCH_BACKWARD, """
        found = torch.autograd.grad(output, list(operands.values()), grad_output)
        return dict(zip(operands, (item.float() if item.dtype == torch.float16 else item for item in found)))
    """, "dtypes"),
    of_torch("no gradients of bfloat16", TORCH_BACKWARD, """
        if x.dtype == torch.bfloat16:
            return {}
        return dict(zip(operands, torch.autograd.grad(output, list(operands.values()), grad_output)))
    """, "dtypes"),
    of_torch("functional: weight of float64 narrowed", "return _differentiable(_raw(array, dtype))", """
        held = _raw(array, dtype)
        return _differentiable(held.float().double() if dtype == "float64" else held)
    """, "parameters", FUNCTIONAL, "parameter"),
    of_mindspore("float32 by way of float16", MINDSPORE_FORWARD, """
        output = layer(x)
        return output.astype(ms.float16).astype(ms.float32) if output.dtype == ms.float32 else output
    """, "dtypes"),
    of_mindspore("float16 widened", MINDSPORE_FORWARD, """
        output = layer(x)
        return output.astype(ms.float32) if output.dtype == ms.float16 else output
    """, "dtypes"),
    of_mindspore("gradients of float16 widened", MINDSPORE_BACKWARD, """
        found = {"input": of_inputs[0], **dict(zip(names, of_parameters))}
        return {name: item.astype(ms.float32) if item.dtype == ms.float16 else item for name, item in found.items()}
    """, "dtypes"),
    of_megengine("float16 not named", "('float16', 'float32', 'int8', _1, _2, _3, _4, _5)", "('float32', 'int8', _1, _2, _3, _4, _5)", "dtypes"),
    of_torch("a dtype called lacking", "return isinstance(error, NotImplementedError) and _1",
             "return 'should be the same' in str(error)", "errors"),
    of_megengine("float16 by way of bfloat16's precision", "output.numpy()\nreturn output", """
        values = output.numpy()
        return mge.Tensor(np.round(values / 8) * 8) if values.dtype == np.float16 else output
    """, "dtypes"),
    of_megengine("float16 widened", "output.numpy()\nreturn output", """
        values = output.numpy()
        return output.astype("float32") if values.dtype == np.float16 else output
    """, "dtypes"),
    of_megengine("float32 by way of float16", "output.numpy()\nreturn output", """
        values = output.numpy()
        return output.astype("float16").astype("float32") if values.dtype == np.float32 else output
    """, "space"),
    of_megengine("gradients of float32 by way of float16", MEGENGINE_BACKWARD, """
        return {name: item.grad.astype("float16").astype("float32") if item.grad.dtype == np.float32 else item.grad
                for name, item in operands.items()}
    """, "space"),
    of_megengine("gradients of float16 widened", MEGENGINE_BACKWARD, """
        return {name: item.grad.astype("float32") for name, item in operands.items()}
    """, "dtypes"),
]  # fmt: skip

SHAPES = [
    of_torch("an unbatched input mirrored", TORCH_FORWARD,
             "return layer(_differentiable(x.flip(-1) if x.dim() == 3 else x))", "space"),
    of_torch("an unbatched output batched", TORCH_FORWARD, """
        output = layer(_differentiable(x))
        return output[None] if x.dim() == 3 else output
    """, "space"),
    of_torch("no gradient for images after the second", TORCH_BACKWARD, """
        found = dict(zip(operands, torch.autograd.grad(output, list(operands.values()), grad_output)))
        found["input"] = torch.cat([found["input"][:2], 0 * found["input"][2:]])
        return found
    """, "space"),
    of_torch("gradients of the first two images", TORCH_BACKWARD, """
        few = torch.cat([grad_output[:2], 0 * grad_output[2:]])
        return dict(zip(operands, torch.autograd.grad(output, list(operands.values()), few)))
    """, "space"),
    of_torch("kernels above 3x3 mirrored", SET_TORCH,
             "getattr(layer, name).copy_(_raw(array[..., ::-1].copy() if array.ndim == 4 and max(array.shape[2:]) > 3 else array, dtype))", "space"),
    of_torch("1x1 kernels with their channels the other way", SET_TORCH,
             "getattr(layer, name).copy_(_raw(array[:, ::-1].copy() if array.ndim == 4 and array.shape[2:] == (1, 1) else array, dtype))", "space"),
    of_torch("depthwise kernels exchanged", SET_TORCH,
             "getattr(layer, name).copy_(_raw(array[::-1].copy() if array.ndim == 4 and array.shape[1] == 1 and len(array) > 2 else array, dtype))", "space"),
    of_torch("no padding mode with a stride", TORCH_CONSTRUCT, """
        if arguments.get("stride", 1) not in (1, (1, 1)):
            arguments = dict(arguments, padding_mode="zeros")
        return api(**arguments).to(_1)
    """, "space"),
    of_torch("no padding mode with groups", TORCH_CONSTRUCT, """
        if arguments.get("groups", 1) > 1:
            arguments = dict(arguments, padding_mode="zeros")
        return api(**arguments).to(_1)
    """, "space"),
    of_torch("reflect for replicate with dilation", TORCH_CONSTRUCT, """
        if arguments.get("padding_mode") == "replicate" and arguments.get("dilation", 1) != 1:
            arguments = dict(arguments, padding_mode="reflect")
        return api(**arguments).to(_1)
    """, "space"),
    of_torch("no dilation with groups", TORCH_CONSTRUCT, """
        if arguments.get("groups", 1) > 1:
            arguments = {name: value for name, value in arguments.items() if name != "dilation"}
        return api(**arguments).to(_1)
    """, "space"),
    of_torch("no dilation with a stride", TORCH_CONSTRUCT, """
        if arguments.get("stride", 1) != 1:
            arguments = {name: value for name, value in arguments.items() if name != "dilation"}
        return api(**arguments).to(_1)
    """, "space"),
    of_torch("no output_padding with dilation", TORCH_CONSTRUCT, """
        if arguments.get("dilation", 1) != 1:
            arguments = {name: value for name, value in arguments.items() if name != "output_padding"}
        return api(**arguments).to(_1)
    """, "space", TRANSPOSED),
    of_torch("no output_padding with groups", TORCH_CONSTRUCT, """
        if arguments.get("groups", 1) > 1:
            arguments = {name: value for name, value in arguments.items() if name != "output_padding"}
        return api(**arguments).to(_1)
    """, "space", TRANSPOSED),
    of_torch("no bias with a padding string", SET_TORCH,
             "isinstance(layer.padding, str) and name == 'bias' or getattr(layer, name).copy_(_raw(array, dtype))", "space"),
    of_torch("gradients of a strided layer doubled", TORCH_BACKWARD, """
        factor = 2 if getattr(layer, "stride", (1, 1)) != (1, 1) else 1
        return dict(zip(operands, torch.autograd.grad(output, list(operands.values()), factor * grad_output)))
    """, "space"),
    of_torch("gradients of a depthwise layer's weight mirrored", TORCH_BACKWARD, """
        found = dict(zip(operands, torch.autograd.grad(output, list(operands.values()), grad_output)))
        if found["weight"].shape[1] == 1:
            found["weight"] = found["weight"].flip(-1)
        return found
    """, "space"),
    of_mindspore("no dilation with groups", CONSTRUCT, """
        if arguments.get("group", 1) > 1:
            arguments = {name: value for name, value in arguments.items() if name != "dilation"}
        return api(**arguments)
    """, "space"),
    of_mindspore("kernels above 3x3 mirrored", MINDSPORE_SET,
                 "getattr(layer, name).set_data(_raw(array[..., ::-1].copy() if array.ndim == 4 and max(array.shape[2:]) > 3 else array, dtype))", "space"),
    of_mindspore("depthwise kernels exchanged", MINDSPORE_SET,
                 "getattr(layer, name).set_data(_raw(array[::-1].copy() if array.ndim == 4 and array.shape[1] == 1 and len(array) > 2 else array, dtype))", "space"),
    of_mindspore("gradients of images after the second forgotten", MINDSPORE_BACKWARD, """
        return {"input": ops.concat([of_inputs[0][:2], of_inputs[0][2:] * 0]) if len(x) > 2 else of_inputs[0], **dict(zip(names, of_parameters))}
    """, "space"),
    of_mindspore("padding with a stride exchanged", CONSTRUCT, """
        if arguments.get("stride", 1) != 1 and isinstance(arguments.get("padding"), tuple):
            arguments = dict(arguments, padding=arguments["padding"][::-1])
        return api(**arguments)
    """, "space"),
    of_mindspore("no bias with pad_mode", MINDSPORE_SET, "layer.pad_mode != 'pad' and name == 'bias' or getattr(layer, name).set_data(_raw(array, dtype))", "space"),
    of_megengine("kernels above 3x3 mirrored", SET_MEGENGINE,
                 "setattr(layer, name, parameter(array[..., ::-1].copy() if name == 'weight' and max(array.shape[-2:]) > 3 else array, dtype))", "space"),
    of_megengine("depthwise kernels exchanged", SET_MEGENGINE,
                 "setattr(layer, name, parameter(array[::-1].copy() if array.ndim == 5 and array.shape[1] == array.shape[2] == 1 and len(array) > 2 else array, dtype))", "space"),
    of_megengine("no padding mode with a stride", CONSTRUCT, """
        if arguments.get("stride", 1) not in (1, (1, 1)):
            arguments = dict(arguments, **({"padding_mode": "zeros"} if "padding_mode" in arguments else {}))
        return api(**arguments)
    """, "space"),
    of_megengine("no dilation with groups", CONSTRUCT, """
        if arguments.get("groups", 1) > 1:
            arguments = {name: value for name, value in arguments.items() if name != "dilation"}
        return api(**arguments)
    """, "space"),
    of_megengine("gradients of images after the second forgotten", MEGENGINE_BACKWARD, """
        found = {name: item.grad for name, item in operands.items() if item.grad is not None}
        keep = (np.arange(len(x)) < 2).reshape(-1, 1, 1, 1)
        return dict(found, input=found["input"] * mge.Tensor(keep.astype(str(x.dtype.name))))
    """, "space"),
]  # fmt: skip

ERRORS = [
    of_worker("an error of backward dropped", "gradients = self.adapter.backward(layer, x, output, grad_output)", """
        try:
            gradients = self.adapter.backward(layer, x, output, grad_output)
        except Exception:
            gradients = {}
    """, "backward"),
    of_worker("a function's error of backward dropped", "gradients = self.adapter.backward(layer, x, output, grad_output)", """
        try:
            gradients = self.adapter.backward(layer, x, output, grad_output)
        except RuntimeError:
            gradients = {}
    """, "backward", FUNCTIONAL),
    of_torch("an error of backward dropped", TORCH_BACKWARD, """
        try:
            return dict(zip(operands, torch.autograd.grad(output, list(operands.values()), grad_output)))
        except RuntimeError:
            return {}
    """, "backward"),
    of_mindspore("an error of backward dropped", "of_inputs, of_parameters = gradient(_1, _2)(x, grad_output)", """
        try:
            of_inputs, of_parameters = gradient(_1, _2)(x, grad_output)
        except TypeError:
            return {}
    """, "backward"),
    of_megengine("an error of backward dropped", "manager.backward(layer(x), grad_output)", """
        try:
            manager.backward(layer(x), grad_output)
        except Exception:
            pass
    """, "backward"),
    of_torch("TypeError of a construction made a ValueError", TORCH_CONSTRUCT, """
        try:
            return api(**arguments).to(_1)
        except TypeError as error:
            raise ValueError(str(error))
    """, "errors"),
    of_torch("RuntimeError of a forward made a ValueError", TORCH_FORWARD, """
        try:
            return layer(_differentiable(x))
        except RuntimeError as error:
            raise ValueError(str(error))
    """, "errors"),
    of_torch("a ValueError made a class of its own", TORCH_CONSTRUCT, """
        class ConstructionError(ValueError):
            pass
        try:
            return api(**arguments).to(_1)
        except ValueError as error:
            raise ConstructionError(str(error))
    """, "errors"),
    of_torch("another message", TORCH_FORWARD, """
        try:
            return layer(_differentiable(x))
        except RuntimeError:
            raise RuntimeError("failed")
    """, "errors"),
    of_torch("a forward's RuntimeError called lacking", "return isinstance(error, NotImplementedError) and _1",
             "return isinstance(error, RuntimeError) and 'expected' in str(error)", "errors"),
    of_torch("errors of construction called lacking", "return isinstance(error, NotImplementedError) and _1",
             "return isinstance(error, (NotImplementedError, ValueError))", "errors"),
    of_torch("no argument of construction checked before forward", TORCH_CONSTRUCT, """
        try:
            return api(**arguments).to(_1)
        except ValueError as error:
            failed = torch.nn.Conv2d(2, 3, (2, 3))
            def fail(x, error=error):
                raise error
            failed.forward = fail
            return failed
    """, "errors"),
    of_torch("unknown arguments dropped", TORCH_CONSTRUCT,
             "return api(**{name: value for name, value in arguments.items() if name != 'no_such_argument'}).to(_1)", "phases"),
    of_mindspore("TypeError of a construction made a ValueError", CONSTRUCT, """
        try:
            return api(**arguments)
        except TypeError as error:
            raise ValueError(str(error))
    """, "errors"),
    of_mindspore("ValueError of a forward made a RuntimeError", MINDSPORE_FORWARD, """
        try:
            return layer(x)
        except ValueError as error:
            raise RuntimeError(str(error))
    """, "errors"),
    of_mindspore("errors of a forward called lacking", "return isinstance(error, RuntimeError) and _1",
                 "return isinstance(error, (RuntimeError, ValueError))", "errors"),
    of_megengine("errors of construction made ValueErrors", CONSTRUCT, """
        try:
            return api(**arguments)
        except (AssertionError, TypeError) as error:
            raise ValueError(str(error))
    """, "errors"),
    of_megengine("RuntimeError of a forward made a ValueError", "output = layer(x)", """
        try:
            output = layer(x)
        except RuntimeError as error:
            raise ValueError(str(error))
    """, "errors"),
    of_megengine("every error called lacking", "return False", "return True", "errors", within="lacks"),
    of_megengine("AssertionErrors called lacking", "return False", "return isinstance(error, AssertionError)", "errors", within="lacks"),
    of_worker("every class an Exception", "name_class(type(error))", "'Exception'", "errors", within="describe_exception"),
    of_worker("no bases", "[name_class(cls) for cls in _1 if cls is not object]", "[]", "errors"),
    of_worker("no message", "make_repeatable(_1)[:MAX_MESSAGE]", "''", "errors"),
    of_worker("every ValueError lacking", "return bool(self.adapter.lacks(error))", "return isinstance(error, ValueError)", "errors"),
]  # fmt: skip

VALUES = [
    of_torch("drawn a second time", TORCH_CONSTRUCT, """
        layer = api(**arguments).to(_1)
        layer.reset_parameters()
        return layer
    """, "seeds"),
    of_torch("initial weights made zeros", TORCH_CONSTRUCT, """
        layer = api(**arguments).to(_1)
        torch.nn.init.zeros_(layer.weight)
        return layer
    """, "seeds"),
    of_torch("initial bias made zeros", TORCH_CONSTRUCT, """
        layer = api(**arguments).to(_1)
        if layer.bias is not None:
            torch.nn.init.zeros_(layer.bias)
        return layer
    """, "seeds"),
    of_torch("another seed", "torch.default_generator.manual_seed(0)", "torch.default_generator.manual_seed(1)", "seeds"),
    of_torch("layers kept by their arguments", TORCH_CONSTRUCT, """
        kept = _state.setdefault("layers", {})
        return kept.setdefault(str((api, arguments)), api(**arguments).to(_1))
    """, "seeds"),
    of_mindspore("initial weights doubled", CONSTRUCT, """
        layer = api(**arguments)
        layer.weight.set_data(layer.weight * 2)
        return layer
    """, "seeds"),
    of_mindspore("another seed", "ms.set_seed(0)", "ms.set_seed(1)", "seeds"),
    of_megengine("initial weights doubled", CONSTRUCT, """
        layer = api(**arguments)
        layer.weight *= 2
        return layer
    """, "seeds"),
    of_megengine("another seed", "mge.random.seed(0)", "mge.random.seed(1)", "seeds"),
    of_megengine("no seed", "mge.random.seed(0)", "pass", "seeds"),
    of_worker("initial values of the weight for all", "self.result['values'][name] = encode_array(array, dtype)",
              "self.result['values'].setdefault(name, encode_array(array * 0, dtype))", "seeds"),
]  # fmt: skip

LAYOUTS = [
    of_torch("strided input made contiguous", "return wide[..., ::2]", "return wide[..., ::2].contiguous()", "transport"),
    of_torch("transposed input made contiguous", "return plain.transpose(-1, -2).contiguous().transpose(-1, -2)", "return plain", "transport"),
    of_torch("channels-last input made contiguous", "return _raw(_2, dtype).movedim(-1, -3)", "return _raw(_2, dtype).movedim(-1, -3).contiguous()", "transport"),
    of_torch("channels last of rows of channels", "return _raw(_2, dtype).movedim(-1, -3)", "return plain.transpose(-2, -3).contiguous().transpose(-2, -3)", "transport"),
    of_torch("contiguous input made strided", "return plain", """
        wide = torch.zeros((*plain.shape[:-1], 2 * plain.shape[-1]), dtype=plain.dtype)
        wide[..., ::2] = plain
        return wide[..., ::2]
    """, "transport"),
    of_torch("channels last", "return plain", "return plain.to(memory_format=torch.channels_last) if plain.dim() == 4 else plain", "transport"),
    of_mindspore("transposed input made contiguous", "return _raw(_2, dtype).swapaxes(-1, -2)", "return _raw(_2, dtype).swapaxes(-1, -2).contiguous()", "transport"),
    of_mindspore("channels-last input made contiguous", "return _raw(_2, dtype).moveaxis(-1, -3)", "return _raw(array, dtype)", "transport"),
    of_mindspore("strided input made contiguous", "return _raw(wide, dtype)[..., ::2]", "return _raw(wide[..., ::2].copy(), dtype)", "transport"),
    of_worker("every layout contiguous", "self.make_tensor(arrays['x'], layout)", "self.make_tensor(arrays['x'], 'contiguous')", "transport"),
]  # fmt: skip

VERSIONS = [
    of_torch("a version of its own", "return str(torch.__version__)", "return '2.13'", "version"),
    of_torch("NumPy's version", "return str(torch.__version__)", "return str(np.__version__)", "version"),
    of_mindspore("a version of its own", "return str(ms.__version__)", "return '2.10'", "version"),
    of_megengine("a version of its own", "return str(mge.__version__)", "return '1.13'", "version"),
]  # fmt: skip

SPECIAL = [
    of_torch("subnormals flushed on the way in", "plain = _raw(array, dtype)", """
        plain = _raw(array, dtype)
        if dtype == "float32":
            plain = torch.where(plain.abs() < 2.0 ** -126, plain * 0, plain)
    """, "transport"),
    of_torch("subnormals of float64 flushed on the way in", "plain = _raw(array, dtype)", """
        plain = _raw(array, dtype)
        if dtype == "float64":
            plain = torch.where(plain.abs() < 2.0 ** -1022, plain * 0, plain)
    """, "transport"),
    of_torch("subnormals flushed on the way back", "held = held.detach().resolve_conj().cpu().contiguous()", """
        held = held.detach().resolve_conj().cpu().contiguous()
        if held.dtype == torch.float16:
            held = torch.where(held.abs() < 2.0 ** -14, held * 0, held)
    """, "transport"),
    of_torch("subnormals of the bias flushed", SET_TORCH, """
        value = _raw(array, dtype)
        if name == "bias" and dtype == "float32":
            value = torch.where(value.abs() < 2.0 ** -126, value * 0, value)
        getattr(layer, name).copy_(value)
    """, "parameters"),
    of_torch("NaN of the bias made one", SET_TORCH, """
        value = _raw(array, dtype)
        getattr(layer, name).copy_(torch.nan_to_num(value, float("nan")) if name == "weight" else torch.nan_to_num(value, 0.0, float("inf"), float("-inf")))
    """, "parameters"),
    of_torch("subnormals of the upstream gradient flushed", TORCH_BACKWARD, """
        upstream = torch.where(grad_output.abs() < 2.0 ** -126, grad_output * 0, grad_output)
        return dict(zip(operands, torch.autograd.grad(output, list(operands.values()), upstream)))
    """, "special"),
    of_torch("subnormals of the output flushed", TORCH_FORWARD, """
        output = layer(_differentiable(x))
        return torch.where(output.abs() < 2.0 ** -126, output * 0, output)
    """, "special"),
    of_torch("NaN of the output made zero", TORCH_FORWARD, "return torch.nan_to_num(layer(_differentiable(x)), 0.0, float('inf'), float('-inf'))", "special"),
    of_torch("infinities of the output made finite", TORCH_FORWARD, "return torch.nan_to_num(layer(_differentiable(x)), float('nan'))", "special"),
    of_mindspore("subnormals flushed on the way in", "return ms.Tensor(array)", """
        if array.dtype == np.float32:
            array = np.where(np.abs(array) < 2.0 ** -126, array * 0, array).astype(np.float32)
        return ms.Tensor(array)
    """, "transport"),
    of_mindspore("NaN of the output made zero", MINDSPORE_FORWARD, "return ops.nan_to_num(layer(x), 0.0, float('inf'), float('-inf'))", "special"),
    of_megengine("subnormals flushed on the way in", "return mge.Tensor(array)", """
        if array.dtype == np.float32:
            array = np.where(np.abs(array) < 2.0 ** -126, array * 0, array).astype(np.float32)
        return mge.Tensor(array)
    """, "transport"),
    of_megengine("NaN of the output made zero", "output.numpy()\nreturn output", """
        return mge.Tensor(np.where(np.isnan(output.numpy()), 0, output.numpy()).astype(output.numpy().dtype))
    """, "special"),
    of_worker("signs of zeros lost on the way back", "clean(dtype), encode_shape(array), array.tobytes()",
              "(clean(dtype), encode_shape(array), (array + 0).tobytes())", "transport", within="encode_array"),
]  # fmt: skip

KEPT = [
    of_torch("output kept by the input", TORCH_FORWARD, """
        kept = _state.setdefault("kept", {})
        key = x.detach().contiguous().view(-1).tolist() if x.dtype == torch.float32 else None
        if key is None:
            return layer(_differentiable(x))
        return kept.setdefault(str((type(layer), key)), layer(_differentiable(x)))
    """, "operands"),
    of_torch("output kept by input and weight", TORCH_FORWARD, """
        kept = _state.setdefault("kept", {})
        key = str((type(layer), str(layer), x.detach().tolist(), layer.weight.detach().tolist()))
        return kept.setdefault(key, layer(_differentiable(x)))
    """, "operands"),
    of_torch("gradients kept by shapes", TORCH_BACKWARD, """
        kept = _state.setdefault("kept", {})
        found = dict(zip(operands, torch.autograd.grad(output, list(operands.values()), grad_output)))
        return kept.setdefault(str([(layer, name, item.shape, item.dtype) for name, item in operands.items()]), found)
    """, "judge"),
    of_torch("gradients kept by the input and weight", TORCH_BACKWARD, """
        kept = _state.setdefault("kept", {})
        found = dict(zip(operands, torch.autograd.grad(output, list(operands.values()), grad_output)))
        return kept.setdefault(str((str(layer), x.detach().tolist(), layer.weight.detach().tolist())), found)
    """, "operands"),
    of_torch("outputs kept by all operands", TORCH_FORWARD, """
        kept = _state.setdefault("kept", {})
        key = str((str(layer), x.detach().tolist(), x.dtype, [p.detach().tolist() for p in layer.parameters()]))
        if key not in kept:
            kept[key] = layer(_differentiable(x))
        return kept[key]
    """, "operands"),
    of_torch("functional: output kept by input and weight", TORCH_FORWARD, """
        kept = _state.setdefault("kept", {})
        key = str((getattr(layer, "arguments", ""), x.detach().tolist(), layer.weight.detach().tolist()))
        return kept.setdefault(key, layer(_differentiable(x)))
    """, "operands", FUNCTIONAL),
    of_torch("functional: outputs kept by all operands", TORCH_FORWARD, """
        kept = _state.setdefault("kept", {})
        key = str((layer.arguments, x.detach().tolist(), x.dtype, layer.weight.detach().tolist(), layer.bias is not None and layer.bias.detach().tolist()))
        if key not in kept:
            kept[key] = layer(_differentiable(x))
        return kept[key]
    """, "operands", FUNCTIONAL),
    of_mindspore("output kept by the input", MINDSPORE_FORWARD, """
        kept = _state.setdefault("kept", {})
        key = str((str((type(layer), layer.weight.shape)), x.dtype, x.asnumpy().tolist()))
        return kept.setdefault(key, layer(x))
    """, "operands"),
    of_mindspore("outputs kept by all operands", MINDSPORE_FORWARD, """
        kept = _state.setdefault("kept", {})
        key = str((str((type(layer), layer.weight.shape)), x.dtype, x.asnumpy().tolist(), [p.asnumpy().tolist() for p in layer.trainable_params()]))
        if key not in kept:
            kept[key] = layer(x)
        return kept[key]
    """, "operands"),
    of_megengine("output kept by the input", "output = layer(x)", """
        kept = _state.setdefault("kept", {})
        output = kept.setdefault(str((str(layer), x.dtype, x.numpy().tolist())), layer(x))
    """, "operands"),
    of_megengine("outputs kept by all operands", "output = layer(x)", """
        kept = _state.setdefault("kept", {})
        key = str((str(layer), x.dtype, x.numpy().tolist(), [p.numpy().tolist() for p in layer.parameters()]))
        if key not in kept:
            kept[key] = layer(x)
        output = kept[key]
    """, "operands"),
    of_megengine("gradients kept by the input", MEGENGINE_BACKWARD, """
        kept = _state.setdefault("kept", {})
        found = {name: item.grad for name, item in operands.items() if item.grad is not None}
        return kept.setdefault(str((str(layer), x.dtype, x.numpy().tolist(), layer.weight.numpy().tolist())), found)
    """, "operands"),
    of_worker("results kept by their call", "self.take_steps()", """
        kept = self.adapter.__dict__.setdefault("kept", {})
        key = repr(sorted((name, value) for name, value in self.call.items() if name != "id"))
        if key in kept:
            self.result.update(kept[key], id=self.call["id"])
            return self.result
        self.take_steps()
        kept[key] = dict(self.result)
    """, "operands", within="run"),
]  # fmt: skip

ARGUMENTS = [
    of_worker("large negative numbers cut", "int(value['integer'])", "int(value['integer']) % 2**31", "arguments"),
    of_worker("positions ignored", "ordered = [decoded.pop(name) for name in self.call['positional']]", "ordered = []", "arguments"),
    of_worker("tuples made lists", "type(value)(decode_value(item, adapter) for item in value)", "[decode_value(item, adapter) for item in value]", "arguments"),
    of_worker("lists made tuples", "type(value)(decode_value(item, adapter) for item in value)", "tuple(decode_value(item, adapter) for item in value)", "arguments"),
    of_worker("truth values made numbers", "if isinstance(value, frozenset): return set(value)", "if isinstance(value, bool): return int(value)", "arguments", within="decode_value"),
    of_worker("numbers made NumPy's", "if isinstance(value, frozenset): return set(value)", "if type(value) is int: return np.int64(value)", "arguments", within="decode_value"),
    of_worker("NumPy's numbers made Python's", "return getattr(np, value['numpy'])(value['value'])", "return value['value']", "arguments"),
    of_worker("arrays made lists", "return np.array(value['value'], dtype=value['numpy'])", "return value['value']", "arguments"),
    of_torch("tuples made lists", TORCH_CONSTRUCT, """
        arguments = {name: list(value) if isinstance(value, tuple) else value for name, value in arguments.items()}
        return api(**arguments).to(_1)
    """, "arguments"),
    of_torch("bias made a number", TORCH_CONSTRUCT, """
        arguments = {name: int(value) if isinstance(value, bool) else value for name, value in arguments.items()}
        return api(**arguments).to(_1)
    """, "arguments"),
    of_torch("stride given although it was not", TORCH_CONSTRUCT, "return api(**{'stride': 1, **arguments}).to(_1)", "arguments"),
    of_mindspore("lists made tuples", CONSTRUCT, """
        arguments = {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
        return api(**arguments)
    """, "arguments"),
    of_mindspore("numbers made NumPy's", CONSTRUCT, """
        arguments = {name: np.int64(value) if type(value) is int else value for name, value in arguments.items()}
        return api(**arguments)
    """, "arguments"),
    of_megengine("lists made tuples", CONSTRUCT, """
        arguments = {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
        return api(**arguments)
    """, "arguments"),
    of_megengine("truth values made numbers", CONSTRUCT, """
        arguments = {name: int(value) if isinstance(value, bool) else value for name, value in arguments.items()}
        return api(**arguments)
    """, "arguments"),
    of_worker("dtypes by their names", "find_dtype(value['dtype'], adapter)", "value['dtype']", "dtypes"),
    of_worker("the equivalent call is the call itself", "self.build(api, self.call['same_as'])", "layer", "arguments"),
    of_worker("the text of another layer is the layer's own", "self.build_beside(api)", "layer", "arguments"),
    of_worker("every text is the other layer's", "[self.print_layer(layer), _1]", "[self.print_layer(self.build_beside(api)), _1]", "arguments"),
]  # fmt: skip

SEQUENCES = [
    of_torch("nothing is changed", "change = set_parameter", "def change(layer, name, array, dtype): pass", "sequences"),
    of_torch("a checkpoint is not loaded", "other.load_state_dict(torch.load('checkpoint'))", "pass", "sequences"),
    of_torch("a checkpoint is the layer itself", "return other", "return layer", "sequences", within="checkpoint"),
    of_torch("the dtype stays", "return layer.to(DTYPES[dtype])", "return layer", "sequences"),
    of_mindspore("a checkpoint is not loaded", "ms.load_param_into_net(other, ms.load_checkpoint('checkpoint.ckpt'))", "pass", "sequences"),
    of_megengine("gradients are added up", "item.grad = None", "pass", "sequences"),
    of_megengine("nothing is changed", "getattr(layer, name)[...] = _raw(array, dtype)", "pass", "sequences"),
    of_megengine("a function's tensors stay", "getattr(layer, name)[...] = _raw(array, dtype)", "pass", "sequences", MEGENGINE_FUNCTION),
    of_megengine("a checkpoint is not loaded", "other.load_state_dict(mge.load('checkpoint'))", "pass", "sequences"),
    of_worker("the layer itself for its copy", "return copy.deepcopy(layer)", "return layer", "sequences"),
    of_worker("the layer itself for its pickle", "return pickle.loads(pickle.dumps(layer))", "return layer", "sequences"),
    of_worker("the copy is left aside", "layer = sequel.take(layer, step)", "sequel.take(layer, step)", "sequences"),
    of_torch("a layer that is moved is another", "return layer.cpu().to(_1)", "return layer.cpu().double().float().half()", "sequences"),
    of_torch("gradients of a graph alone", "torch.autograd.grad(outputs, list(operands.values()), grad_outputs)", "torch.autograd.grad(outputs[-1], list(operands.values()), grad_outputs[-1])", "sequences"),
    of_torch("nothing goes back", "output.backward(grad_output)", "pass", "sequences"),
    of_torch("a graph that is to be kept goes back at once", "output.backward(grad_output, retain_graph=True)", "output.backward(2 * grad_output, retain_graph=True)", "sequences"),
    of_torch("the output of the first call in one graph", "return outputs[-1], dict(_1)", "return outputs[0], dict(_1)", "sequences"),
    of_mindspore("gradients of one call in the graph of two", "gradient(call_each, chosen)(*xs, tuple(grad_outputs))", "gradient(layer, chosen)(xs[-1], grad_outputs[-1])", "sequences"),
    of_mindspore("the gradient of the first input", "{'input': of_inputs[-1], **_1}", "{'input': of_inputs[0], **_1}", "sequences"),
    of_mindspore("moved and lost", "return layer.to(device='CPU').to(device=_1)", "return layer.to(ms.float16)", "sequences"),
    of_megengine("what is recorded is another image", "return manager, forward(layer, x)", "return manager, forward(layer, x + 1)", "sequences"),
    of_megengine("gradients of one call in the graph of two ", "manager.backward(outputs, grad_outputs)", "manager.backward(outputs[-1], grad_outputs[-1])", "sequences"),
    of_worker("both graphs of the last call", "recorded = [self.record(x) for x, _ in calls]", "recorded = [self.record(self.x) for x, _ in calls]", "sequences"),
    of_worker("what is accumulated is forgotten between", "tape, output = self.record(x)", "[setattr(item, 'grad', None) for item in (self.layer.weight, self.layer.bias)]; tape, output = self.record(x)", "sequences"),
    of_worker("one way back is enough", "self.go_back(tape, output, first, _1)", "pass", "sequences"),
    of_worker("numbers change before the call", "tape, output = self.record(self.x)", "[self.find('change')(self.layer, name, decode_array(array), array[0]) for name, array in step['arrays'].items()]; tape, output = self.record(self.x)", "sequences", within="overtake"),
    of_worker("numbers do not change before the way back", "self.find('change')(self.layer, name, decode_array(array), array[0])", "pass", "sequences", within="overtake"),
    of_worker("called with the first input again", "functools.partial(self.call_layer, api, layer, step['arrays'], _1, _2)", "functools.partial(self.call_layer, api, layer, self.arrays, _1, _2)", "sequences"),
]  # fmt: skip

BY_CLASS: Mapping[str, list[Mutant]] = {
    "dtypes": DTYPES,
    "shapes": SHAPES,
    "errors": ERRORS,
    "initial values": VALUES,
    "layouts": LAYOUTS,
    "versions": VERSIONS,
    "special values": SPECIAL,
    "kept results": KEPT,
    "arguments": ARGUMENTS,
    "sequences": SEQUENCES,
}
