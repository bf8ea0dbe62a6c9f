"""More contracts that are wrong: each default, each mapping; see `tests.certificate.mutants`."""

from __future__ import annotations

from collections.abc import Mapping

from tests.certificate.mutants import FUNCTIONAL, MEGENGINE, MINDSPORE, TORCH, TRANSPOSED, Check, Mutant, Test
from tests.mutation import Mutation

MINDSPORE_TRANSPOSED = "mindspore.nn.Conv2dTranspose"
MEGENGINE_TRANSPOSED = "megengine.module.ConvTranspose2d"
MEGENGINE_FUNCTIONAL = "megengine.functional.conv2d"
MEGENGINE_FUNCTIONAL_TRANSPOSED = "megengine.functional.conv_transpose2d"
FUNCTIONAL_TRANSPOSED = "torch.nn.functional.conv_transpose2d"


def seed(room: str, name: str, old: str, new: str, check: str, api: str, within: str = "") -> Mutant:
    return Mutant(f"contract {room}: {name}", Mutation(f"conformance.apis.{room}", old, new, within), Check(check, api))


DENIED = "apis/test_denied.py"


def unseen(room: str, name: str, old: str, new: str, file: str, test: str, within: str = "") -> Mutant:
    """One that a framework does not show: what it refuses by itself, or what no call here can tell."""
    return Mutant(f"contract {room}: {name}", Mutation(f"conformance.apis.{room}", old, new, within), Test(file, test))


DEFAULTS = [
    seed("mindspore", "pad_mode is valid by default", "{'pad_mode': 'same', 'padding': 0, 'has_bias': False}", "{'pad_mode': 'valid', 'padding': 0, 'has_bias': False}", "defaults", MINDSPORE),
    seed("mindspore", "pad_mode is pad by default", "{'pad_mode': 'same', 'padding': 0, 'has_bias': False}", "{'pad_mode': 'pad', 'padding': 0, 'has_bias': False}", "defaults", MINDSPORE),
    seed("mindspore", "pad_mode is pad by default, transposed", "{'pad_mode': 'same', 'padding': 0, 'has_bias': False}", "{'pad_mode': 'pad', 'padding': 0, 'has_bias': False, **{}}", "defaults", MINDSPORE_TRANSPOSED),
    seed("mindspore", "padding is 1 by default", "{'pad_mode': 'same', 'padding': 0, 'has_bias': False}", "{'pad_mode': 'same', 'padding': 1, 'has_bias': False}", "defaults", MINDSPORE),
    seed("mindspore", "has_bias is true by default", "{'pad_mode': 'same', 'padding': 0, 'has_bias': False}", "{'pad_mode': 'same', 'padding': 0, 'has_bias': True}", "defaults", MINDSPORE),
    seed("mindspore", "has_bias is true by default, transposed", "{'pad_mode': 'same', 'padding': 0, 'has_bias': False}", "{'pad_mode': 'same', 'padding': 0, 'has_bias': bool(1)}", "defaults", MINDSPORE_TRANSPOSED),
    seed("mindspore", "no bias where none is spoken of", "arguments.get('bias', True)", "arguments.get('bias', False)", "layout", MINDSPORE),
    seed("mindspore", "no padding is same", "arguments.get('padding', 0)", "arguments.get('padding', 'same')", "layout", MINDSPORE),
    seed("mindspore", "no padding is 1", "arguments.get('padding', 0)", "arguments.get('padding', 1)", "layout", MINDSPORE),
    seed("mindspore", "NHWC by default", "given.get('data_format', 'NCHW')", "given.get('data_format', 'NHWC')", "defaults", MINDSPORE),
    seed("functional", "no bias where none is spoken of", "arguments.get('bias', True)", "arguments.get('bias', False)", "layout", FUNCTIONAL),
    seed("functional", "two groups by default", "arguments.get('groups', 1)", "arguments.get('groups', 2)", "defaults", FUNCTIONAL, "functional_to_canonical"),
    seed("functional", "a bias by default", "arguments.get('bias')", "arguments.get('bias', arguments['weight'])", "defaults", FUNCTIONAL),
    seed("functional", "a bias always", "bias is not None and bias.shape is not None", "True", "contract", FUNCTIONAL),
    seed("functional", "canonical defaults forgotten", "{**DEFAULTS, **implied, **passed_on, 'bias': has_bias}", "{**DEFAULTS, 'stride': 2, **implied, **passed_on, 'bias': has_bias}", "defaults", FUNCTIONAL),
    seed("torch_style", "a stride of 2 by default", "{**DEFAULTS, **passed_on}", "{**DEFAULTS, 'stride': 2, **passed_on}", "defaults", TORCH),
    seed("torch_style", "a padding of 1 by default", "{**DEFAULTS, **passed_on}", "{**DEFAULTS, 'padding': 1, **passed_on}", "defaults", TORCH),
    seed("torch_style", "a dilation of 2 by default", "{**DEFAULTS, **passed_on}", "{**DEFAULTS, 'dilation': 2, **passed_on}", "defaults", TRANSPOSED),
    seed("torch_style", "no bias by default", "{**DEFAULTS, **passed_on}", "{**DEFAULTS, 'bias': False, **passed_on}", "defaults", TORCH),
    seed("torch_style", "two groups by default", "{**DEFAULTS, **passed_on}", "{**DEFAULTS, 'groups': 2, **passed_on}", "defaults", TORCH),
    seed("torch_style", "reflect by default", "{**DEFAULTS, **passed_on}", "{**DEFAULTS, 'padding_mode': 'reflect', **passed_on}", "defaults", TORCH),
    seed("torch_style", "an output_padding of 1 by default", "{**DEFAULTS, **passed_on}", "{**DEFAULTS, 'output_padding': 1, **passed_on}", "defaults", TRANSPOSED),
    seed("torch_style", "same as mint's defaults", "{**DEFAULTS, **passed_on}", "{**DEFAULTS, 'bias': bool(0), **passed_on}", "defaults", "mindspore.mint.nn.Conv2d"),
    seed("megengine", "a stride of 2 by default", "{**DEFAULTS, **_without_own(arguments)}", "{**DEFAULTS, 'stride': 2, **_without_own(arguments)}", "defaults", MEGENGINE),
    seed("megengine", "no bias by default", "{**DEFAULTS, **_without_own(arguments)}", "{**DEFAULTS, 'bias': False, **_without_own(arguments)}", "defaults", MEGENGINE_TRANSPOSED),
    seed("megengine", "a padding of 1 by default", "{**DEFAULTS, **_without_own(arguments)}", "{**DEFAULTS, 'padding': 1, **_without_own(arguments)}", "defaults", MEGENGINE),
    seed("megengine", "a true convolution by default", "arguments.get('conv_mode', 'cross_correlation')", "arguments.get('conv_mode', 'convolution')", "defaults", MEGENGINE),
    unseen("megengine", "functional: two groups by default", "arguments.get('groups', 1)", "arguments.get('groups', 2)", DENIED, "test_without_groups_a_functions_weight_has_four_axes"),
    seed("padding", "a stride of 2 by default in same", "{**DEFAULTS, **arguments}", "{**DEFAULTS, 'stride': 2, **arguments}", "no_equivalent", MEGENGINE, "spell_out_same"),
    seed("padding", "a dilation of 2 by default in same", "{**DEFAULTS, **arguments}", "{**DEFAULTS, 'dilation': 2, **arguments}", "layout", MEGENGINE, "spell_out_same"),
    seed("padding", "an output_padding of 1 by default in four sides", "{**DEFAULTS, **arguments}", "{**DEFAULTS, 'output_padding': 1, **arguments}", "no_equivalent", TRANSPOSED, "crop_alike"),
    unseen("padding", "a stride of 2 by default in four sides", "{**DEFAULTS, **arguments}", "{**DEFAULTS, 'stride': 2, **arguments}", DENIED, "test_output_padding_wins_back_less_than_a_step", "crop_alike"),
]  # fmt: skip

MAPPINGS = [
    seed("mindspore", "groups and bias exchanged", "{'groups': 'group', 'bias': 'has_bias'}", "{'groups': 'has_bias', 'bias': 'group'}", "layout", MINDSPORE),
    seed("mindspore", "height alone of a pair", "(height, height, width, width)", "(height, height, height, height)", "contract", MINDSPORE),
    seed("mindspore", "sides of a pair exchanged", "(height, height, width, width)", "(width, width, height, height)", "contract", MINDSPORE),
    seed("mindspore", "explicit padding is same", "{'pad_mode': 'pad', 'padding': padding}", "{'pad_mode': 'same', 'padding': 0}", "contract", MINDSPORE, "_padding_to_nn"),
    seed("mindspore", "same and valid exchanged", "return {'pad_mode': padding}", "return {'pad_mode': {'same': 'valid', 'valid': 'same'}[padding]}", "contract", MINDSPORE),
    seed("mindspore", "same and valid exchanged, there and back", "if padding not in ('same', 'valid'): return _1", "padding = {'same': 'valid', 'valid': 'same'}[padding]", "contract", MINDSPORE),
    seed("mindspore", "valid without its surplus", "has_output_padding or any(_valid_surplus(arguments))", "has_output_padding", "contract", MINDSPORE_TRANSPOSED),
    unseen("mindspore", "surplus of the other axis", "max(stride[axis] - (dilation[axis] * (kernel[axis] - 1) + 1), 0)", "max(stride[1 - axis] - (dilation[axis] * (kernel[axis] - 1) + 1), 0)", DENIED, "test_pad_mode_valid_keeps_at_least_input_times_stride"),
    unseen("mindspore", "surplus without dilation", "max(stride[axis] - (dilation[axis] * (kernel[axis] - 1) + 1), 0)", "max(stride[axis] - kernel[axis], 0)", DENIED, "test_pad_mode_valid_keeps_at_least_input_times_stride"),
    unseen("mindspore", "surplus one larger", "max(stride[axis] - (dilation[axis] * (kernel[axis] - 1) + 1), 0)", "max(stride[axis] - dilation[axis] * (kernel[axis] - 1), 0)", DENIED, "test_pad_mode_valid_keeps_at_least_input_times_stride"),
    seed("mindspore", "padding of pad_mode pad forgotten on the way back", "return {**canonical, 'padding': given['padding']}", "return {**canonical, 'padding': 0}", "contract", MINDSPORE),
    seed("mindspore", "string of pad_mode forgotten on the way back", "return {**canonical, 'padding': given['pad_mode']}", "return {**canonical, 'padding': 0}", "contract", MINDSPORE),
    seed("mindspore", "dilation dropped", "name not in ('padding', 'padding_mode')", "name not in ('padding', 'padding_mode', 'dilation')", "contract", MINDSPORE),
    seed("mindspore", "dilation dropped, there and back", "if name not in ('padding', 'padding_mode'): _1[_2] = value", "if name not in ('padding', 'padding_mode'): _1[_2] = 1 if name == 'dilation' else value", "contract", MINDSPORE),
    seed("mindspore", "padding_mode taken for zeros", "not is_default(arguments, 'padding_mode')", "False", "layout", MINDSPORE),
    unseen("mindspore", "unbatched input claimed", "is_unbatched(inputs)", "False", DENIED, "test_these_take_batches_alone"),
    seed("mindspore", "output_padding dropped", "name not in ('padding', 'padding_mode')", "name not in ('padding', 'padding_mode', 'output_padding')", "space", MINDSPORE_TRANSPOSED),
    seed("mindspore", "stride denied", "not is_default(arguments, 'padding_mode')", "not is_default(arguments, 'padding_mode') or not is_default(arguments, 'stride')", "no_equivalent", MINDSPORE),
    seed("mindspore", "groups denied", "not is_default(arguments, 'padding_mode')", "not is_default(arguments, 'padding_mode') or not is_default(arguments, 'groups')", "no_equivalent", MINDSPORE),
    seed("mindspore", "layers without bias denied", "not is_default(arguments, 'padding_mode')", "not is_default(arguments, 'padding_mode') or not is_default(arguments, 'bias')", "no_equivalent", MINDSPORE),
    seed("mindspore", "same denied", "padding not in ('same', 'valid')", "padding != 'valid'", "no_equivalent", MINDSPORE),
    seed("mindspore", "valid denied", "padding not in ('same', 'valid')", "padding != 'same'", "no_equivalent", MINDSPORE),
    unseen("mindspore", "output_padding denied", "padding == 'same' and has_output_padding", "has_output_padding", DENIED, "test_mindspores_transposed_layer_has_an_output_padding"),
    seed("mindspore", "four sides denied", "two = None if is_int(padding) else pair(padding)", "two = None if is_int(padding) else pair(padding)\nif two is None and isinstance(padding, tuple): return NoEquivalent('two sides')", "no_equivalent", MINDSPORE),
    seed("torch_style", "padding with a stride denied", "pair(arguments.get('stride', 1)) not in ((1, 1), None)", "True", "no_equivalent", TORCH),
    unseen("torch_style", "same with any stride claimed", "pair(arguments.get('stride', 1)) not in ((1, 1), None)", "False", DENIED, "test_padding_same_goes_with_a_stride_of_one"),
    unseen("torch_style", "padding twice", "{**arguments, **padding, **dtype_argument(inputs)}", "{**padding, **arguments, **dtype_argument(inputs)}", DENIED, "test_two_sides_alike"),
    seed("torch_style", "padding modes denied", "padding = padding_to_vendor(layer, arguments)", "padding = padding_to_vendor(layer, arguments)\nif arguments.get('padding_mode', 'zeros') != 'zeros': return NoEquivalent('zeros alone')", "no_equivalent", TORCH),
    seed("torch_style", "unbatched input denied", "padding = padding_to_vendor(layer, arguments)", "padding = padding_to_vendor(layer, arguments)\nif inputs is not None and len(inputs.shape) == 3: return NoEquivalent('batched alone')", "no_equivalent", TORCH),
    seed("torch_style", "float64 denied", "padding = padding_to_vendor(layer, arguments)", "padding = padding_to_vendor(layer, arguments)\nif inputs is not None and inputs.dtype == 'float64': return NoEquivalent('float32 alone')", "parameters", TORCH),
    seed("torch_style", "dilation of transposed layers denied", "padding = padding_to_vendor(layer, arguments)", "padding = padding_to_vendor(layer, arguments)\nif layer == 'conv_transpose2d' and arguments.get('dilation', 1) != 1: return NoEquivalent('undilated alone')", "no_equivalent", TRANSPOSED),
    seed("padding", "valid is 1", "{'padding': 0}", "{'padding': 1}", "contract", MEGENGINE, "give_sides"),
    seed("padding", "unlike sides averaged", "if top != bottom or left != right: return _1", "pass", "contract", TORCH, "give_two_sides"),
    unseen("padding", "unlike rows alone denied", "top != bottom or left != right", "top != bottom", DENIED, "test_two_sides_alike", "give_two_sides"),
    seed("padding", "like sides denied", "top != bottom or left != right", "True", "no_equivalent", TORCH, "give_two_sides"),
    unseen("padding", "what was cropped too little", "added < 0", "False", DENIED, "test_output_padding_wins_back_less_than_a_step"),
    unseen("padding", "won back beyond a step", "added and added >= max(stride[axis], dilation[axis])", "False", DENIED, "test_output_padding_wins_back_less_than_a_step"),
    unseen("padding", "won back with the stride alone", "max(stride[axis], dilation[axis])", "stride[axis]", DENIED, "test_output_padding_wins_back_less_than_a_step", "crop_alike"),
    seed("padding", "nothing won back", "(asked[0] + more[0], asked[1] + more[1])", "asked", "contract", TRANSPOSED),
    seed("padding", "won back on the other axis", "(asked[0] + more[0], asked[1] + more[1])", "(asked[0] + more[1], asked[1] + more[0])", "contract", TRANSPOSED),
    unseen("padding", "what was asked for forgotten", "(asked[0] + more[0], asked[1] + more[1])", "more", DENIED, "test_output_padding_wins_back_less_than_a_step"),
    unseen("padding", "same without dilation", "dilation[axis] * (kernel[axis] - 1) + 1 - stride[axis]", "kernel[axis] - stride[axis]", DENIED, "test_without_strings_same_is_what_two_sides_can_say"),
    seed("padding", "same without stride", "dilation[axis] * (kernel[axis] - 1) + 1 - stride[axis]", "dilation[axis] * (kernel[axis] - 1)", "contract", MEGENGINE_TRANSPOSED),
    seed("padding", "odd totals of same claimed", "any(crop % 2 for crop in crops)", "False", "contract", MEGENGINE),
    seed("padding", "even totals of same denied", "any(crop % 2 for crop in crops)", "any(crops)", "no_equivalent", MEGENGINE),
    unseen("padding", "same with a stride claimed", "layer == 'conv2d' and stride != (1, 1)", "False", DENIED, "test_without_strings_same_is_what_two_sides_can_say"),
    seed("padding", "rows added by same forgotten", "max(-total, 0)", "0", "contract", MEGENGINE_TRANSPOSED),
    unseen("padding", "output_padding twice", "not is_default(arguments, 'output_padding')", "False", DENIED, "test_output_padding_is_needed_once", "spell_out_same"),
    seed("functional", "stride dropped", "('stride', 'padding', 'output_padding', 'dilation', 'groups')", "('padding', 'output_padding', 'dilation', 'groups')", "contract", FUNCTIONAL),
    seed("functional", "dilation dropped", "('stride', 'padding', 'output_padding', 'dilation', 'groups')", "('stride', 'padding', 'output_padding', 'groups')", "contract", FUNCTIONAL),
    seed("functional", "output_padding dropped", "('stride', 'padding', 'output_padding', 'dilation', 'groups')", "('stride', 'padding', 'dilation', 'groups')", "contract", FUNCTIONAL_TRANSPOSED),
    seed("functional", "a bias dropped", "if bias: _1['bias'] = _2", "pass", "contract", FUNCTIONAL),
    seed("functional", "a bias of the input's channels", "Tensor((arguments['out_channels'],))", "Tensor((arguments['in_channels'],))", "defaults", FUNCTIONAL),
    seed("functional", "padding modes taken for zeros", "not is_default(arguments, 'padding_mode')", "False", "layout", FUNCTIONAL),
    seed("functional", "every layer denied that has groups", "not is_default(arguments, 'padding_mode')", "not is_default(arguments, 'padding_mode') or not is_default(arguments, 'groups')", "no_equivalent", FUNCTIONAL),
    seed("functional", "weight of a transposed layer as of the other", "layer == 'conv2d'", "True", "contract", FUNCTIONAL_TRANSPOSED),
    seed("megengine", "bias of another axis", "bias.reshape(1, -1, 1, 1)", "bias.reshape(1, 1, 1, -1)", "layout", MEGENGINE),
    seed("megengine", "grouped weights left as they are", "weight if groups == 1 else weight.reshape(groups, -1, *weight.shape[1:])", "weight", "space", MEGENGINE, "_grouped"),
    seed("megengine", "one group laid out as groups", "weight if groups == 1 else weight.reshape(groups, -1, *weight.shape[1:])", "weight.reshape(groups, -1, *weight.shape[1:])", "layout", MEGENGINE, "_grouped"),
    unseen("megengine", "unbatched input claimed", "if is_unbatched(inputs): return _1", "pass", DENIED, "test_these_take_batches_alone", "_module_to_vendor"),
    unseen("megengine", "circular claimed", "arguments.get('padding_mode') == 'circular'", "False", DENIED, "test_padding_modes"),
    seed("megengine", "replicate denied", "arguments.get('padding_mode') == 'circular'", "arguments.get('padding_mode') in ('circular', 'replicate')", "no_equivalent", MEGENGINE),
    unseen("megengine", "padding modes of transposed layers taken for zeros", "layer == 'conv_transpose2d' and (not is_default(arguments, 'padding_mode'))", "False", DENIED, "test_a_transposed_layer_has_no_padding_mode"),
    unseen("megengine", "true convolution taken for the layer", "bool(arguments.get('conv_mode', 'cross_correlation') != 'convolution')", "True", DENIED, "test_megengines_other_convolution_is_no_layer"),
    unseen("megengine", "groups of a function's weight forgotten", "_group_weight(vendor['weight'], arguments.get('groups', 1))", "vendor['weight']", "apis/test_layouts.py", "test_a_function_takes_tensors_of_those_shapes"),
    seed("megengine", "a function's grouped weight read wrongly", "(shape[0] * shape[1], *shape[2:])", "(shape[0], *shape[2:])", "contract", MEGENGINE_FUNCTIONAL),
    seed("common", "pairs exchanged", "value[0], value[1]", "value[1], value[0]", "space", MEGENGINE, "pair"),
    seed("common", "sides in another order", "padding[0], padding[1], padding[2], padding[3]", "padding[2], padding[3], padding[0], padding[1]", "contract", TORCH, "four_sided"),
    seed("common", "every dtype float64", "{'dtype': DType(dtype)}", "{'dtype': DType('float64')}", "parameters", TORCH),
    unseen("common", "the input's dtype before the weight's", "inputs.weight_dtype or inputs.dtype", "inputs.dtype", DENIED, "test_a_layer_has_the_dtype_of_its_weight"),
    unseen("common", "unbatched never", "inputs is not None and len(inputs.shape) == 3", "False", DENIED, "test_these_take_batches_alone"),
    seed("common", "batched taken for unbatched", "inputs is not None and len(inputs.shape) == 3", "inputs is not None", "no_equivalent", MINDSPORE),
]  # fmt: skip

BY_CLASS: Mapping[str, list[Mutant]] = {"vendor defaults": DEFAULTS, "mappings": MAPPINGS}
