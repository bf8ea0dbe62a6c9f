"""Calls are taken apart, and each vendor's words learnt from them alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conv_reports.views.aspects import Aspect
from conv_reports.views.vocabulary import Spoken, learn_vocabulary, parse_keywords

VALUES = st.recursive(
    st.integers() | st.booleans() | st.none() | st.text(st.characters(exclude_characters="'\"\\", codec="ascii")),
    lambda inner: st.tuples(inner, inner) | st.lists(inner, max_size=3) | st.dictionaries(st.integers(), inner),
    max_leaves=8,
)
NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_keywords_of_any_call_are_taken_apart(arguments):
    expected = {name: repr(value) for name, value in arguments.items()}
    source = ", ".join(f"{name}={value}" for name, value in expected.items())
    assert parse_keywords(f"vendor.Conv2d({source})") == {name: value.strip() for name, value in expected.items()}


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("f(1, (2, 3))", {"0": "1", "1": "(2, 3)"}),
        ("f(x='a,b(')", {"x": "'a,b('"}),
        ("f(y=[1, {2: 3}])", {"y": "[1, {2: 3}]"}),
        ("f(w=<tensor of shape (1, 2)>)", {"w": "<tensor of shape (1, 2)>"}),
        ("f(a == b)", {"0": "a == b"}),
        ("f()", {}),
        ("no call", {}),
    ],
)
def test_a_call_is_taken_apart(call, arguments):
    assert parse_keywords(call) == arguments


def spoken(keywords, **parameters):
    return Spoken(parameters, keywords)


def test_a_keyword_belongs_to_the_parameter_that_it_is_a_function_of():
    calls = [
        spoken({"step": str(stride), "gap": str(dilation - 1)}, stride=str(stride), dilation=str(dilation))
        for stride in (1, 2)
        for dilation in (1, 3)
    ]
    vocabulary = learn_vocabulary(calls)
    assert vocabulary.owned["stride"] == ("step",)
    assert vocabulary.owned["dilation"] == ("gap",)
    assert vocabulary.owned["padding"] == ()


def test_what_follows_several_parameters_by_chance_belongs_to_the_one_that_it_repeats():
    """In few calls the wide layers alone, or those of a stride, may be without a bias."""
    calls = [
        spoken({"features": "4"}, out_channels="4", stride="1", bias="True"),
        spoken({"features": "8", "use_bias": "False"}, out_channels="8", stride="2", bias="False"),
    ]
    vocabulary = learn_vocabulary(calls)
    assert vocabulary.owned["out_channels"] == ("features",)
    assert vocabulary.owned["bias"] == ("use_bias",)
    assert vocabulary.owned["stride"] == ()


@pytest.mark.parametrize("count", ["in_channels", "out_channels", "groups"])
def test_a_count_is_said_by_its_number_alone(count):
    calls = [
        spoken({"mode": "'same'", "by": "4"}, padding="'same'", kernel_size="1", **{count: "4"}),
        spoken({"mode": "'pad'", "by": "6"}, padding="1", kernel_size="2", **{count: "6"}),
    ]
    vocabulary = learn_vocabulary(calls)
    assert vocabulary.owned[count] == ("by",)
    assert vocabulary.owned["padding"] == ("mode",)


def test_absence_is_a_value():
    calls = [spoken({}, stride="1"), spoken({"step": "2"}, stride="2")]
    assert learn_vocabulary(calls).owned["stride"] == ("step",)


def test_a_keyword_that_never_varies_says_nothing():
    calls = [spoken({"format": "'NCHW'"}, stride="1"), spoken({"format": "'NCHW'"}, stride="2")]
    assert not any(learn_vocabulary(calls).owned.values())


def test_an_unusual_keyword_is_said_with_another_parameters_aspect():
    calls = [spoken({"step": "1", "pad": "0"}, stride="1", padding="0") for _ in range(9)]
    calls += [spoken({"step": "2", "pad": "0"}, stride="2", padding="0") for _ in range(9)]
    calls += [spoken({"step": "1", "pad": "1"}, stride="1", padding="1") for _ in range(9)]
    vocabulary = learn_vocabulary(calls)
    unusual = spoken({"step": "2", "pad": "7"}, stride="2", padding="0")
    assert vocabulary.say(Aspect("stride", "int"), unusual) == "step=2, pad=7"
    assert vocabulary.say(Aspect("stride", "int"), calls[9]) == "step=2"
