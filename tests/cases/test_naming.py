"""Names of cases: what pytest's ``-k`` takes as it stands, and different for different values."""

from __future__ import annotations

import pytest
from _pytest.mark.expression import Expression
from hypothesis import given
from hypothesis import strategies as st

from conformance.case import DType, Items, Numpy, Tensor, Value
from conformance.cases.naming import case_name, item_name, value_label

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple))


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]*", fullmatch=True), values, min_size=1, max_size=3))
def test_every_part_of_a_name_can_be_given_to_k(binding: dict[str, Value]) -> None:
    name = item_name(case_name("case.part", binding), "torch.nn.Conv2d")
    for part in (name, name.partition("/")[2], name[len(name) // 3 : 2 * len(name) // 3 + 1]):
        if part not in ("and", "or", "not"):
            assert Expression.compile(part).evaluate(lambda text, **_: text in name), part


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (None, "none"),
        (True, "true"),
        (-1, "-1"),
        (0.5, "0.5"),
        (float("nan"), "nan"),
        ((2, 0), "2x0"),
        ((), "empty"),
        ("", "empty"),
        ("same ", r"same\x20"),
        ("k=1", r"k\x3d1"),
        ("\u202etxt", r"\u202etxt"),
        ("a::b", "a:b"),
        ([2, (1, 3)], "list.2x1x3"),
        (frozenset({3, 1}), "set.1x3"),
        (Items("dict", (2, 1)), "dict.2x1"),
        (Numpy("int64", 3), "int64.3"),
        (Numpy("int64", 3, is_array=True), "int64.array.3"),
        (Numpy("int64", (3,), is_array=True), "int64.array.[3]"),
        (DType("float16"), "dtype.float16"),
        (Tensor((8, 4, 3, 3)), "tensor.8x4x3x3"),
    ],
)
def test_a_value_reads_as_a_person_would_say_it(value: Value, label: str) -> None:
    assert value_label(value) == label


def test_a_long_value_is_cut_and_stays_apart_from_others() -> None:
    one, other = (value_label("z" * 1000 + end) for end in "ab")
    assert len(one) < 100
    assert one != other


def test_a_target_of_another_name_stands_before_the_api() -> None:
    assert item_name("x[v:1]", "torch.nn.Conv2d", "old") == "old/torch.nn.Conv2d/x[v:1]"


def test_an_item_names_a_targets_environment_so_that_expressions_take_it() -> None:
    assert item_name("x", "torch.nn.Conv2d", "torch@avx2@1core") == "torch+avx2+1core/torch.nn.Conv2d/x"
