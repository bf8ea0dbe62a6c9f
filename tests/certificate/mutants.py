"""Seeded mistakes: a passage of a package, what it becomes, and what notices it.

To mend a mutant after its code was rewritten: the test that fails names the passage that is gone. Find the line that
now does the same, and write it as `old`, with `_1`, `_2`, ... for what the mistake does not concern; `tests.mutation`
explains both. The name says which mistake it has to remain. A mutant whose line has no successor is replaced by one
that makes the new code err in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.mutation import Mutation


@dataclass(frozen=True)
class Check:
    """A check of the certificate that fails, asked of one API."""

    name: str
    api: str = "torch.nn.Conv2d"


@dataclass(frozen=True)
class Test:
    """A test of this project that fails: its file below `tests`, and its name, without parameters."""

    __test__ = False

    file: str
    name: str

    @property
    def id(self) -> str:
        return f"tests/{self.file}::{self.name}"


@dataclass(frozen=True)
class Mutant:
    """A mistake, and what has to notice it."""

    name: str
    mutation: Mutation
    noticed_by: Check | Test


REMOTE = "conformance.targets.remote"
TORCH = "torch.nn.Conv2d"
TRANSPOSED = "torch.nn.ConvTranspose2d"
FUNCTIONAL = "torch.nn.functional.conv2d"
MINDSPORE = "mindspore.nn.Conv2d"
MEGENGINE = "megengine.module.Conv2d"

SET_TORCH = "getattr(layer, name).copy_(_raw(array, dtype))"
SET_MEGENGINE = "setattr(layer, name, parameter(array, dtype))"

ADAPTERS = [
    Mutant("weight's height and width exchanged",
           Mutation(REMOTE, SET_TORCH, "getattr(layer, name).copy_(_raw(array.swapaxes(-1, -2).reshape(array.shape).copy(), dtype))"),
           Check("layout")),
    Mutant("weight flipped",
           Mutation(REMOTE, SET_TORCH, "getattr(layer, name).copy_(_raw(array[..., ::-1].copy(), dtype))"),
           Check("layout")),
    Mutant("weight set upside down, read back",
           Mutation(REMOTE, SET_TORCH, "getattr(layer, name).copy_(_raw(array[::-1].copy(), dtype))"),
           Check("parameters")),
    Mutant("parameters never set",
           Mutation(REMOTE, SET_TORCH, "pass"),
           Check("parameters")),
    Mutant("bias stale",
           Mutation(REMOTE, SET_TORCH, f"name == 'bias' or {SET_TORCH}"),
           Check("layout")),
    Mutant("gradients of the wrong operands",
           Mutation(REMOTE, "zip(_1, torch.autograd.grad(_2, _3, _4))", "zip(reversed(list(_1)), torch.autograd.grad(_2, _3, _4))"),
           Check("gradients")),
    Mutant("gradient of the plain sum",
           Mutation(REMOTE, "torch.autograd.grad(output, _1, grad_output)", "torch.autograd.grad(output.sum(), _1)"),
           Check("gradients")),
    Mutant("gradient twice as large",
           Mutation(REMOTE, "torch.autograd.grad(output, _1, grad_output)", "torch.autograd.grad(output, _1, 2 * grad_output)"),
           Check("gradients")),
    Mutant("no gradient of the bias",
           Mutation(REMOTE, "item is not None and item.requires_grad", "name != 'bias' and item.requires_grad"),
           Check("gradients")),
    Mutant("float32 taken for float64",
           Mutation(REMOTE, "torch.from_numpy(array)", "torch.from_numpy(array.astype('float32') if dtype == 'float64' else array)"),
           Check("transport")),
    Mutant("bfloat16 taken for float16",
           Mutation(REMOTE, "_1.view(torch.bfloat16)", "_1.view(torch.float16)"),
           Check("transport")),
    Mutant("every dtype called float32",
           Mutation(REMOTE, "NAMES.get(made.dtype, str(made.dtype))", "'float32'"),
           Check("parameters")),
    Mutant("every output widened",
           Mutation(REMOTE, "made.detach().resolve_conj().cpu()", "made.detach().resolve_conj().cpu().double()"),
           Check("layout")),
    Mutant("not a number made zero",
           Mutation(REMOTE, "made = _raw(array, dtype)", "made = torch.nan_to_num(_raw(array, dtype))"),
           Check("transport")),
    Mutant("signs of zeros lost",
           Mutation(REMOTE, "made = _raw(array, dtype)", "made = _raw(array, dtype) + 0"),
           Check("transport")),
    Mutant("strided input from the gaps",
           Mutation(REMOTE, "return wide[..., ::2]", "return wide[..., 1::2]"),
           Check("transport")),
    Mutant("transposed input left transposed",
           Mutation(REMOTE, "made.transpose(-1, -2).contiguous().transpose(-1, -2)", "made.transpose(-1, -2).contiguous()"),
           Check("transport")),
    Mutant("output of the call before",
           Mutation(REMOTE, "return layer(_differentiable(x))", """
               _state.setdefault("outputs", []).append(layer(_differentiable(x)))
               return _state["outputs"][max(len(_state["outputs"]) - 2, 0)]
           """),
           Check("repeat")),
    Mutant("no seed",
           Mutation(REMOTE, "torch.default_generator.manual_seed(0)", "pass"),
           Check("seeds")),
    Mutant("default dtype changed",
           Mutation(REMOTE, "torch.set_default_dtype(torch.float32)", "torch.set_default_dtype(torch.float64)"),
           Check("seeds")),
    Mutant("every error called lacking",
           Mutation(REMOTE, "isinstance(error, NotImplementedError) and _1", "True"),
           Check("phases")),
    Mutant("bias hidden",
           Mutation(REMOTE, "{name: item for name, item in layer.named_parameters() if item is not None}",
                    "{name: item for name, item in layer.named_parameters() if name == 'weight'}"),
           Check("layout")),
    Mutant("stride dropped",
           Mutation(REMOTE, "api(**arguments).to(_1)", "api(**{k: v for k, v in arguments.items() if k != 'stride'}).to(_1)"),
           Check("layout")),
    Mutant("dtype dropped",
           Mutation(REMOTE, "api(**arguments).to(_1)", "api(**{k: v for k, v in arguments.items() if k != 'dtype'}).to(_1)"),
           Check("parameters")),
    Mutant("MindSpore: parameters never set",
           Mutation(REMOTE, "getattr(layer, name).set_data(_raw(array, dtype))", "pass"),
           Check("parameters", MINDSPORE)),
    Mutant("MindSpore: gradients of the wrong operands",
           Mutation(REMOTE, "zip(names, of_parameters)", "zip(reversed(names), of_parameters)"),
           Check("gradients", MINDSPORE)),
    Mutant("MindSpore: gradient ignores grad_output",
           Mutation(REMOTE, "gradient(_1, _2)(x, grad_output)", "gradient(_1, _2)(x, grad_output * 0 + 1)"),
           Check("gradients", MINDSPORE)),
    Mutant("MindSpore: bfloat16 through a conversion",
           Mutation(REMOTE, "ms.Tensor(ms.Tensor.convert_bytes_to_tensor(_1, _2, ms.bfloat16))",
                    "ms.Tensor((array.astype(np.uint32) << 16).view(np.float32)).astype(ms.bfloat16)"),
           Check("transport", MINDSPORE)),
    Mutant("MindSpore: no seed",
           Mutation(REMOTE, "ms.set_seed(0)", "pass"),
           Check("seeds", MINDSPORE)),
    Mutant("MegEngine: bias reshaped wrongly",
           Mutation(REMOTE, SET_MEGENGINE, "setattr(layer, name, parameter(array.reshape(1, 1, -1, 1) if name == 'bias' else array, dtype))"),
           Check("parameters", MEGENGINE)),
    Mutant("MegEngine: groups of the weight exchanged",
           Mutation(REMOTE, SET_MEGENGINE, "setattr(layer, name, parameter(array[::-1].copy() if array.ndim == 5 else array, dtype))"),
           Check("layout", MEGENGINE)),
    Mutant("MegEngine: gradients of the wrong operands",
           Mutation(REMOTE, "{name: item.grad for name, item in wanted.items() if _1}",
                    "dict(zip(reversed(list(wanted)), [item.grad for item in wanted.values()]))"),
           Check("gradients", MEGENGINE)),
    Mutant("MegEngine: float16 taken for float32",
           Mutation(REMOTE, "mge.Parameter(array)", "mge.Parameter(array.astype('float32'))"),
           Check("parameters", MEGENGINE)),
]  # fmt: skip

WORKERS = [
    Mutant("exception swallowed",
           Mutation(REMOTE, "self.result['raised'] = describe(error, self.phase)", "return self.result"),
           Check("phases")),
    Mutant("every error blamed on construction",
           Mutation(REMOTE, "describe(error, self.phase)", "describe(error, 'construct')"),
           Check("phases")),
    Mutant("forward called construction",
           Mutation(REMOTE, "self.enter('forward')\nx = _1", "self.enter('construct')\nx = _1"),
           Check("phases")),
    Mutant("backward called forward",
           Mutation(REMOTE, "self.enter('backward')", "self.enter('forward')"),
           Check("phases")),
    Mutant("parameters called construction",
           Mutation(REMOTE, "self.enter('parameters')\n_1 = adapter.parameters(layer)", "self.enter('construct')\n_1 = adapter.parameters(layer)"),
           Check("phases")),
    Mutant("shape reversed on the wire",
           Mutation(REMOTE, "tuple(int(n) for n in array.shape)", "tuple(int(n) for n in array.shape[::-1])", within="to_wire"),
           Check("layout")),
    Mutant("bytes in another order",
           Mutation(REMOTE, "array.tobytes()", "array.tobytes('F')", within="to_wire"),
           Check("layout")),
    Mutant("arrays narrowed on arrival",
           Mutation(REMOTE, "_1.reshape(shape).copy()", "_1.reshape(shape).astype('float32')"),
           Check("transport")),
    Mutant("output differentiated by itself",
           Mutation(REMOTE, "adapter.backward(layer, x, output, grad_output)", "adapter.backward(layer, x, output, output)"),
           Check("gradients")),
    Mutant("one parameter set alone",
           Mutation(REMOTE, "adapter.set_parameter(layer, name, _1, _2)", "name == 'weight' and adapter.set_parameter(layer, name, _1, _2)"),
           Check("parameters")),
    Mutant("pairs exchanged",
           Mutation(REMOTE, "type(value)(decode(item, adapter) for item in value)", "type(value)(decode(item, adapter) for item in value[::-1])"),
           Check("layout")),
    Mutant("nothing is run",
           Mutation(REMOTE, "layer is None or 'x' not in _1", "True"),
           Check("layout")),
    Mutant("gradients skipped",
           Mutation(REMOTE, "'grad_output' in _1", "False"),
           Check("gradients")),
    Mutant("functional weight missing",
           Mutation(REMOTE, "dict(self.arguments, weight=self.weight, bias=self.bias)", "dict(self.arguments, weight=self.weight, bias=None)"),
           Check("layout", FUNCTIONAL)),
]  # fmt: skip

APIS = "conformance.apis"

CONTRACTS = [
    Mutant("four-sided padding in another order",
           Mutation(APIS, "(two[0], two[0], two[1], two[1])", "(two[0], two[1], two[0], two[1])"),
           Check("contract", MINDSPORE)),
    Mutant("bias inverted",
           Mutation(APIS, "arguments.get('bias', True)", "not arguments.get('bias', True)", within="_nn_to_vendor"),
           Check("contract", MINDSPORE)),
    Mutant("padding's sides exchanged",
           Mutation(APIS, "return top, left", "return left, top"),
           Check("contract")),
    Mutant("what was cropped too much won back wrongly",
           Mutation(APIS, "(top - bottom, left - right)", "(left - right, top - bottom)"),
           Check("contract", TRANSPOSED)),
    Mutant("same padding a row short",
           Mutation(APIS, "max(total, 0) // 2", "max(total - 1, 0) // 2"),
           Check("contract", MEGENGINE)),
    Mutant("channels exchanged",
           Mutation(APIS, "(second * g, first)", "(first, second * g)"),
           Check("contract", FUNCTIONAL)),
    Mutant("groups forgotten",
           Mutation(APIS, "groups if is_int(groups) else 1", "1"),
           Check("contract", FUNCTIONAL)),
    Mutant("dtype never given",
           Mutation(APIS, "{} if dtype == 'float32' else _1", "{}"),
           Check("parameters")),
    Mutant("grouped weight's axes exchanged",
           Mutation(APIS, "weight.reshape(groups, -1, *weight.shape[1:])", "weight.reshape(-1, groups, *weight.shape[1:]).swapaxes(0, 1)"),
           Test("apis/test_layouts.py", "test_layouts_lose_and_exchange_nothing")),
    Mutant("functional bias of another rank",
           Mutation(APIS, "Tensor((1, arguments['out_channels'], 1, 1))", "Tensor((arguments['out_channels'],))"),
           Test("apis/test_layouts.py", "test_a_functional_call_names_tensors_of_those_shapes")),
    Mutant("an equivalent denied",
           Mutation(APIS, "layer == 'conv_transpose2d' and common.four_sided(padding) is not None", "False", within="padding_arguments"),
           Check("no_equivalent", TRANSPOSED)),
]  # fmt: skip

VERDICTS = "conformance.verdicts"
ORACLE = "conformance.oracle"
CASES = "conformance.cases"
REPRODUCERS = "conformance.reproducers"

JUDGES = [
    Mutant("verdict inverted",
           Mutation(VERDICTS, "largest <= 1.0", "largest > 1.0"),
           Test("verdicts/test_canonical.py", "test_an_agreeing_implementation_conforms_exactly")),
    Mutant("bound times 1000",
           Mutation(VERDICTS, "error / allowed", "error / (1000 * allowed)"),
           Test("verdicts/test_comparison.py", "test_every_element_has_its_own_bound")),
    Mutant("bound always infinite",
           Mutation(VERDICTS, "np.where(np.isinf(allowed), 0.0, ratio)", "np.zeros_like(ratio)"),
           Test("verdicts/test_canonical.py", "test_a_wrong_element_is_a_value")),
    Mutant("not a number conforms to anything",
           Mutation(VERDICTS, "np.isnan(wide) & np.isnan(value)", "np.isnan(wide) | np.isnan(value)"),
           Test("verdicts/test_comparison.py", "test_what_is_no_number_conforms_to_itself_alone")),
    Mutant("dtype not compared",
           Mutation(VERDICTS, "observed.dtype != dtype", "False"),
           Test("verdicts/test_canonical.py", "test_another_dtype")),
    Mutant("shape not compared",
           Mutation(VERDICTS, "observed.values.shape != expected.value.shape", "False"),
           Test("verdicts/test_comparison.py", "test_shape_comes_before_dtype_and_dtype_before_values")),
    Mutant("exact values not rounded to their type",
           Mutation(VERDICTS, "inputs.rounded(expected.value, dtype)", "expected.value"),
           Test("verdicts/test_comparison.py", "test_exact_values_beyond_the_type_are_infinite_in_it")),
    Mutant("picture without its bound",
           Mutation(VERDICTS, "comparison.bound(expected)", "None"),
           Test("verdicts/test_canonical.py", "test_pictures_hold_the_bound_of_each_element")),
    Mutant("picture in the vendor's layout",
           Mutation(VERDICTS, "observed = layout.from_vendor(observed, groups)", "pass"),
           Test("verdicts/test_canonical.py", "test_pictures_of_a_gradient_are_laid_out_as_the_oracle_lays_them_out")),
    Mutant("gradients not compared",
           Mutation(VERDICTS, "expectation.gradients.items()", "()"),
           Test("verdicts/test_canonical.py", "test_a_wrong_gradient_names_its_operand")),
    Mutant("parameters not compared",
           Mutation(VERDICTS, "expected != observed", "False"),
           Test("verdicts/test_canonical.py", "test_other_parameters_are_a_shape")),
    Mutant("lacking conforms",
           Mutation(VERDICTS, "Verdict(Outcome.UNAVAILABLE, observed=_1)", "Verdict(Outcome.CONFORMS, observed=_1)"),
           Test("verdicts/test_canonical.py", "test_what_the_device_lacks_is_unavailable_and_never_conforms")),
    Mutant("accepted for rejected",
           Mutation(VERDICTS, "observation.raised is not None and not observation.lacking", "observation.raised is None and not observation.lacking", within="_rejection"),
           Test("verdicts/test_canonical.py", "test_an_invalid_call_conforms_when_it_raises_anything")),
    Mutant("a crash is a rejection",
           Mutation(VERDICTS, "observation.timed_out or observation.died", "observation.timed_out"),
           Test("verdicts/test_canonical.py", "test_a_crash_is_no_rejection")),
    Mutant("no answer conforms",
           Mutation(VERDICTS, "Verdict(Outcome.FAULT, observed='the worker returned neither an output nor an exception')", "Verdict(Outcome.CONFORMS)"),
           Test("verdicts/test_canonical.py", "test_no_answer_at_all_is_our_fault")),
    Mutant("bounded called exact",
           Mutation(VERDICTS, "Verdict(Outcome.CONFORMS, ratio=ratio, exact=_1)", "Verdict(Outcome.CONFORMS, ratio=ratio, exact=True)"),
           Test("verdicts/test_canonical.py", "test_a_bounded_comparison_is_not_called_exact")),
    Mutant("document and implementation exchanged",
           Mutation(VERDICTS, "_Ruled(Ruling.DOCUMENT_WRONG, divergence)", "_Ruled(Ruling.IMPLEMENTATION_WRONG, divergence)"),
           Test("verdicts/test_claims.py", "test_a_shape_of_three_voices")),
    Mutant("the oracle does not count",
           Mutation(VERDICTS, "document and oracle in (True, None)", "document"),
           Test("verdicts/test_claims.py", "test_a_shape_of_three_voices")),
    Mutant("an empty claim holds",
           Mutation(VERDICTS, "not kept", "False", within="_claim"),
           Test("verdicts/test_claims.py", "test_a_claim_of_which_nothing_was_seen_never_holds")),
    Mutant("exception classes not compared",
           Mutation(VERDICTS, "not names & set(classes)", "False"),
           Test("verdicts/test_claims.py", "test_a_documented_exception")),
    Mutant("phases not compared",
           Mutation(VERDICTS, "raised.phase is not case.promise.phase", "False"),
           Test("verdicts/test_claims.py", "test_a_documented_exception")),
    Mutant("support not tested",
           Mutation(VERDICTS, "not (low - width <= least and most <= high + width)", "False"),
           Test("verdicts/test_distribution.py", "test_one_number_outside_the_support_is_enough")),
    Mutant("constants not compared",
           Mutation(VERDICTS, "(drawn == constant).all()", "(drawn == constant).any()"),
           Test("verdicts/test_distribution.py", "test_a_constant_is_the_number_of_its_type")),
    Mutant("bfloat16 cut instead of rounded",
           Mutation(ORACLE, "bits + 0x7FFF + (bits >> 16 & 1)", "bits"),
           Test("oracle/test_inputs.py", "test_bfloat16_is_as_ml_dtypes_has_it")),
    Mutant("ties away from even",
           Mutation(ORACLE, "bits + 0x7FFF + (bits >> 16 & 1)", "bits + 0x8000"),
           Test("oracle/test_inputs.py", "test_bfloat16_is_as_ml_dtypes_has_it")),
    Mutant("the bias of tiny numbers is not tiny",
           Mutation(ORACLE, "_tiny_scale(dtype) ** 2", "_tiny_scale(dtype)"),
           Test("oracle/test_inputs.py", "test_the_bias_neither_hides_the_products_nor_vanishes_among_them")),
    Mutant("rounded sums called exact",
           Mutation(ORACLE, "exact = found.sums == 'exact' or _1", "exact = True"),
           Test("oracle/test_inputs.py", "test_rounded_sums_are_not_called_exact")),
    Mutant("gradients of the oracle exchanged",
           Mutation(ORACLE, "keys: _1 = ('input', 'weight', 'bias')", "keys = ('weight', 'input', 'bias')"),
           Check("judge")),
    Mutant("the gate passes everything",
           Mutation(CASES, "not _shows(mistake, question)", "False"),
           Test("cases/test_vacuity.py", "test_ones_alone_do_not_show_which_way_a_kernel_lies")),
    Mutant("a script that never diverges",
           Mutation(REPRODUCERS, "says == 'DIVERGES'", "says == 'CONFORMS'"),
           Test("reproducers/test_script.py", "test_confirmation")),
    Mutant("an exception called a crash",
           Mutation(REPRODUCERS, "code not in (0, 1)", "code != 0"),
           Test("reproducers/test_script.py", "test_confirmation")),
]  # fmt: skip

TRAVELLING = [*ADAPTERS, *WORKERS]
OF_THE_HOST = [*CONTRACTS, *JUDGES]
MUTANTS = [*TRAVELLING, *OF_THE_HOST]
