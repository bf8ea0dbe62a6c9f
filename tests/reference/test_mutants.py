"""Each mistake seeded into the oracle is noticed by a few quick probes.

A mutant is a copy of the package with one file changed, loaded under another name.
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
from tests.reference.forced import CUTS, force
from tests.reference.mutants import MUTANTS

SOURCE = Path(reference.__file__).parent


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
    """Raise where the oracle errs: numbers and bounds, infinities, then every case, whole and in blocks."""
    probe_numbers(oracle)
    probe_infinities(oracle)
    cuts = importlib.import_module(f"{oracle.__name__}.cuts")
    for settings in CUTS.values():
        before = force(cuts, settings)
        probe_cases(oracle, expected)
        force(cuts, before)


def probe_cases(oracle: ModuleType, expected) -> None:
    for (name, kind), (y, grad, gradients) in expected.items():
        layer, *_, parameters = CASES[name]
        x, weight, bias = arrays(name, kind)
        output = getattr(oracle, layer)(x, weight, bias, **parameters)
        np.testing.assert_array_equal(output, y, strict=True)
        results = getattr(oracle, f"{layer}_gradients")(x, weight, grad, **parameters)
        for result, due in zip(results, gradients, strict=True):
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
    bound = oracle.error_bound("conv2d", two, -two * [[[[1]], [[-1]]]], dtype="float16", accumulate="float32").item()
    assert bound == pytest.approx(5 * 2.0**-11 + 13 * 2 * unit, rel=1e-6)
    bound = oracle.error_bound("conv2d", one * 2.0**-14, one * 2.0**-11, dtype="float16").item()
    assert bound >= 2.0**-25
    assert np.isinf(oracle.error_bound("conv2d", one * 60000, one * 2, dtype="float16")).all()
    x, weight, bias = oracle.exact_range("float16", 40)
    assert 40 * x * weight + bias <= 2**11
    with pytest.raises(ValueError, match="no exact inputs"):
        oracle.exact_range("bfloat16", 256)


def probe_infinities(oracle: ModuleType) -> None:
    """An infinite weight meets neither the zeros around a transposed layer's input nor what its padding crops."""
    weight = np.ones((1, 1, 2, 2))
    weight[0, 0, 0, 0] = np.inf
    x = np.ones((1, 1, 3, 3))
    assert not np.isnan(oracle.conv_transpose2d(x, weight)).any()
    grad = np.ones((1, 1, 2, 2))
    assert not np.isnan(oracle.conv_transpose2d_gradients(x, weight, grad, padding=1).x).any()


def notices(oracle: ModuleType, expected) -> bool:
    """Whether the probes object; an oracle too broken to run is no mutant, and raises."""
    try:
        probe(oracle, expected)
    except (AssertionError, ValueError, IndexError, pytest.fail.Exception):
        return True
    return False


@pytest.fixture
def package(tmp_path, monkeypatch, request):
    """A copy of the oracle's package, to be imported by its folder's name."""
    name = f"oracle_{abs(hash(request.node.name))}"
    shutil.copytree(SOURCE, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / name


def test_the_oracle_itself_passes(package, expected):
    probe(importlib.import_module(package.name), expected)


# Memory that a mutant never wrote may hold anything.
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize("mistake", MUTANTS)
def test_a_mistake_is_noticed(mistake, package, expected):
    mutated = MUTANTS[mistake].apply()
    (package / mutated.path.relative_to(SOURCE)).write_text(mutated.source, encoding="utf-8")
    assert notices(importlib.import_module(package.name), expected)
