"""Seeded mistakes: a text in a module, what it becomes, and what notices.

`by` names a check of the certificate, run against the real framework, or is a probe: a test of this project that
the mistake must fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from conformance.case import Outcome
from conformance.certificate.probes import Failed, layers, round_trip
from tests.apis import test_layouts
from tests.cases import test_vacuity
from tests.oracle import test_inputs
from tests.reproducers import test_script
from tests.verdicts import test_canonical, test_claims, test_comparison, test_distribution

Probe = Callable[[], None]


@dataclass(frozen=True)
class Mutant:
    name: str
    module: str
    old: str
    new: str
    by: str | Probe
    api: str = "torch.nn.Conv2d"


def round_trips(api: str) -> Probe:
    """The contract's own check, over the layers that the certificate asks of the API."""
    from conformance.apis import contracts

    def probe() -> None:
        for arguments in layers(contracts()[api]):
            round_trip(contracts()[api], arguments)

    return probe


TORCH, WORKER = "conformance.targets.remote.adapters.torch", "conformance.targets.remote.worker"
MINDSPORE, MEGENGINE = "conformance.targets.remote.adapters.mindspore", "conformance.targets.remote.adapters.megengine"
MS, MGE = "mindspore.nn.Conv2d", "megengine.module.Conv2d"
SET = "getattr(layer, name).copy_(_raw(array, dtype))"
GRADS = "dict(zip(wanted, torch.autograd.grad(output, list(wanted.values()), grad_output)))"

ADAPTERS = [
    Mutant("weight's height and width exchanged", TORCH, SET,
           "getattr(layer, name).copy_(_raw(array.swapaxes(-1, -2).reshape(array.shape).copy(), dtype))", "layout"),
    Mutant("weight flipped", TORCH, SET, "getattr(layer, name).copy_(_raw(array[..., ::-1].copy(), dtype))", "layout"),
    Mutant("weight set upside down, read back", TORCH, SET, "getattr(layer, name).copy_(_raw(array[::-1].copy(), dtype))", "parameters"),
    Mutant("parameters never set", TORCH, SET, "pass", "parameters"),
    Mutant("bias stale", TORCH, SET, 'name == "bias" or ' + SET, "layout"),
    Mutant("gradients of the wrong operands", TORCH, GRADS, GRADS.replace("zip(wanted,", "zip(reversed(list(wanted)),"), "gradients"),
    Mutant("gradient of the plain sum", TORCH, GRADS, GRADS.replace("output, list", "output.sum(), list").replace(", grad_output", ""), "gradients"),
    Mutant("gradient twice as large", TORCH, GRADS, GRADS.replace("grad_output)", "2 * grad_output)"), "gradients"),
    Mutant("no gradient of the bias", TORCH, '"weight": layer.weight, "bias": layer.bias}', '"weight": layer.weight}', "gradients"),
    Mutant("float32 taken for float64", TORCH, "return torch.from_numpy(array).to",
           'return torch.from_numpy(array.astype("float32") if dtype == "float64" else array).to', "transport"),
    Mutant("bfloat16 taken for float16", TORCH, ".view(torch.bfloat16)", ".view(torch.float16)", "transport"),
    Mutant("every dtype called float32", TORCH, "name = NAMES.get(made.dtype, str(made.dtype))", 'name = "float32"', "parameters"),
    Mutant("every output widened", TORCH, "made = made.detach().resolve_conj().cpu().contiguous()",
           "made = made.detach().resolve_conj().cpu().double().contiguous()", "layout"),
    Mutant("not a number made zero", TORCH, "    made = _raw(array, dtype)\n", "    made = torch.nan_to_num(_raw(array, dtype))\n", "transport"),
    Mutant("signs of zeros lost", TORCH, "    made = _raw(array, dtype)\n", "    made = _raw(array, dtype)\n    made = made + 0\n", "transport"),
    Mutant("strided input from the gaps", TORCH, "return wide[..., ::2]", "return wide[..., 1::2]", "transport"),
    Mutant("transposed input left transposed", TORCH, ".contiguous().transpose(-1, -2)", ".contiguous()", "transport"),
    Mutant("output of the call before", TORCH, "return layer(_differentiable(x))",
           '_state.setdefault("outputs", []).append(layer(_differentiable(x)))\n    return _state["outputs"][max(len(_state["outputs"]) - 2, 0)]', "repeat"),
    Mutant("no seed", TORCH, "    torch.default_generator.manual_seed(0)", "    None", "seeds"),
    Mutant("default dtype changed", TORCH, "torch.set_default_dtype(torch.float32)", "torch.set_default_dtype(torch.float64)", "seeds"),
    Mutant("every error called lacking", TORCH, "return isinstance(error, NotImplementedError)", "return True or isinstance(error, NotImplementedError)", "phases"),
    Mutant("bias hidden", TORCH, "if item is not None}\n\n\ndef set_parameter", 'if name == "weight"}\n\n\ndef set_parameter', "layout"),
    Mutant("stride dropped", TORCH, "return api(**arguments)", 'return api(**{k: v for k, v in arguments.items() if k != "stride"})', "layout"),
    Mutant("dtype dropped", TORCH, "return api(**arguments)", 'return api(**{k: v for k, v in arguments.items() if k != "dtype"})', "parameters"),
    Mutant("MindSpore: parameters never set", MINDSPORE, "getattr(layer, name).set_data(_raw(array, dtype))", "pass", "parameters", MS),
    Mutant("MindSpore: gradients of the wrong operands", MINDSPORE, "dict(zip(names, of_parameters))", "dict(zip(reversed(names), of_parameters))", "gradients", MS),
    Mutant("MindSpore: gradient ignores grad_output", MINDSPORE, "(x, grad_output)\n", "(x, grad_output * 0 + 1)\n", "gradients", MS),
    Mutant("MindSpore: bfloat16 through a conversion", MINDSPORE, "return ms.Tensor(ms.Tensor.convert_bytes_to_tensor(array.tobytes(), array.shape, ms.bfloat16))",
           "return ms.Tensor((array.astype(np.uint32) << 16).view(np.float32)).astype(ms.bfloat16)", "transport", MS),
    Mutant("MindSpore: no seed", MINDSPORE, "    ms.set_seed(0)", "    None", "seeds", MS),
    Mutant("MegEngine: bias reshaped wrongly", MEGENGINE, "setattr(layer, name, parameter(array, dtype))",
           "setattr(layer, name, parameter(array.reshape(1, 1, -1, 1) if name == 'bias' else array, dtype))", "parameters", MGE),
    Mutant("MegEngine: groups of the weight exchanged", MEGENGINE, "setattr(layer, name, parameter(array, dtype))",
           "setattr(layer, name, parameter(array[::-1].copy() if array.ndim == 5 else array, dtype))", "layout", MGE),
    Mutant("MegEngine: gradients of the wrong operands", MEGENGINE, '{"input": x, "weight": layer.weight,', '{"weight": x, "input": layer.weight,', "gradients", MGE),
    Mutant("MegEngine: float16 taken for float32", MEGENGINE, "    return mge.Parameter(array)", '    return mge.Parameter(array.astype("float32"))', "parameters", MGE),
]  # fmt: skip

WORKERS = [
    Mutant("exception swallowed", WORKER, 'self.result["raised"] = describe(error, self.phase)', "return self.result", "phases"),
    Mutant("every error blamed on construction", WORKER, "describe(error, self.phase)", 'describe(error, "construct")', "phases"),
    Mutant("forward called construction", WORKER, 'self.enter("forward")\n        x =', 'self.enter("construct")\n        x =', "phases"),
    Mutant("backward called forward", WORKER, 'self.enter("backward")', 'self.enter("forward")', "phases"),
    Mutant("parameters called construction", WORKER, 'self.enter("parameters")\n        found', 'self.enter("construct")\n        found', "phases"),
    Mutant("shape reversed on the wire", WORKER, "tuple(int(n) for n in array.shape), array.tobytes()", "tuple(int(n) for n in array.shape[::-1]), array.tobytes()", "layout"),
    Mutant("bytes in another order", WORKER, "array.tobytes()", 'array.tobytes("F")', "layout"),
    Mutant("arrays narrowed on arrival", WORKER, ".reshape(shape).copy()", ".reshape(shape).astype('float32')", "transport"),
    Mutant("output differentiated by itself", WORKER, "adapter.backward(layer, x, output, grad_output)", "adapter.backward(layer, x, output, output)", "gradients"),
    Mutant("one parameter set alone", WORKER, "for name, array in wanted.items():\n            dtype_of", "for name, array in list(wanted.items())[:1]:\n            dtype_of", "parameters"),
    Mutant("pairs exchanged", WORKER, "type(value)(decode(item, adapter) for item in value)", "type(value)(decode(item, adapter) for item in value[::-1])", "layout"),
    Mutant("nothing is run", WORKER, 'if layer is None or "x" not in call["arrays"]:', "if True:", "layout"),
    Mutant("gradients skipped", WORKER, 'if "grad_output" in call["arrays"]:', "if False:", "gradients"),
    Mutant("functional weight missing", WORKER, "arguments = dict(self.arguments, weight=self.weight, bias=self.bias)", "arguments = dict(self.arguments, weight=self.weight, bias=None)", "layout", "torch.nn.functional.conv2d"),
]  # fmt: skip

COMMON, JUDGE, COMPARISON, INPUTS = (
    f"conformance.{m}" for m in ("apis.common", "verdicts.judge", "verdicts.comparison", "oracle.inputs")
)
DEVICE = "torch.nn.functional.conv2d"

CONTRACTS = [
    Mutant("four-sided padding in another order", "conformance.apis.mindspore", "(two[0], two[0], two[1], two[1])", "(two[0], two[1], two[0], two[1])", round_trips(MS)),
    Mutant("bias inverted", "conformance.apis.mindspore", '"has_bias": arguments.get("bias", True)', '"has_bias": not arguments.get("bias", True)', round_trips(MS)),
    Mutant("padding's sides exchanged", COMMON, "return top, left", "return left, top", round_trips("torch.nn.Conv2d")),
    Mutant("what was cropped too much won back wrongly", COMMON, "more = (top - bottom, left - right)", "more = (left - right, top - bottom)", round_trips("torch.nn.ConvTranspose2d")),
    Mutant("same padding a row short", COMMON, "max(total, 0) // 2", "max(total - 1, 0) // 2", round_trips("megengine.module.Conv2d")),
    Mutant("channels exchanged", COMMON, "(second * g, first)", "(first, second * g)", round_trips("torch.nn.functional.conv2d")),
    Mutant("groups forgotten", COMMON, "g = groups if is_int(groups) else 1", "g = 1", round_trips("torch.nn.functional.conv2d")),
    Mutant("dtype never given", COMMON, 'return {} if dtype == "float32" else', 'return {} if True else', "parameters"),
    Mutant("grouped weight's axes exchanged", "conformance.apis.megengine", "weight.reshape(groups, -1, *weight.shape[1:])", "weight.reshape(-1, groups, *weight.shape[1:]).swapaxes(0, 1)",
           partial(test_layouts.test_layouts_lose_and_exchange_nothing, test_layouts.contracts()[MGE], 2)),
    Mutant("functional bias of another rank", "conformance.apis.megengine", 'Tensor((1, arguments["out_channels"], 1, 1))', 'Tensor((arguments["out_channels"],))',
           partial(test_layouts.test_a_functional_call_names_tensors_of_those_shapes, test_layouts.contracts()["megengine.functional.conv2d"], 1)),
    Mutant("an equivalent denied", "conformance.apis.torch", 'if layer == "conv_transpose2d" and common.four_sided(padding) is not None:', "if False:", "no_equivalent", "torch.nn.ConvTranspose2d"),
]  # fmt: skip

JUDGES = [
    Mutant("verdict inverted", COMPARISON, "if largest <= 1.0:", "if largest > 1.0:", test_canonical.test_an_agreeing_implementation_conforms_exactly),
    Mutant("bound times 1000", COMPARISON, "error / allowed)", "error / (1000 * allowed))", test_comparison.test_every_element_has_its_own_bound),
    Mutant("bound always infinite", COMPARISON, "np.where(np.isinf(allowed), 0.0, ratio)", "np.zeros_like(ratio)", test_canonical.test_a_wrong_element_is_a_value),
    Mutant("not a number conforms to anything", COMPARISON, "(np.isnan(wide) & np.isnan(value))", "(np.isnan(wide) | np.isnan(value))", partial(test_comparison.test_what_is_no_number_conforms_to_itself_alone, 0.0, float("nan"), False, None)),
    Mutant("dtype not compared", COMPARISON, "if observed.dtype != dtype:", "if False:", partial(test_canonical.test_another_dtype, "float64")),
    Mutant("shape not compared", COMPARISON, "if observed.values.shape != expected.value.shape:", "if False:", test_comparison.test_shape_comes_before_dtype_and_dtype_before_values),
    Mutant("exact values not rounded to their type", COMPARISON, "return inputs.rounded(expected.value, dtype)", "return expected.value", test_comparison.test_exact_values_beyond_the_type_are_infinite_in_it),
    Mutant("picture without its bound", JUDGE, "comparison.bound(expected)", "None", partial(test_canonical.test_pictures_hold_the_bound_of_each_element, "real")),
    Mutant("picture in the vendor's layout", JUDGE, "            observed = layout.from_vendor(observed, groups)", "            pass", test_canonical.test_pictures_of_a_gradient_are_laid_out_as_the_oracle_lays_them_out),
    Mutant("gradients not compared", JUDGE, "for name, expected in expectation.gradients.items():", "for name, expected in ():", partial(test_canonical.test_a_wrong_gradient_names_its_operand, "weight")),
    Mutant("parameters not compared", JUDGE, "        if expected != observed:", "        if False:", partial(test_canonical.test_other_parameters_are_a_shape, {}, test_canonical.INPUT)),
    Mutant("lacking conforms", JUDGE, "Verdict(Outcome.UNAVAILABLE, observed=", "Verdict(Outcome.CONFORMS, observed=", test_canonical.test_what_the_device_lacks_is_unavailable_and_never_conforms),
    Mutant("accepted for rejected", JUDGE, "if observation.raised is not None and not observation.lacking:\n        return Verdict(Outcome.CONFORMS", "if observation.raised is None and not observation.lacking:\n        return Verdict(Outcome.CONFORMS", test_canonical.test_an_invalid_call_conforms_when_it_raises_anything),
    Mutant("a crash is a rejection", JUDGE, "if observation.timed_out or observation.died:", "if observation.timed_out:", test_canonical.test_a_crash_is_no_rejection),
    Mutant("no answer conforms", JUDGE, 'Verdict(Outcome.FAULT, observed="the worker returned', 'Verdict(Outcome.CONFORMS, observed="the worker returned', test_canonical.test_no_answer_at_all_is_our_fault),
    Mutant("bounded called exact", JUDGE, "ratio=ratio, exact=expectation.arrays is not None and expectation.arrays.exact", "ratio=ratio, exact=True", test_canonical.test_a_bounded_comparison_is_not_called_exact),
    Mutant("document and implementation exchanged", JUDGE, "return _Ruled(Ruling.DOCUMENT_WRONG, divergence)", "return _Ruled(Ruling.IMPLEMENTATION_WRONG, divergence)", test_claims.test_a_shape_of_three_voices),
    Mutant("the oracle does not count", JUDGE, "if document and oracle in (True, None):", "if document:", test_claims.test_a_shape_of_three_voices),
    Mutant("an empty claim holds", JUDGE, "    if not kept:\n", "    if False:\n", test_claims.test_a_claim_of_which_nothing_was_seen_never_holds),
    Mutant("exception classes not compared", JUDGE, "if not names & set(classes):", "if False:", test_claims.test_a_documented_exception),
    Mutant("phases not compared", JUDGE, "raised.phase is not case.promise.phase", "False", test_claims.test_a_documented_exception),
    Mutant("support not tested", "conformance.verdicts.distribution", "if not (low - width <= least and most <= high + width):", "if False:", test_distribution.test_one_number_outside_the_support_is_enough),
    Mutant("constants not compared", "conformance.verdicts.distribution", "None if bool((drawn == constant).all())", "None if bool((drawn == constant).any())", partial(test_distribution.test_a_constant_is_the_number_of_its_type, "float32")),
    Mutant("bfloat16 cut instead of rounded", INPUTS, "bits + 0x7FFF + ((bits >> 16) & 1)", "bits", test_inputs.test_bfloat16_is_as_ml_dtypes_has_it),
    Mutant("ties away from even", INPUTS, "0x7FFF + ((bits >> 16) & 1)", "0x8000", test_inputs.test_bfloat16_is_as_ml_dtypes_has_it),
    Mutant("the bias of tiny numbers is not tiny", INPUTS, "_tiny_scale(dtype) ** 2", "_tiny_scale(dtype)", partial(test_inputs.test_the_bias_neither_hides_the_products_nor_vanishes_among_them, "float32", "tiny")),
    Mutant("rounded sums called exact", INPUTS, 'exact = found.sums == "exact" or', "exact = True or", partial(test_inputs.test_rounded_sums_are_not_called_exact, "real")),
    Mutant("gradients of the oracle exchanged", "conformance.oracle.expectation", 'keys: tuple[Literal["input", "weight", "bias"], ...] = ("input", "weight", "bias")', 'keys = ("weight", "input", "bias")', "judge"),
    Mutant("the gate passes everything", "conformance.cases.vacuity", "if not _shows(m,", "if False and not _shows(m,", test_vacuity.test_ones_alone_do_not_show_which_way_a_kernel_lies),
    Mutant("a script that never diverges", "conformance.reproducers.confirm", 'says == "DIVERGES"', 'says == "CONFORMS"', partial(test_script.test_confirmation, "print('DIVERGES')", Outcome.DIVERGES, True)),
    Mutant("an exception called a crash", "conformance.reproducers.confirm", "code not in (0, 1)", "code != 0", partial(test_script.test_confirmation, "raise ValueError", Outcome.CRASHED, False)),
]  # fmt: skip

MUTANTS = ADAPTERS + WORKERS + CONTRACTS + JUDGES

__all__ = ["MUTANTS", "Failed", "Mutant"]
