"""More mistakes of judge and oracle, by module; see `tests.certificate.mutants`. Found as survivors by machine."""

from __future__ import annotations

from collections.abc import Mapping

from tests.certificate.mutants import Mutant, Test
from tests.mutation import Mutation

GRADIENTS = "verdicts/test_gradients.py"
POWER = "verdicts/test_distribution_power.py"
EXACTNESS = "oracle/test_exactness.py"
ROUNDING = "reference/test_last_rounding.py"


def seed(module: str, name: str, old: str, new: str, file: str, test: str, within: str = "") -> Mutant:
    return Mutant(f"{module.rpartition('.')[2]}: {name}", Mutation(module, old, new, within), Test(file, test))


CANONICAL = "conformance.verdicts.canonical"
CLAIMS = "conformance.verdicts.claims"
COMPARISON = "conformance.verdicts.comparison"
EVIDENCE = "conformance.verdicts.evidence"
DISTRIBUTION = "conformance.verdicts.distribution"
EXPECTATION = "conformance.oracle.expectation"
INPUTS = "conformance.oracle.inputs"
ORACLES_ROUNDING = "conformance.oracle.rounding"
BOUNDS = "conv_reference.bounds"
NUMBERS = "conv_reference.numbers"
EXACT = "conv_reference.exact"

JUDGES = [
    seed(CANONICAL, "dtype of gradients not compared", "return compare_typed(subject, Kind.GRADIENT, expected, gradient, _1)",
         "return replace(compare_typed(subject, Kind.GRADIENT, expected, gradient, _1), other_dtype=None)",
         GRADIENTS, "test_a_gradient_of_another_dtype_is_told"),
    seed(CANONICAL, "ratios of gradients left out", "max(comparison.ratio for comparison in comparisons)", "comparisons[0].ratio",
         GRADIENTS, "test_the_ratio_is_the_largest_of_output_and_gradients"),
    seed(CANONICAL, "gradients against an infinite bound", "return compare_typed(subject, Kind.GRADIENT, expected, gradient, _1)",
         "return compare_typed(subject, Kind.GRADIENT, Expected(expected.value, expected.value * 0 + 1e30), gradient, _1)",
         GRADIENTS, "test_a_gradient_just_beside_its_bound_is_wrong"),
    seed(CANONICAL, "gradients' shapes not compared", "gradient.values.shape != shape", "False",
         GRADIENTS, "test_a_gradient_that_fits_its_layout_only_by_its_size_is_wrong"),
    seed(CANONICAL, "gradients compared as they lie", "layout.from_vendor(gradient.values, evidence.groups)", "gradient.values.reshape(expected.value.shape)[::-1]",
         GRADIENTS, "test_parameters_and_their_gradients_are_compared_in_the_vendors_layout"),
    seed(CANONICAL, "a function's parameters compared", "observation.parameters and (not evidence.contract.functional)", "observation.parameters",
         GRADIENTS, "test_a_function_has_no_parameters_to_compare"),
    seed(CANONICAL, "a function has to have parameters", "evidence.contract.functional or not constructed or _1", "not constructed or _1",
         GRADIENTS, "test_a_function_has_no_parameters_to_compare"),
    seed(CANONICAL, "an interrupted call is not compared", "observed is None", "observed is None or interruption is not None",
         GRADIENTS, "test_values_of_an_output_that_raised_backward_are_compared", "check_valid_call"),
    seed(COMPARISON, "a dtype told beside wrong values", "observed.dtype == dtype or comparison.divergence is not None", "observed.dtype == dtype",
         GRADIENTS, "test_wrong_values_of_another_dtype_are_told_once"),
    seed(COMPARISON, "elements on their bound counted", "np.count_nonzero(ratios > 1.0)", "np.count_nonzero(ratios >= 1.0)",
         GRADIENTS, "test_an_element_on_its_bound_is_not_counted_as_outside"),
    seed(COMPARISON, "an infinite bound is a ratio of one", "ratios[np.isinf(bounds)] = 0.0", "ratios[np.isinf(bounds)] = 1.0",
         GRADIENTS, "test_an_infinite_bound_hides_no_other_elements_ratio"),
    seed(COMPARISON, "the mean of the ratios", "float(ratios[index])", "float(ratios.mean())",
         GRADIENTS, "test_an_infinite_bound_hides_no_other_elements_ratio"),
    seed(EVIDENCE, "bias in the oracle's layout", "operand == 'bias'", "False",
         GRADIENTS, "test_parameters_and_their_gradients_are_compared_in_the_vendors_layout"),
    seed(EVIDENCE, "input in the bias's layout", "operand == 'bias'", "True",
         GRADIENTS, "test_parameters_and_their_gradients_are_compared_in_the_vendors_layout"),
    seed(EVIDENCE, "every layer of one group", "1 if canonical is None else canonical['groups']", "1",
         GRADIENTS, "test_parameters_and_their_gradients_are_compared_in_the_vendors_layout"),
]  # fmt: skip

DISTRIBUTIONS = [
    seed(DISTRIBUTION, "support's reach not tested", "min(u[-1], 1 - u[0]) ** n < one_side", "False", POWER, "test_a_support_that_is_not_reached_at_one_end"),
    seed(DISTRIBUTION, "reach tested below alone", "min(u[-1], 1 - u[0])", "1 - u[0]", POWER, "test_a_support_that_is_not_reached_at_one_end"),
    seed(DISTRIBUTION, "reach tested above alone", "min(u[-1], 1 - u[0])", "u[-1]", POWER, "test_a_support_that_is_not_reached_at_one_end"),
    seed(DISTRIBUTION, "reach tested at both ends together", "min(u[-1], 1 - u[0])", "max(u[-1], 1 - u[0])", POWER, "test_a_support_that_is_not_reached_at_one_end"),
    seed(DISTRIBUTION, "support tested above alone", "law.low - slack <= least and most <= law.high + slack", "most <= law.high + slack", POWER, "test_one_number_outside_is_enough_at_either_end"),
    seed(DISTRIBUTION, "support tested below alone", "law.low - slack <= least and most <= law.high + slack", "law.low - slack <= least", POWER, "test_one_number_outside_is_enough_at_either_end"),
    seed(DISTRIBUTION, "no slack for rounding", "SUPPORT_SLACK * (law.high - law.low)", "0.0", POWER, "test_an_end_that_was_rounded_is_no_misfit"),
    seed(DISTRIBUTION, "infinities taken for numbers", "np.isfinite(drawn).all()", "True", "verdicts/test_distribution.py", "test_a_wrong_distribution_is_blamed"),
    seed(CLAIMS, "promises about what was not constructed", "bool(observation.parameters) or observation.raised is None", "True", "verdicts/test_claims.py", "test_a_construction_that_is_lacking_has_broken_no_promise"),
    seed(DISTRIBUTION, "slack of the sum of the ends", "law.high - law.low", "law.high + law.low", POWER, "test_a_support_far_from_zero_is_as_wide_as_its_ends_are_apart"),
    seed(DISTRIBUTION, "mean not tested", "abs(u.mean() - 1 / 2) > hoeffding", "False", POWER, "test_a_mean_is_told_before_the_distance"),
    seed(DISTRIBUTION, "variance not tested", "abs(np.mean((u - 1 / 2) ** 2) - 1 / 12) > hoeffding / 4", "False", POWER, "test_a_variance_that_no_distance_shows"),
    seed(DISTRIBUTION, "variance tested four times as loosely", "abs(_1) > hoeffding / 4", "abs(_1) > hoeffding", POWER, "test_a_variance_that_no_distance_shows"),
    seed(DISTRIBUTION, "variance tested from above alone", "abs(np.mean(_1) - 1 / 12) > hoeffding / 4", "np.mean(_1) - 1 / 12 > hoeffding / 4", POWER, "test_a_variance_that_no_distance_shows"),
    seed(DISTRIBUTION, "distance not tested", "distance > hoeffding", "False", POWER, "test_a_distance_that_neither_mean_nor_variance_shows"),
    seed(DISTRIBUTION, "distance of half of what is allowed", "distance > hoeffding", "distance > hoeffding / 2", POWER, "test_less_than_is_allowed_is_no_misfit"),
]  # fmt: skip

ORACLES = [
    seed(EXPECTATION, "output's bounds in float64", "LAYERS[layer].with_bound(_1, _2, _3, dtype=dtype, **keywords)", "LAYERS[layer].with_bound(_1, _2, _3, dtype='float64', **keywords)", EXACTNESS, "test_a_bound_is_that_of_the_cases_dtype"),
    seed(EXPECTATION, "output's bounds in bfloat16", "LAYERS[layer].with_bound(_1, _2, _3, dtype=dtype, **keywords)", "LAYERS[layer].with_bound(_1, _2, _3, dtype='bfloat16', **keywords)", EXACTNESS, "test_a_bound_is_that_of_the_cases_dtype"),
    seed(EXPECTATION, "gradients' bounds in float16", "LAYERS[layer].gradients_with_bound(_1, _2, _3, dtype=dtype, **keywords)", "LAYERS[layer].gradients_with_bound(_1, _2, _3, dtype='float16', **keywords)", EXACTNESS, "test_a_gradients_bound_is_that_of_the_cases_dtype"),
    seed(EXPECTATION, "a bias of another shape accepted", "bias.shape == shape", "True", EXACTNESS, "test_a_bias_of_another_shape_is_refused"),
    seed(EXPECTATION, "a bias of as many elements accepted", "bias.shape == shape", "np.prod(bias.shape) == np.prod(shape)", EXACTNESS, "test_a_bias_of_another_shape_is_refused"),
    seed(EXPECTATION, "a bias as the oracle lays it out", "contract.bias.to_vendor(_1, _2).shape", "(canonical['out_channels'],)", EXACTNESS, "test_a_bias_of_another_shape_is_refused"),
    seed(EXPECTATION, "strided same refused", "del arguments['padding']", "pass", EXACTNESS, "test_a_convolution_of_strided_same_is_no_refusal_and_a_wrong_stride_is"),
    seed(EXPECTATION, "a gradient of no bias", "gradients.pop('bias', None)", "pass", EXACTNESS, "test_without_a_bias_there_is_no_gradient_of_one"),
    seed(INPUTS, "exactness without the output", "max(of_x * of_weight, of_x * of_gradient, of_weight * of_gradient, of_gradient)", "max(of_x * of_gradient, of_weight * of_gradient, of_gradient)", EXACTNESS, "test_sums_beyond_the_types_whole_numbers_are_not_exact"),
    seed(INPUTS, "exactness without the weight's gradient", "max(of_x * of_weight, of_x * of_gradient, of_weight * of_gradient, of_gradient)", "max(of_x * of_weight, of_weight * of_gradient, of_gradient)", EXACTNESS, "test_sums_beyond_the_types_whole_numbers_are_not_exact"),
    seed(INPUTS, "exactness without the input's gradient", "max(of_x * of_weight, of_x * of_gradient, of_weight * of_gradient, of_gradient)", "max(of_x * of_weight, of_x * of_gradient, of_gradient)", EXACTNESS, "test_sums_beyond_the_types_whole_numbers_are_not_exact"),
    seed(INPUTS, "exactness without the bias's gradient", "max(of_x * of_weight, of_x * of_gradient, of_weight * of_gradient, of_gradient)", "max(of_x * of_weight, of_x * of_gradient, of_weight * of_gradient)", EXACTNESS, "test_sums_beyond_the_types_whole_numbers_are_not_exact"),
    seed(INPUTS, "exactness without the bias", "terms * largest_product + of_bias", "terms * largest_product", EXACTNESS, "test_sums_beyond_the_types_whole_numbers_are_not_exact"),
    seed(INPUTS, "exactness with the bias taken away", "terms * largest_product + of_bias", "terms * largest_product - of_bias", EXACTNESS, "test_sums_beyond_the_types_whole_numbers_are_not_exact"),
    seed(INPUTS, "exactness of the largest, not of magnitudes", "np.abs(array).max()", "array.max()", EXACTNESS, "test_sums_beyond_the_types_whole_numbers_are_not_exact"),
    seed(INPUTS, "exactness short of the last number", "terms * largest_product + of_bias <= limit", "terms * largest_product + of_bias < limit", EXACTNESS, "test_as_many_terms_as_fit_are_exact"),
    seed(INPUTS, "exactness without gradients' terms", "max(geometry.terms, *geometry.gradient_terms)", "geometry.terms", EXACTNESS, "test_counting_is_exact_only_while_its_gradients_are"),
    seed(INPUTS, "exactness of the fewest terms", "max(geometry.terms, *geometry.gradient_terms)", "min(geometry.terms, *geometry.gradient_terms)", EXACTNESS, "test_counting_is_exact_only_while_its_gradients_are"),
    seed(INPUTS, "upstream gradients that stay integers", "fill(integers.grad_output, input_class.upstream)", "integers.grad_output", EXACTNESS, "test_real_numbers_are_no_whole_ones"),
    seed(INPUTS, "a bias that stays integers", "fill(integers.bias, input_class.bias)", "integers.bias", EXACTNESS, "test_real_numbers_are_no_whole_ones"),
    seed(INPUTS, "positive numbers alone", "rng.choice((-1.0, 1.0), blank.exact.shape)", "1.0", EXACTNESS, "test_real_numbers_are_no_whole_ones"),
    seed(INPUTS, "powers of two alone", "rng.uniform(0.5, 1.0, blank.exact.shape)", "np.full(blank.exact.shape, 0.5)", EXACTNESS, "test_real_numbers_are_no_whole_ones"),
    seed(INPUTS, "complex numbers without imaginary parts", "joined.imag = imaginary", "joined.imag = 0", EXACTNESS, "test_complex_numbers_have_two_unlike_parts"),
    seed(INPUTS, "complex numbers of equal parts", "join_parts(blank, numbers, numbers[::-1])", "join_parts(blank, numbers, numbers)", EXACTNESS, "test_complex_numbers_have_two_unlike_parts"),
    seed(INPUTS, "huge numbers far from the largest", "8.0 * max(blank.terms, 1)", "8.0 * max(blank.terms, 1) ** 3", EXACTNESS, "test_huge_numbers_are_as_large_as_their_terms_allow"),
    seed(INPUTS, "powers rounded up", "np.floor(np.log2(scale))", "np.ceil(np.log2(scale))", EXACTNESS, "test_a_power_of_two_is_rounded_down"),
    seed(ORACLES_ROUNDING, "another NaN", "0x7FC0", "0x7FC1", EXACTNESS, "test_what_is_no_number_has_one_pattern_in_bfloat16"),
    seed(ORACLES_ROUNDING, "ties to odd", "bits >> 16 & 1", "1 - (bits >> 16 & 1)", EXACTNESS, "test_rounding_is_away_from_nothing"),
]  # fmt: skip

REFERENCES = [
    seed(NUMBERS, "negative numbers rounded to odd inwards", "np.copysign(np.inf, wide - narrow)", "np.copysign(np.inf, np.abs(wide) - np.abs(narrow))", ROUNDING, "test_bfloat16_is_rounded_once_on_either_side_of_zero"),
    seed(NUMBERS, "rounded to odd upwards alone", "np.copysign(np.inf, wide - narrow)", "np.full(wide.shape, np.inf)", ROUNDING, "test_bfloat16_is_rounded_once_on_either_side_of_zero"),
    seed(NUMBERS, "rounded to odd downwards alone", "np.copysign(np.inf, wide - narrow)", "np.full(wide.shape, -np.inf)", ROUNDING, "test_bfloat16_is_rounded_once_on_either_side_of_zero"),
    seed(NUMBERS, "rounded to even", "narrow.view(np.int32) & 1 == 0", "narrow.view(np.int32) & 1 == 1", ROUNDING, "test_bfloat16_is_rounded_once_on_either_side_of_zero"),
    seed(NUMBERS, "negative numbers not rounded to odd", "narrow != wide", "narrow < wide", ROUNDING, "test_bfloat16_is_rounded_once_on_either_side_of_zero"),
    seed(BOUNDS, "one product underflows", "underflow(self.accumulator, terms)", "underflow(self.accumulator, 1)", ROUNDING, "test_each_product_that_may_underflow_adds_half_a_subnormal"),
    seed(BOUNDS, "no underflow of products", "error[underflowing != 0] += _1", "pass", ROUNDING, "test_each_product_that_may_underflow_adds_half_a_subnormal"),
    seed(BOUNDS, "whole subnormals", "number_format.smallest_subnormal * 0.5", "number_format.smallest_subnormal", ROUNDING, "test_each_product_that_may_underflow_adds_half_a_subnormal"),
    seed(BOUNDS, "underflow of the normal numbers", "number_format.smallest_subnormal * 0.5", "number_format.smallest_normal * 0.5", ROUNDING, "test_each_product_that_may_underflow_adds_half_a_subnormal"),
    seed(BOUNDS, "complex underflow of one part", "parts * underflow(self.accumulator, terms)", "underflow(self.accumulator, terms)", ROUNDING, "test_a_complex_number_underflows_in_both_of_its_parts"),
    seed(BOUNDS, "complex products that underflow as one real one", "sqrt(13.0) if self.kind == 'c' else 1.0", "1.0", ROUNDING, "test_a_complex_number_underflows_in_both_of_its_parts"),
    seed(BOUNDS, "a bias gradient with products", "max(terms.bias - 1, 0)", "terms.bias", ROUNDING, "test_the_gradients_of_a_bias_are_sums_without_products"),
    seed(BOUNDS, "terms of the input's gradient for the weight's", "rounding.bound(values.weight, magnitudes.weight, terms.weight, reached_weight)", "rounding.bound(values.weight, magnitudes.weight, terms.x, reached_weight)", ROUNDING, "test_the_gradients_of_a_bias_are_sums_without_products"),
    seed(BOUNDS, "terms of the weight's gradient for the input's", "rounding.bound(values.x, magnitudes.x, terms.x, reached_x)", "rounding.bound(values.x, magnitudes.x, terms.weight, reached_x)", ROUNDING, "test_the_gradients_of_a_bias_are_sums_without_products"),
    seed(BOUNDS, "complex64 as bfloat16", "{'complex32': 'float16', 'complex64': 'float32', 'complex128': 'float64'}", "{'complex32': 'float16', 'complex64': 'bfloat16', 'complex128': 'float64'}", EXACTNESS, "test_a_bound_is_that_of_the_cases_dtype"),
    seed(BOUNDS, "complex32 as float32", "{'complex32': 'float16', 'complex64': 'float32', 'complex128': 'float64'}", "{'complex32': 'float32', 'complex64': 'float32', 'complex128': 'float64'}", EXACTNESS, "test_a_bound_is_that_of_the_cases_dtype"),
    seed(BOUNDS, "complex128 as float32", "{'complex32': 'float16', 'complex64': 'float32', 'complex128': 'float64'}", "{'complex32': 'float16', 'complex64': 'float32', 'complex128': 'float32'}", EXACTNESS, "test_a_bound_is_that_of_the_cases_dtype"),
    seed(BOUNDS, "float32 one bit short", "Format(precision=24, least=-126, greatest=127)", "Format(precision=23, least=-126, greatest=127)", EXACTNESS, "test_a_bound_is_that_of_the_cases_dtype"),
    seed(BOUNDS, "float16 as bfloat16", "Format(precision=11, least=-14, greatest=15)", "Format(precision=8, least=-126, greatest=127)", EXACTNESS, "test_a_bound_is_that_of_the_cases_dtype"),
    seed(EXACT, "gradients' terms not counted", "counts += geometry.gradient_terms", "pass", "oracle/test_exactness.py", "test_gradients_of_exact_inputs_are_exact"),
    seed(EXACT, "bias not counted", "limit - count * x * weight", "limit", "oracle/test_exactness.py", "test_a_bias_of_exact_inputs_leaves_room_for_the_products"),
]  # fmt: skip

BY_CLASS: Mapping[str, list[Mutant]] = {
    "judge and comparison": JUDGES,
    "distributions": DISTRIBUTIONS,
    "expectation and inputs": ORACLES,
    "bounds, numbers, exact": REFERENCES,
}
