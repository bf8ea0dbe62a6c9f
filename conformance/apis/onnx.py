"""The contracts of ONNX: two operators of its specification. The documents stand in `specs/claims`."""

from __future__ import annotations

from functools import partial

from conformance.apis import Contract, Environment, Framework, Mode, NoEquivalent, Source
from conformance.apis.common import ADD_BATCH, CORES, NOT_BATCHED, four_sided, is_default, is_int, is_unbatched, pair
from conformance.apis.functional import functional_to_canonical, functional_to_vendor
from conformance.apis.padding import spell_out_same
from conformance.case import Inputs, LayerName, Numpy, Tensor
from conformance.case.values import Arguments, Value

ENVIRONMENT = Environment(
    "ONNX",
    # What runs the operators first: its version is the target's. The document is onnx's own, and so is its evaluator.
    requires=("onnxruntime==1.31.1", "onnx==1.23.2", 'numpy==2.4.6; python_version >= "3.11"'),
)

OPERANDS = {"weight": "W", "bias": "B"}
LISTED = ("stride", "dilation", "output_padding")
ATTRIBUTES = {"stride": "strides", "dilation": "dilations", "groups": "group", "output_padding": "output_padding"}
NAMES = {own: name for name, own in {**OPERANDS, **ATTRIBUTES}.items()}
AUTOMATIC = ("SAME_UPPER", "SAME_LOWER")
PAD = "np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right))"
PADDED = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # by NumPy's names, which those of Pad are too
INSTEAD = {
    f"padding_mode {mode!r}": f'y = layer({PAD}, mode="{own}"))  # no padding in the layer itself'
    for mode, own in PADDED.items()
}
ABSENT = NoEquivalent("an attribute has a value or is absent: there is no None")

MODEL = """\
import numpy as np
import onnx.reference
import onnxruntime
from functools import partial
from onnx import helper, numpy_helper
def run(operator, X, W, B=None, **attributes):
    held = {"W": W} if B is None else {"W": W, "B": B}
    node = helper.make_node(operator, ["X", *held], ["Y"], **attributes)
    dtype = helper.np_dtype_to_tensor_dtype(X.dtype)
    x = helper.make_tensor_value_info("X", dtype, X.shape)
    y = helper.make_tensor_value_info("Y", dtype, [None] * X.ndim)
    weights = [numpy_helper.from_array(array, name) for name, array in held.items()]
    graph = helper.make_graph([node], "one_node", [x], [y], weights)
    model = helper.make_model_gen_version(graph, opset_imports=[helper.make_opsetid("", 22)])"""
RUNTIME = """
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"X": X})[0]"""
FUNCTIONS = """
Conv, ConvTranspose = partial(run, "Conv"), partial(run, "ConvTranspose")"""
REFERENCE = """
    onnx.checker.check_model(model, full_check=True)
    return onnx.reference.ReferenceEvaluator(model).run(None, {"X": X})[0]"""


def _to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    """Attributes are lists, one number an axis; the kernel's shape is that of W."""
    if is_unbatched(inputs):
        return NOT_BATCHED
    vendor = functional_to_vendor(layer, arguments, _spell_same)
    if isinstance(vendor, NoEquivalent):
        return vendor
    if None in vendor.values():
        return ABSENT
    own: dict[str, Value] = {}
    for name, value in vendor.items():
        if name == "padding":
            own |= _padding_to_vendor(value)
        elif name in LISTED:
            own[ATTRIBUTES[name]] = _write_list(value)
        else:
            own[OPERANDS.get(name, ATTRIBUTES.get(name, name))] = value
    return own


def _spell_same(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    """As it is, but for what the equations of a transposed layer make less than no padding."""
    if layer == "conv_transpose2d" and arguments.get("padding") == "same":
        if not is_default(arguments, "output_padding"):
            return NoEquivalent("with auto_pad, output_padding is no part of the output's size")
        spelled = spell_out_same(layer, arguments, has_four_sides=True)
        if not isinstance(spelled, NoEquivalent) and "output_padding" in spelled:
            return spelled
    return {}


def _padding_to_vendor(padding: Value) -> Arguments:
    """A string is an `auto_pad`; of numbers, the beginnings come before the ends."""
    if isinstance(padding, str):
        return {"auto_pad": {"same": "SAME_UPPER", "valid": "VALID"}.get(padding, padding)}
    sides = _write_list(padding)
    match sides:
        case [height, width]:
            return {"pads": [height, width, height, width]}
        case [top, bottom, left, right]:
            return {"pads": [top, left, bottom, right]}
    return {"pads": sides}


def _write_list(value: Value) -> Value:
    """A list of a number an axis; what is neither one number nor several is left as it is."""
    if is_int(value) or (isinstance(value, Numpy) and not value.is_array):
        return [value, value]
    return list(value) if isinstance(value, tuple) else value


def _to_canonical(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    own = dict(arguments)
    auto_pad = own.pop("auto_pad", "NOTSET")
    pads = own.pop("pads", None)
    kernel_shape = own.pop("kernel_shape", None)
    output_shape = own.pop("output_shape", None)
    named = {NAMES.get(name, name): _read_pair(value) for name, value in own.items()}
    canonical = functional_to_canonical(layer, named, inputs)
    if kernel_shape is not None and _read_pair(kernel_shape) != canonical["kernel_size"]:
        return {**canonical, "kernel_shape": kernel_shape}  # no layer's, beside W
    if auto_pad != "NOTSET" and pads is not None and output_shape is None:
        return {**canonical, "auto_pad": auto_pad, "padding": _read_pads(pads)}  # nor these together
    if auto_pad == "NOTSET" and output_shape is None:
        return {**canonical, "padding": _read_pads(pads)}
    if auto_pad == "VALID" and output_shape is None:
        return {**canonical, "padding": "valid"}
    if auto_pad not in ("NOTSET", "VALID", *AUTOMATIC):
        return {**canonical, "padding": auto_pad}
    size = None if is_int(output_shape) else pair(output_shape)
    if output_shape is not None and size is None:
        return {**canonical, "output_shape": output_shape}  # nor one of other than two axes
    return _pad_for_size(layer, canonical, auto_pad, size, inputs)


def _pad_for_size(
    layer: LayerName, canonical: Arguments, auto_pad: Value, size: tuple[int, int] | None, inputs: Inputs | None
) -> Arguments | NoEquivalent:
    """The padding that the documents' equations give, of an output whose size is told: by `auto_pad`, or as `size`."""
    if inputs is None:
        return NoEquivalent("the padding depends on the input's size")
    rows = list(inputs.shape[2:])
    kernel, stride, dilation = (pair(canonical[name]) for name in ("kernel_size", "stride", "dilation"))
    added = pair(canonical["output_padding"])
    if kernel is None or stride is None or dilation is None or added is None or len(rows) != 2 or min(stride) < 1:
        return NoEquivalent("auto_pad and output_shape are of two axes")
    sides: list[int] = []
    for axis in (0, 1):
        extent = dilation[axis] * (kernel[axis] - 1) + 1
        if layer == "conv2d":
            total = max(0, (-(-rows[axis] // stride[axis]) - 1) * stride[axis] + extent - rows[axis])
        else:
            wanted = rows[axis] * stride[axis] if size is None else size[axis]
            total = stride[axis] * (rows[axis] - 1) + added[axis] + extent - wanted
        if total < 0:
            return NoEquivalent("an output larger than without padding needs pads below 0, which are none")
        less, more = total // 2, total - total // 2
        sides += [less, more] if auto_pad == "SAME_UPPER" else [more, less]
    return {**canonical, "padding": tuple(sides)}


def _read_pads(pads: Value) -> Value:
    """(top, bottom, left, right), as an int where they are alike; what are no four numbers is left as it is."""
    sides = four_sided(0 if pads is None else pads)
    if sides is None:
        return 0 if pads is None else pads
    top, left, bottom, right = sides
    return top, bottom, left, right


def _read_pair(value: Value) -> Value:
    """A list is a pair of an axis each."""
    if isinstance(value, Tensor) or is_int(value):
        return value
    return pair(value) or value


FRAMEWORK = Framework(
    name="onnx",
    environment=ENVIRONMENT,
    needs=("onnxruntime",),
    source=Source(
        imports=MODEL + RUNTIME + FUNCTIONS,
        version="onnxruntime.__version__",
        call="{name}({arguments})",
        tensor="{array}",
        narrow='{array}.astype("{name}")',
        numpy="{tensor}",
        wide='{tensor}.astype("{held}")',
        dtype_name="{tensor}.dtype.name",
        turned="{tensor}.swapaxes(-1, -2)",
        moved="np.moveaxis({tensor}, -1, -3)",
        element="{tensor}[{index}].item()",
        dtype='"{name}"',
    ),
    contracts=(
        Contract(
            api="onnx.Conv",
            layer="conv2d",
            to_vendor=partial(_to_vendor, "conv2d"),
            to_canonical=partial(_to_canonical, "conv2d"),
            functional=True,
            operands=OPERANDS,
            instead={**INSTEAD, **ADD_BATCH},
            gradients=False,
        ),
        Contract(
            api="onnx.ConvTranspose",
            layer="conv_transpose2d",
            to_vendor=partial(_to_vendor, "conv_transpose2d"),
            to_canonical=partial(_to_canonical, "conv_transpose2d"),
            functional=True,
            operands=OPERANDS,
            instead=ADD_BATCH,
            gradients=False,
        ),
    ),
    limits=CORES,
    modes={
        "reference": Mode(
            "checked by onnx.checker and run by onnx's own ReferenceEvaluator, in onnxruntime's place",
            {"imports": MODEL + REFERENCE + FUNCTIONS, "version": "onnx.__version__"},
            gradients=False,
        ),
    },
)
