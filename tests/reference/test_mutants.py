"""Mistakes seeded into the oracle, each of which a few quick probes must notice.

A mutant is the package with one passage of its source replaced, loaded under another name.
"""

import importlib
import shutil
from pathlib import Path
from types import ModuleType

import ml_dtypes
import numpy as np
import pytest

import conv_reference as reference
from tests.reference import naive
from tests.reference.cases import CASES, arrays, whole

SOURCE = Path(reference.__file__).parent

# what is wrong: (file, passage, replacement)
MUTANTS = {
    "kernel flipped": ("convolution", "correlate(padded, call.weight,", "correlate(padded, call.weight[:, :, ::-1, ::-1],"),
    "kernel flipped, transposed": ("convolution", "scatter(call.x, call.weight,", "scatter(call.x, call.weight[:, :, ::-1, ::-1],"),
    "height and width of the stride swapped": ("convolution", 'pair("stride", stride, 1),', 'pair("stride", stride, 1)[::-1],'),
    "height and width of the dilation swapped": ("convolution", 'pair("dilation", dilation, 1),', 'pair("dilation", dilation, 1)[::-1],'),
    "height and width of output_padding swapped": ("convolution", 'pair("output_padding", output_padding, 0),\n        pair("dil', 'pair("output_padding", output_padding, 0)[::-1],\n        pair("dil'),
    "height and width of the padding swapped": ("geometry", "return values[0], values[0], values[1], values[1]", "return values[1], values[1], values[0], values[0]"),
    "sides taken as left, right, top, bottom": ("geometry", "return values[0], values[1], values[2], values[3]", "return values[2], values[3], values[0], values[1]"),
    "sides taken as top, left, bottom, right": ("geometry", "return values[0], values[1], values[2], values[3]", "return values[0], values[2], values[1], values[3]"),
    "padding on the wrong side": ("arithmetic", "down = slice(rows.before, rows.before + rows.input)", "down = slice(rows.after, rows.after + rows.input)"),
    "crop on the wrong side": ("arithmetic", "whole[:, :, rows.before : rows.before + rows.input,", "whole[:, :, rows.after : rows.after + rows.input,"),
    "odd 'same' padding at the top": ("geometry", "total // 2, total - total // 2", "total - total // 2, total // 2"),
    "'same' without dilation": ("geometry", "(output - 1) * stride + extent - size", "(output - 1) * stride + kernel - size"),
    "'same' without stride": ("geometry", "max((output - 1) * stride + extent - size, 0)", "extent - 1"),
    "'valid' taken for 'same'": ("geometry", 'return "valid"', 'return "same"'),
    "transposed 'same' of the input's size": ("geometry", "_conv_window(axis, size * stride, kernel", "_conv_window(axis, size, kernel"),
    "dilation off by one": ("geometry", "extent = dilation * (kernel - 1) + 1\n    if", "extent = dilation * kernel\n    if"),
    "dilation ignored in the gather": ("arithmetic", "h * rows.dilation,", "h,"),
    "dilation ignored in the scatter": ("geometry", "divmod(tap * dilation, stride)", "divmod(tap, stride)"),
    "dilation of the other axis": ("arithmetic", "in runs(plane.columns)", "in runs(plane.columns._replace(dilation=plane.rows.dilation))"),
    "stride of the other axis": ("arithmetic", "w * columns.stride,", "w * rows.stride,"),
    "last output row lost": ("geometry", "(before + size + after - extent) // stride + 1", "-(-(before + size + after - extent) // stride)"),
    "groups interleaved": ("arithmetic", "            c * per_group,\n            c,\n", "            c,\n            c * groups,\n"),
    "groups of kernels interleaved": ("arithmetic", "weight.reshape(groups, out_channels // groups, terms) @ patches", "weight.reshape(out_channels // groups, groups, terms).swapaxes(0, 1) @ patches"),
    "groups mixed up in phases": ("arithmetic", "weight.reshape(groups, out_channels // groups, channels, height, width).swapaxes(1, 2)", "weight.reshape(out_channels // groups, groups, channels, height, width).swapaxes(0, 1).swapaxes(1, 2)"),
    "bias dropped": ("convolution", "if call.other is not None:\n        output +=", "if False:\n        output +="),
    "bias along the width": ("convolution", "call.other[:, None, None]", "np.resize(call.other, output.shape[-1])"),
    "bias twice": ("convolution", "output += call.other", "output += 2 * call.other"),
    "output padding at the top": ("geometry", "return Window(output, kernel, stride, dilation, before, after, size)", "return Window(output, kernel, stride, dilation, before + extra, after, size)"),
    "output padding ignored": ("geometry", "output = reach - before - after + extra", "output = reach - before - after"),
    "padding added to the transposed output": ("geometry", "output = reach - before - after + extra", "output = reach + before + after + extra"),
    "reflect repeats the edge": ("geometry", "[(size - 1) - abs((size - 1) - abs(p)) for p in positions]", "[min(max(p, -p - 1), 2 * size - 1 - p) for p in positions]"),
    "circular from the wrong end": ("geometry", "[p % size for p in positions]", "[-p % size for p in positions]"),
    "replicate of the second row": ("geometry", "[min(max(p, 0), size - 1) for p in positions]", "[min(max(p, 1), size - 1) for p in positions]"),
    "padding mode ignored": ("convolution", "pad(call.x, call.plane, call.padding_mode)\n        output", 'pad(call.x, call.plane, "zeros")\n        output'),
    "gradient of repeated padding dropped": ("arithmetic", "folded[:, :, source] += padded", "folded[:, :, source] += 0 * padded"),
    "gradient ignores the padding mode": ("convolution", "unpad(grad, weight, plane, groups, call.padding_mode)", 'unpad(grad, weight, plane, groups, "zeros")'),
    "weight gradient of the first image alone": ("arithmetic", "of_each.sum(axis=0, dtype=y.dtype) if batch != 1 else of_each[0]", "of_each[0]"),
    "weight gradient of the last image alone, in blocks": ("arithmetic", "total += np.matmul(left, right, out=next_part)", "np.matmul(left, right, out=total)"),
    "weight gradient unpadded": ("convolution", "padded = pad(grad, plane, \"zeros\")", "padded = pad(grad, plane._replace(rows=plane.rows._replace(before=0, after=plane.rows.before + plane.rows.after)), \"zeros\")"),
    "bias gradient a mean": ("convolution", "grad.sum(axis=(0, 2, 3), dtype=grad.dtype)", "grad.mean(axis=(0, 2, 3)).astype(grad.dtype)"),
    "bias gradient of one image": ("convolution", "grad.sum(axis=(0, 2, 3), dtype=grad.dtype)", "grad[:1].sum(axis=(0, 2, 3), dtype=grad.dtype)"),
    "conjugate forgotten": ("convolution", "x, weight = x.conj(), weight.conj()", "x, weight = x, weight.conj()"),
    "conjugate forward": ("convolution", "correlate(padded, call.weight,", "correlate(padded, call.weight.conj(),"),
    "phase off by one": ("geometry", "position, positions = first + window.before,", "position, positions = first + window.before + 1,"),
    "phase with the wrong taps": ("geometry", "start = reaching[0]", "start = (reaching[0] + 1) % window.kernel"),
    "phase kernel not turned": ("arithmetic", "kernels[:, :, height, width][:, :, ::-1, ::-1]", "kernels[:, :, height, width]"),
    "common factor of stride and dilation": ("geometry", "common = gcd(window.stride, window.dilation)", "common = 1"),
    "last strip of rows lost": ("arithmetic", "range(0, rows.output, strip))))", "range(0, max(rows.output - strip, 1), strip))))"),
    "strip at the wrong rows": ("arithmetic", "windows[n, some, ..., top:bottom, :]", "windows[n, some, ..., : bottom - top, :]"),
    "share of channels by other kernels": ("arithmetic", "first * taps : (first + some) * taps", "first : first + some * taps"),
    "sums of the last share kept": ("arithmetic", "sums.fill(0)", "pass"),
    "taps apart: one for all columns": ("arithmetic", "= products[:, :, :, j]", "= products[:, :, :, 0]"),
    "taps apart: strips at the top": ("arithmetic", "place[:, :, :, j, top:bottom]", "place[:, :, :, j, : bottom - top]"),
    "margin not cleared": ("arithmetic", "zeros[:, :, : rows.start] = zeros", "zeros"),
    "first tap of each stride alone": ("geometry", "min(start + stride, kernel)), slice(0, min(stride, kernel - start))", "start + 1), slice(0, 1)"),
    "strips of rows at the top": ("arithmetic", "_add_taps(sums[..., top:, :],", "_add_taps(sums,"),
    "kernel not turned in a small adjoint": ("arithmetic", "_reversed_roles(weight, groups)[:, :, ::-1, ::-1]", "_reversed_roles(weight, groups)"),
    "outputs spaced one too early": ("geometry", "axis.extent - 1 - axis.before", "axis.extent - 2 - axis.before"),
    "outputs not spaced": ("geometry", "axis.dilation, axis.stride, axis.extent", "axis.dilation, 1, axis.extent"),
    "next kernel row without dilation": ("arithmetic", "rows.extent * columns.output, rows.dilation * columns.output", "rows.kernel * columns.output, columns.output"),
    "kernel rows of the gradient interleaved": ("arithmetic", "of_each.swapaxes(4, 5)", "of_each"),
    "narrow product turned": ("arithmetic", "out=turned).swapaxes(1, 2)", "out=turned).reshape(spread.shape)"),
    "strip of a gradient at the wrong rows": ("arithmetic", "windows[n, which, first:last, ..., top:bottom, :]", "windows[n, which, first:last, ..., : bottom - top, :]"),
    "narrow kernels of the first group": ("arithmetic", "kernels[group, first : first + some]", "kernels[0, first : first + some]"),
    "kernel rows as columns": ("arithmetic", ".transpose(3, 0, 1, 2, 4)\n", ".transpose(4, 0, 1, 2, 3)\n"),
    "integers wrap around": ("numbers", "if largest < 2**63:", "if True:"),
    "integers through float64": ("numbers", "if largest <= 2**53:", "if True:"),
    "accumulated in float32": ("numbers", "return [array.astype(common, copy=False) for array in arrays]", "return [array.astype(np.float32).astype(common) for array in arrays]"),
    "rounded twice": ("numbers", "return _to_odd_float32(value).astype(target)", "return value.astype(np.float32).astype(target)"),
    "bound forgets the bias": ("bounds", "terms = call.terms + (bias is not None)", "terms = call.terms"),
    "bound of signed sums": ("arithmetic", "_correlate_small(np.abs(patches), np.abs(weight)", "_correlate_small(patches, np.abs(weight)"),
    "bound of one term fewer": ("bounds", "return terms * roundoff / (1.0", "return (terms - 1) * roundoff / (1.0"),
    "bound with machine epsilon": ("bounds", "return 2.0**-self.precision", "return 2.0 ** (1 - self.precision)"),
    "bound without underflow": ("bounds", "if underflowing is not None:", "if False:"),
    "bound without the final rounding": ("bounds", "if self.result != self.accumulator:", "if False:"),
    "exact range one bit too wide": ("exact", "limit = 2 ** number_format(dtype).precision", "limit = 2 ** (number_format(dtype).precision + 1)"),
    "exact range without the bias": ("exact", "room = limit - (1 if bias else 0)", "room = limit"),
}  # fmt: skip


STRATEGIES = (
    {},
    {"ROWWISE": 0},
    {"SMALL": 0, "BLOCK": 10**6, "PIECES": 1, "NARROW": 0},
    {"SMALL": 0, "BLOCK": 50, "WIDE": 2, "NARROW": 0, "REUSE": 0, "PHASES": 10**9},
    {"SMALL": 0, "BLOCK": 50, "WIDE": 2, "NARROW": 0, "REUSE": 10**9, "MOST": 50},
    {"SMALL": 0, "BLOCK": 50, "NARROW": 10**9, "REUSE": 10**9},
)


@pytest.fixture(scope="module")
def expected():
    """Each case's output and gradients by the definition, in whole numbers and complex."""
    found = {}
    for name, (layer, *_, parameters) in CASES.items():
        for kind in (int, complex) if name in ("everything", "transposed groups") else (int,):
            x, weight, bias = arrays(name, kind)
            y = naive.forward(layer, x, weight, bias, **parameters)
            grad = whole(np.random.default_rng(1), *y.shape, kind=kind)
            found[name, kind] = y, grad, naive.gradients(layer, x, weight, grad, **parameters)
    return found


def probe(oracle: ModuleType, expected) -> None:
    """Raise where the oracle errs: numbers and bounds, then every case, whole and in blocks."""
    probe_numbers(oracle)
    arithmetic = importlib.import_module(f"{oracle.__name__}.arithmetic")
    settings = {setting: getattr(arithmetic, setting) for strategy in STRATEGIES for setting in strategy}
    for strategy in STRATEGIES:
        for setting, value in (settings | strategy).items():
            setattr(arithmetic, setting, value)
        for (name, kind), (y, grad, gradients) in expected.items():
            layer, *_, parameters = CASES[name]
            x, weight, bias = arrays(name, kind)
            got = getattr(oracle, layer)(x, weight, bias, **parameters)
            np.testing.assert_array_equal(got, y, strict=True)
            got = getattr(oracle, f"{layer}_gradients")(x, weight, grad, **parameters)
            for result, due in zip(got, gradients, strict=True):
                np.testing.assert_array_equal(result, due, strict=True)


def probe_numbers(oracle: ModuleType) -> None:
    one = np.ones((1, 1, 1, 1))
    large = np.full((1, 1, 1, 1), 2**52 + 1)
    assert oracle.conv2d(large, one.astype(int) * 5).item() == 5 * (2**52 + 1)
    with pytest.raises(ValueError, match="range"):
        oracle.conv2d(large, large)
    assert oracle.conv2d(one + 2.0**-40, one.astype(int)).item() == 1 + 2.0**-40
    above_a_tie = one * (1 + 2.0**-8 + 2.0**-40)
    assert oracle.conv2d(above_a_tie, one, dtype=ml_dtypes.bfloat16).item() > 1
    unit = 2.0**-24
    two = np.array([3.0, -2.0]).reshape(1, 2, 1, 1)
    bound = oracle.error_bound("conv2d", two, two, np.ones(1), dtype="float32").item()
    assert bound == pytest.approx(14 * 3 * unit, rel=1e-6)
    bound = oracle.error_bound("conv2d", two, two, dtype="float16", accumulate="float32").item()
    assert bound == pytest.approx(13 * 2.0**-11 + 13 * 2 * unit, rel=1e-6)
    bound = oracle.error_bound("conv2d", one * 2.0**-14, one * 2.0**-11, dtype="float16").item()
    assert bound >= 2.0**-25
    x, weight, bias = oracle.exact_range("float16", 40)
    assert 40 * x * weight + bias <= 2**11
    with pytest.raises(ValueError, match="no exact inputs"):
        oracle.exact_range("bfloat16", 256)


def noticed(oracle: ModuleType, expected) -> bool:
    """Whether the probes object; an oracle too broken to run is no mutant, and raises."""
    try:
        probe(oracle, expected)
    except (AssertionError, ValueError, IndexError, pytest.fail.Exception):
        return True
    return False


def mutated(directory: Path, name: str, monkeypatch) -> ModuleType:
    monkeypatch.syspath_prepend(directory)
    return importlib.import_module(name)


def test_the_oracle_itself_passes(tmp_path, expected, monkeypatch):
    shutil.copytree(SOURCE, tmp_path / "unmutated", ignore=shutil.ignore_patterns("__pycache__"))
    probe(mutated(tmp_path, "unmutated", monkeypatch), expected)


@pytest.mark.parametrize("mistake", MUTANTS)
def test_killed(mistake, tmp_path, expected, monkeypatch):
    file, passage, replacement = MUTANTS[mistake]
    name = f"mutant_{list(MUTANTS).index(mistake)}"
    shutil.copytree(SOURCE, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / name / f"{file}.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(passage) == 1, f"{passage!r} is in {file}.py {text.count(passage)} times"
    path.write_text(text.replace(passage, replacement), encoding="utf-8")
    assert noticed(mutated(tmp_path, name, monkeypatch), expected)
