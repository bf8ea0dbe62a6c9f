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
IN_TORCH = f"{REMOTE}.adapters.torch"
IN_MINDSPORE = f"{REMOTE}.adapters.mindspore"
IN_MEGENGINE = f"{REMOTE}.adapters.megengine"
TORCH = "torch.nn.Conv2d"
TRANSPOSED = "torch.nn.ConvTranspose2d"
FUNCTIONAL = "torch.nn.functional.conv2d"
MINDSPORE = "mindspore.nn.Conv2d"
MEGENGINE = "megengine.module.Conv2d"

SET_TORCH = "getattr(layer, name).copy_(_raw(array, dtype))"
SET_MEGENGINE = "setattr(layer, name, parameter(array, dtype))"

ADAPTERS = [
    Mutant("weight's height and width exchanged",
           Mutation(IN_TORCH, SET_TORCH, "getattr(layer, name).copy_(_raw(array.swapaxes(-1, -2).reshape(array.shape).copy(), dtype))"),
           Check("layout")),
    Mutant("weight flipped",
           Mutation(IN_TORCH, SET_TORCH, "getattr(layer, name).copy_(_raw(array[..., ::-1].copy(), dtype))"),
           Check("layout")),
    Mutant("weight set upside down, read back",
           Mutation(IN_TORCH, SET_TORCH, "getattr(layer, name).copy_(_raw(array[::-1].copy(), dtype))"),
           Check("parameters")),
    Mutant("parameters never set",
           Mutation(IN_TORCH, SET_TORCH, "pass"),
           Check("parameters")),
    Mutant("bias stale",
           Mutation(IN_TORCH, SET_TORCH, f"name == 'bias' or {SET_TORCH}"),
           Check("layout")),
    Mutant("gradients of the wrong operands",
           Mutation(IN_TORCH, "zip(_1, torch.autograd.grad(_2, _3, _4))", "zip(reversed(list(_1)), torch.autograd.grad(_2, _3, _4))", within="backward"),
           Check("gradients")),
    Mutant("gradient of the plain sum",
           Mutation(IN_TORCH, "torch.autograd.grad(output, _1, grad_output)", "torch.autograd.grad(output.sum(), _1)"),
           Check("gradients")),
    Mutant("gradient twice as large",
           Mutation(IN_TORCH, "torch.autograd.grad(output, _1, grad_output)", "torch.autograd.grad(output, _1, 2 * grad_output)"),
           Check("gradients")),
    Mutant("no gradient of the bias",
           Mutation(IN_TORCH, "item is not None and item.requires_grad", "name != 'bias' and item.requires_grad"),
           Check("gradients")),
    Mutant("float32 taken for float64",
           Mutation(IN_TORCH, "torch.from_numpy(array)", "torch.from_numpy(array.astype('float32') if dtype == 'float64' else array)"),
           Check("transport")),
    Mutant("bfloat16 taken for float16",
           Mutation(IN_TORCH, "_1.view(torch.bfloat16)", "_1.view(torch.float16)"),
           Check("transport")),
    Mutant("every dtype called float32",
           Mutation(IN_TORCH, "NAMES.get(held.dtype, str(held.dtype))", "'float32'"),
           Check("parameters")),
    Mutant("every output widened",
           Mutation(IN_TORCH, "held.detach().resolve_conj().cpu()", "held.detach().resolve_conj().cpu().double()"),
           Check("layout")),
    Mutant("not a number made zero",
           Mutation(IN_TORCH, "plain = _raw(array, dtype)", "plain = torch.nan_to_num(_raw(array, dtype))"),
           Check("transport")),
    Mutant("signs of zeros lost",
           Mutation(IN_TORCH, "plain = _raw(array, dtype)", "plain = _raw(array, dtype) + 0"),
           Check("transport")),
    Mutant("strided input from the gaps",
           Mutation(IN_TORCH, "return wide[..., ::2]", "return wide[..., 1::2]"),
           Check("transport")),
    Mutant("transposed input left transposed",
           Mutation(IN_TORCH, "plain.transpose(-1, -2).contiguous().transpose(-1, -2)", "plain.transpose(-1, -2).contiguous()"),
           Check("transport")),
    Mutant("output of the call before",
           Mutation(IN_TORCH, "return layer(_differentiable(x))", """
               _state.setdefault("outputs", []).append(layer(_differentiable(x)))
               return _state["outputs"][max(len(_state["outputs"]) - 2, 0)]
           """),
           Check("repeat")),
    Mutant("no seed",
           Mutation(IN_TORCH, "torch.default_generator.manual_seed(0)", "pass"),
           Check("seeds")),
    Mutant("default dtype changed",
           Mutation(IN_TORCH, "torch.set_default_dtype(torch.float32)", "torch.set_default_dtype(torch.float64)"),
           Check("seeds")),
    Mutant("every error called lacking",
           Mutation(IN_TORCH, "isinstance(error, NotImplementedError) and _1", "True"),
           Check("phases")),
    Mutant("bias hidden",
           Mutation(IN_TORCH, "{name: item for name, item in layer.named_parameters() if item is not None}",
                    "{name: item for name, item in layer.named_parameters() if name == 'weight'}"),
           Check("layout")),
    Mutant("stride dropped",
           Mutation(IN_TORCH, "api(**arguments).to(_1)", "api(**{k: v for k, v in arguments.items() if k != 'stride'}).to(_1)"),
           Check("layout")),
    Mutant("dtype dropped",
           Mutation(IN_TORCH, "api(**arguments).to(_1)", "api(**{k: v for k, v in arguments.items() if k != 'dtype'}).to(_1)"),
           Check("parameters")),
    Mutant("MindSpore: parameters never set",
           Mutation(IN_MINDSPORE, "getattr(layer, name).set_data(_raw(array, dtype))", "pass"),
           Check("parameters", MINDSPORE)),
    Mutant("MindSpore: gradients of the wrong operands",
           Mutation(IN_MINDSPORE, "zip(names, of_parameters)", "zip(reversed(names), of_parameters)", within="backward"),
           Check("gradients", MINDSPORE)),
    Mutant("MindSpore: gradient ignores grad_output",
           Mutation(IN_MINDSPORE, "gradient(_1, _2)(x, grad_output)", "gradient(_1, _2)(x, grad_output * 0 + 1)"),
           Check("gradients", MINDSPORE)),
    Mutant("MindSpore: bfloat16 through a conversion",
           Mutation(IN_MINDSPORE, "ms.Tensor(ms.Tensor.convert_bytes_to_tensor(_1, _2, ms.bfloat16))",
                    "ms.Tensor((array.astype(np.uint32) << 16).view(np.float32)).astype(ms.bfloat16)"),
           Check("transport", MINDSPORE)),
    Mutant("MindSpore: no seed",
           Mutation(IN_MINDSPORE, "ms.set_seed(0)", "pass"),
           Check("seeds", MINDSPORE)),
    Mutant("MegEngine: bias reshaped wrongly",
           Mutation(IN_MEGENGINE, SET_MEGENGINE, "setattr(layer, name, parameter(array.reshape(1, 1, -1, 1) if name == 'bias' else array, dtype))"),
           Check("parameters", MEGENGINE)),
    Mutant("MegEngine: groups of the weight exchanged",
           Mutation(IN_MEGENGINE, SET_MEGENGINE, "setattr(layer, name, parameter(array[::-1].copy() if array.ndim == 5 else array, dtype))"),
           Check("layout", MEGENGINE)),
    Mutant("MegEngine: gradients of the wrong operands",
           Mutation(IN_MEGENGINE, "{name: item.grad for name, item in operands.items() if _1}",
                    "dict(zip(reversed(list(operands)), [item.grad for item in operands.values()]))"),
           Check("gradients", MEGENGINE)),
    Mutant("MegEngine: float16 taken for float32",
           Mutation(IN_MEGENGINE, "mge.Parameter(array)", "mge.Parameter(array.astype('float32'))"),
           Check("parameters", MEGENGINE)),
]  # fmt: skip

WORKERS = [
    Mutant("exception swallowed",
           Mutation(REMOTE, "self.result['raised'] = describe_exception(error, self.phase)", "return self.result"),
           Check("phases")),
    Mutant("every error blamed on construction",
           Mutation(REMOTE, "describe_exception(error, self.phase)", "describe_exception(error, 'construct')", within="run"),
           Check("phases")),
    Mutant("forward called construction",
           Mutation(REMOTE, "self.enter('forward')\nx = _1", "self.enter('construct')\nx = _1", within="call_layer"),
           Check("phases")),
    Mutant("backward called forward",
           Mutation(REMOTE, "self.enter('backward')", "self.enter('forward')"),
           Check("phases")),
    Mutant("parameters called construction",
           Mutation(REMOTE, "self.enter('parameters')", "self.enter('construct')", within="set_parameters"),
           Check("phases")),
    Mutant("shape reversed on the wire",
           Mutation(REMOTE, "encode_shape(array)", "encode_shape(array)[::-1]", within="encode_array"),
           Check("layout")),
    Mutant("bytes in another order",
           Mutation(REMOTE, "array.tobytes()", "array.tobytes('F')", within="encode_array"),
           Check("layout")),
    Mutant("arrays narrowed on arrival",
           Mutation(REMOTE, "_1.reshape(shape).copy()", "_1.reshape(shape).astype('float32')"),
           Check("transport")),
    Mutant("output differentiated by itself",
           Mutation(REMOTE, "self.adapter.backward(layer, x, output, grad_output)", "self.adapter.backward(layer, x, output, output)"),
           Check("gradients")),
    Mutant("one parameter set alone",
           Mutation(REMOTE, "self.adapter.set_parameter(layer, name, _1, _2)", "name == 'weight' and self.adapter.set_parameter(layer, name, _1, _2)"),
           Check("parameters")),
    Mutant("pairs exchanged",
           Mutation(REMOTE, "type(value)(decode_value(item, adapter) for item in value)", "type(value)(decode_value(item, adapter) for item in value[::-1])"),
           Check("layout")),
    Mutant("nothing is run",
           Mutation(REMOTE, "layer is None or 'x' not in _1", "True"),
           Check("layout")),
    Mutant("gradients skipped",
           Mutation(REMOTE, "'grad_output' in _1", "False"),
           Check("gradients")),
    Mutant("functional weight missing",
           Mutation(REMOTE, "(own, getattr(self, name))", "(own, getattr(self, name) if name == 'weight' else None)"),
           Check("layout", FUNCTIONAL)),
]  # fmt: skip

APIS = "conformance.apis"

CONTRACTS = [
    Mutant("four-sided padding in another order",
           Mutation(APIS, "(height, height, width, width)", "(height, width, height, width)"),
           Check("contract", MINDSPORE)),
    Mutant("bias inverted",
           Mutation(APIS, "arguments.get('bias', True)", "not arguments.get('bias', True)", within="_nn_to_vendor"),
           Check("contract", MINDSPORE)),
    Mutant("padding's sides exchanged",
           Mutation(APIS, "(top, left)", "(left, top)", within="give_two_sides"),
           Check("contract")),
    Mutant("what was cropped too much won back wrongly",
           Mutation(APIS, "(top - bottom, left - right)", "(left - right, top - bottom)"),
           Check("contract", TRANSPOSED)),
    Mutant("same padding a row short",
           Mutation(APIS, "max(total, 0)", "max(total - 1, 0)"),
           Check("contract", MEGENGINE)),
    Mutant("channels exchanged",
           Mutation(APIS, "channels_in = second * factor\nchannels_out = first", "channels_in = first\nchannels_out = second * factor"),
           Check("contract", FUNCTIONAL)),
    Mutant("groups forgotten",
           Mutation(APIS, "groups if is_int(groups) else 1", "1"),
           Check("contract", FUNCTIONAL)),
    Mutant("dtype never given",
           Mutation(APIS, "{} if dtype == 'float32' else _1", "{}"),
           Check("parameters")),
    Mutant("grouped weight's axes exchanged",
           Mutation(APIS, "weight.reshape(groups, -1, *weight.shape[1:])", "weight.reshape(-1, groups, *weight.shape[1:]).swapaxes(0, 1)"),
           Test("apis/test_layouts.py", "test_a_weights_layout_loses_and_exchanges_nothing")),
    Mutant("functional bias of another rank",
           Mutation(APIS, "Tensor((1, arguments['out_channels'], 1, 1))", "Tensor((arguments['out_channels'],))"),
           Test("apis/test_layouts.py", "test_a_function_takes_tensors_of_those_shapes")),
    Mutant("an equivalent denied",
           Mutation(APIS, "layer == 'conv_transpose2d'", "False", within="give_two_sides"),
           Check("no_equivalent", TRANSPOSED)),
]  # fmt: skip

VERDICTS = "conformance.verdicts"
ORACLE = "conformance.oracle"
CASES = "conformance.cases"
REPRODUCERS = "conformance.reproducers"

JUDGES = [
    Mutant("verdict inverted",
           Mutation(VERDICTS, "largest <= 1.0", "largest > 1.0"),
           Test("verdicts/test_comparison.py", "test_every_element_has_its_own_bound")),
    Mutant("one equal element is enough",
           Mutation(VERDICTS, "same.all()", "same.any()"),
           Test("verdicts/test_comparison.py", "test_every_element_has_its_own_bound")),
    Mutant("bound times 1000",
           Mutation(VERDICTS, "np.divide(ratios, bounds, out=ratios, where=ratios != 0)",
                    "np.divide(ratios, 1000 * bounds, out=ratios, where=ratios != 0)"),
           Test("verdicts/test_comparison.py", "test_every_element_has_its_own_bound")),
    Mutant("bound always infinite",
           Mutation(VERDICTS, "ratios[np.isinf(bounds)] = 0.0", "ratios[...] = 0.0"),
           Test("verdicts/test_canonical.py", "test_a_wrong_element_is_a_value")),
    Mutant("not a number conforms to anything",
           Mutation(VERDICTS, "np.isnan(observed) & np.isnan(expected)", "np.isnan(observed) | np.isnan(expected)"),
           Test("verdicts/test_comparison.py", "test_what_is_no_number_conforms_to_itself_alone")),
    Mutant("dtype not compared",
           Mutation(VERDICTS, "observed.dtype == dtype", "True"),
           Test("verdicts/test_canonical.py", "test_another_dtype")),
    Mutant("shape not compared",
           Mutation(VERDICTS, "shape != expected.value.shape", "False"),
           Test("verdicts/test_comparison.py", "test_shape_comes_before_values_and_values_before_the_dtype")),
    Mutant("exact values not rounded to their type",
           Mutation(VERDICTS, "round_to(expected.value, dtype)", "expected.value"),
           Test("verdicts/test_comparison.py", "test_exact_values_beyond_the_type_are_infinite_in_it")),
    Mutant("picture without its bound",
           Mutation(VERDICTS, "named['bound'] = fill_bound(expected)", "pass"),
           Test("verdicts/test_picture.py", "test_a_picture_of_values_holds_the_bound_of_each_element")),
    Mutant("picture in the vendor's layout",
           Mutation(VERDICTS, "layout.from_vendor(observed, evidence.groups)", "observed", within="lay_out_gradient"),
           Test("verdicts/test_picture.py", "test_a_gradient_is_laid_out_as_the_oracle_lays_it_out")),
    Mutant("gradients not compared",
           Mutation(VERDICTS, "evidence.gradients.items()", "()"),
           Test("verdicts/test_canonical.py", "test_a_wrong_gradient_names_its_operand")),
    Mutant("parameters not compared",
           Mutation(VERDICTS, "observed != shape", "False"),
           Test("verdicts/test_canonical.py", "test_other_parameters_are_a_shape")),
    Mutant("lacking conforms",
           Mutation(VERDICTS, "Verdict(Outcome.UNAVAILABLE, observed=_1, ruling=_2)", "Verdict(Outcome.CONFORMS, observed=_1, ruling=_2)"),
           Test("verdicts/test_canonical.py", "test_what_the_device_lacks_is_unavailable_and_never_conforms")),
    Mutant("accepted for rejected",
           Mutation(VERDICTS, "observation.raised is not None", "observation.raised is None", within="check_invalid_call"),
           Test("verdicts/test_canonical.py", "test_an_invalid_call_conforms_when_it_is_refused_as_by_the_oracle")),
    Mutant("any exception is the promised one",
           Mutation(VERDICTS, "list_classes(raised) & set(promised)", "True", within="compare_refusal"),
           Test("verdicts/test_canonical.py", "test_a_refusal_by_another_class_is_a_difference_in_class")),
    Mutant("a late refusal is in time",
           Mutation(VERDICTS, "raised.phase is not Phase.CONSTRUCT", "False", within="compare_refusal"),
           Test("verdicts/test_canonical.py", "test_a_refusal_on_an_input_of_what_the_arguments_show_is_a_difference_in_phase")),
    Mutant("a crash is a rejection",
           Mutation(VERDICTS, "observation.died", "False", within="judge_evidence", times=2),
           Test("verdicts/test_judge.py", "test_an_outcome")),
    Mutant("no answer conforms",
           Mutation(VERDICTS, "Fault('the worker returned neither an output nor an exception')", "Conforming()"),
           Test("verdicts/test_canonical.py", "test_no_answer_at_all_is_our_fault")),
    Mutant("bounded called exact",
           Mutation(VERDICTS, "has_ratio and arrays is not None and arrays.exact", "True"),
           Test("verdicts/test_canonical.py", "test_a_bounded_comparison_is_not_called_exact")),
    Mutant("a copy accuses",
           Mutation(VERDICTS, "Differing(divergence, ruling=Ruling.COPY_OUTDATED)", "Diverging(divergence, Authority.OWN_DOCUMENT, evidence.case.clause, ruling)"),
           Test("verdicts/test_authority.py", "test_a_copys_sentence_accuses_nobody")),
    Mutant("another vendor's refusal accuses",
           Mutation(VERDICTS, "Differing(difference, Direction.MORE_PERMISSIVE, (Aspect.CALL,))", "contradict_definition(evidence, difference)"),
           Test("verdicts/test_canonical.py", "test_an_invalid_call_that_raises_nothing_is_a_difference")),
    Mutant("wrong gradients hidden",
           Mutation(VERDICTS, "Diverging(first, Authority.MATHEMATICS, definition, further=further)", "Diverging(first, Authority.MATHEMATICS, definition)"),
           Test("verdicts/test_authority.py", "test_a_wrong_value_hides_no_wrong_gradient")),
    Mutant("a twin that is refused does not count",
           Mutation(VERDICTS, "reason is None", "True", within="qualify"),
           Test("verdicts/test_twin.py", "test_a_refusal_for_another_reason_was_not_asked")),
    Mutant("document and implementation exchanged",
           Mutation(VERDICTS, "Ruling.DOCUMENT_WRONG", "Ruling.IMPLEMENTATION_WRONG"),
           Test("verdicts/test_claims.py", "test_a_shape_of_three_voices")),
    Mutant("the oracle does not count",
           Mutation(VERDICTS, "(voices.document, voices.oracle, voices.implementation)", "(voices.document, voices.document, voices.implementation)"),
           Test("verdicts/test_claims.py", "test_a_shape_of_three_voices")),
    Mutant("an empty claim holds",
           Mutation(VERDICTS, "not rulings", "False"),
           Test("verdicts/test_claims.py", "test_a_claim_of_which_nothing_was_seen_never_holds")),
    Mutant("exception classes not compared",
           Mutation(VERDICTS, "not classes & documented", "False"),
           Test("verdicts/test_claims.py", "test_a_documented_exception")),
    Mutant("phases not compared",
           Mutation(VERDICTS, "raised.phase is not promise.phase", "False"),
           Test("verdicts/test_claims.py", "test_a_documented_exception")),
    Mutant("a mute oracle heard",
           Mutation(VERDICTS, "answer.voices.without_oracle() if mute else answer.voices", "answer.voices"),
           Test("verdicts/test_claims.py", "test_what_the_mathematics_leaves_open_is_between_document_and_implementation")),
    Mutant("an inferred output taken for accepted",
           Mutation(VERDICTS, "Lacking() if evidence.observation.lacking else check_acceptance(evidence)", "check_acceptance(evidence)"),
           Test("verdicts/test_claims.py", "test_inference_shows_neither_values_nor_acceptance")),
    Mutant("an oracle without an answer ignored",
           Mutation(VERDICTS, "evidence.expectation.fault is not None", "False"),
           Test("verdicts/test_judge.py", "test_an_oracle_without_an_answer_is_a_fault_of_the_suite_in_its_own_words")),
    Mutant("an oracle without a time limit",
           Mutation(ORACLE, "reference.time_limit(seconds)", "reference.time_limit(math.inf)"),
           Test("oracle/test_expectation.py", "test_an_oracle_that_takes_too_long_is_a_fault_of_the_suite")),
    Mutant("addresses told apart",
           Mutation(VERDICTS, "ADDRESS.sub('0x...', text)", "text"),
           Test("verdicts/test_repeat.py", "test_what_may_differ_leaves_the_first")),
    Mutant("a padding string passed on to an API that has none",
           Mutation(APIS, "spell_out_same(layer, arguments)", "{'padding': padding}", within="give_sides"),
           Test("apis/test_padding.py", "test_padding_of_a_convolution")),
    Mutant("a tuple of one item without its comma",
           Mutation("conformance.case", "f'({to_source(value[0], dtype)},)'", "f'({to_source(value[0], dtype)})'"),
           Test("case/test_values.py", "test_source_is_as_a_person_would_type_it")),
    Mutant("support not tested",
           Mutation(VERDICTS, "law.low - slack <= least and most <= law.high + slack", "True"),
           Test("verdicts/test_distribution.py", "test_one_number_outside_the_support_is_enough")),
    Mutant("constants not compared",
           Mutation(VERDICTS, "(drawn == constant).all()", "(drawn == constant).any()"),
           Test("verdicts/test_distribution.py", "test_a_constant_is_every_number")),
    Mutant("bfloat16 cut instead of rounded",
           Mutation(ORACLE, "bits + 0x7FFF + (bits >> 16 & 1)", "bits"),
           Test("oracle/test_rounding.py", "test_bfloat16_is_as_ml_dtypes_has_it")),
    Mutant("ties away from even",
           Mutation(ORACLE, "bits + 0x7FFF + (bits >> 16 & 1)", "bits + 0x8000"),
           Test("oracle/test_rounding.py", "test_bfloat16_is_as_ml_dtypes_has_it")),
    Mutant("the bias of tiny numbers is not tiny",
           Mutation(ORACLE, "find_tiny_scale(blank.dtype) ** 2", "find_tiny_scale(blank.dtype)"),
           Test("oracle/test_inputs.py", "test_the_bias_neither_hides_the_products_nor_vanishes_among_them")),
    Mutant("rounded sums called exact",
           Mutation(ORACLE, "exact = input_class.sums == 'exact'", "exact = True"),
           Test("oracle/test_inputs.py", "test_rounded_sums_are_not_called_exact")),
    Mutant("gradients of the oracle exchanged",
           Mutation(ORACLE, "zip(OPERANDS, values, strict=True)", "zip(('weight', 'input', 'bias'), values, strict=True)"),
           Check("judge")),
    Mutant("the gate passes everything",
           Mutation(CASES, "not _shows(mistake, question)", "False"),
           Test("cases/test_vacuity.py", "test_ones_alone_do_not_show_which_way_a_kernel_lies")),
    Mutant("a script that never diverges",
           Mutation(REPRODUCERS, "end.begins('AssertionError')", "end.begins('')"),
           Test("reproducers/test_confirm.py", "test_what_the_end_of_a_script_shows")),
    Mutant("an exception called a crash",
           Mutation(REPRODUCERS, "self.how != 'exit code 1'", "True"),
           Test("reproducers/test_confirm.py", "test_what_the_end_of_a_script_shows")),
    Mutant("any exception confirms a refusal",
           Mutation(REPRODUCERS, "end.begins(verdict.raised.cls)", "bool(end.how)"),
           Test("reproducers/test_confirm.py", "test_what_the_end_of_a_script_shows")),
]  # fmt: skip

TRAVELLING = [*ADAPTERS, *WORKERS]
OF_THE_HOST = [*CONTRACTS, *JUDGES]
MUTANTS = [*TRAVELLING, *OF_THE_HOST]
