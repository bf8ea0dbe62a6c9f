"""What a spec or a results file may not hold is refused with file, line and column."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from conformance import safe_yaml
from conformance.cases import expression, spec
from conformance.records import resume
from conv_reports.results import read

HEAD = "layer: conv2d\nclause: none\ncases:\n"
CALL = "in_channels: 1, out_channels: 1, kernel_size: 2"
WIDE = ", ".join(f"n{i}: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]" for i in range(7))
DOCSTRING = "documents: {x: {publisher: p, title: t, version: v, kind: installed_docstring}}\ndocument: x\n"
CLAIM = f"{DOCSTRING}claims: [{{id: a, section: b, says: {{en: c, zh: c}}, unchecked: {{en: d, zh: d}}}}]\n"
LAYER_CLAIM = (
    f"layer: conv2d\napi: torch.nn.Conv2d\n{DOCSTRING}claims:\n  - id: a\n    section: b\n    says: {{en: c, zh: c}}\n    cases:\n"
    f"      - arguments: {{{CALL}}}\n"
)
PAIRS = ", ".join(f"n{i}: [{', '.join(map(str, range(100)))}]" for i in range(9))

# Content, what stands at the reported place (or its line and column), and what the message says.
SPECS = {
    "no mapping": ("- 1\n", "1:1", "the file: [1] is not of type 'object'"),
    "empty": ("", "1:1", "is empty"),
    "no YAML": ("layer: [\n", "2:1", "is no YAML"),
    "not UTF-8": (b"layer: conv2d\nclause: \xff\n", "2:9", "is not UTF-8"),
    "control character": ("layer: conv2d\nclause: \x01\n", "2:9", "is no YAML"),
    "half a surrogate pair": ('layer: conv2d\nclause: "\\ud800"\n', "2:9", "half of a surrogate pair"),
    "a tag": ("layer: conv2d\nclause: !!python/name:os.system x\n", "2:9", "the tag tag:yaml.org,2002:python/name"),
    "an alias": (f"{HEAD}  - &a {{name: x}}\n  - *a\n", "4:5", "is repeated by an alias"),
    "a merge": ("layer: conv2d\n<<: {clause: x}\n", "2:1", "a key must be a string"),
    "a key twice": ("layer: conv2d\nclause: x\n  \nlayer: conv2d\n", "4:1", "the key 'layer' stands here twice"),
    "a key that is no string": ("1: 2\n", "1:1", "a key must be a string"),
    "depth": ("layer: " + "[" * 40 + "]" * 40, "1:32", "nested deeper than 24"),
    "endless depth": ("layer:\n" + "[\n" * 100_000, "102:1", "nested deeper than 24"),
    "endless blocks": ("- " * 1900, "1:51", "nested deeper than 24"),
    "an endless line": ("clause: " + "[]," * 9000, "1:4001", "a line has at most 4000 characters"),
    "two documents": ("layer: conv2d\n---\nlayer: conv2d\n", "2:1", "is no YAML"),
    "an unknown key": (f"{HEAD}  - {{name: x, raise: TypeError}}\n", "raise:", "unknown key; known here are name, clause"),
    "an unknown parameter": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}, strides: 2}}\n", "strides: 2",
        "conv2d has no parameter 'strides'; known are in_channels, out_channels, kernel_size, stride, padding",
    ),
    "another layer's parameter": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}, output_padding: 1}}\n", "output_padding", "no parameter 'output_padding'"
    ),
    "an unknown parameter in defaults": (
        f"layer: conv2d\nclause: x\ndefaults: {{arguments: {{pad: 1}}}}\ncases: [{{name: x, arguments: {{{CALL}}}}}]\n",
        "pad: 1", "no parameter 'pad'",
    ),
    "a statement without Chinese": (
        f"layer: conv2d\napi: torch.nn.Conv2d\n{DOCSTRING}claims:\n  - id: a\n    section: b\n    says: {{en: c}}\n    unchecked: {{en: d, zh: d}}\n",
        "says:", "claims/0/says: 'zh' is a required property",
    ),
    "a reason without Chinese": (
        f"layer: conv2d\napi: torch.nn.Conv2d\n{DOCSTRING}claims:\n  - id: a\n    section: b\n    says: {{en: c, zh: c}}\n    unchecked: {{en: d}}\n",
        "unchecked:", "claims/0/unchecked: 'zh' is a required property",
    ),
    "no API": (f"layer: conv2d\napi: torch.nn.Conv3d\n{CLAIM}", "2:1", "torch.nn.Conv3d is no API of conv2d; known are"),
    "another layer's API": (
        f"layer: conv2d\napi: torch.nn.ConvTranspose2d\n{CLAIM}", "2:1", "is no API of conv2d",
    ),
    "ten million cases": (f"{HEAD}  - name: x\n    for: {{{WIDE}}}\n", "for:", "expands to 10000000 combinations"),
    "too much to cover": (
        f"{HEAD}  - name: x\n    cover: 3\n    for: {{{PAIRS}}}\n", "for:", "expands to 84000000 combinations"
    ),
    "a huge weight": (
        f"{HEAD}  - name: x\n    arguments: {{in_channels: 99999, out_channels: 99999, kernel_size: 9}}\n", "arguments:",
        "a weight of shape (99999, 99999, 9, 9) has more than 50000000 elements; it would not be allocated",
    ),
    "a huge input": (f"{HEAD}  - {{name: x, arguments: {{{CALL}}}, input: {{shape: [9, 1, 99999, 99999]}}}}\n", "shape:",
                     "has more than 50000000 elements"),
    "a huge output": (
        f"{HEAD}  - {{name: x, arguments: {{{CALL}, padding: 99999}}, input: {{shape: [1, 1, 3, 3]}}}}\n", "arguments:",
        "an output of shape (1, 1, 200000, 200000)",
    ),
    "a huge padded input": (
        f"{HEAD}  - {{name: x, arguments: {{{CALL}, padding: 99999, stride: 9999}}, input: {{shape: [1, 1, 3, 3]}}}}\n",
        "arguments:", "a padded input of shape (1, 1, 200001, 200001)",
    ),
    "work without end": (
        f"{HEAD}  - name: x\n    arguments: {{in_channels: 1, out_channels: 1, kernel_size: 900}}\n"
        "    input: {shape: [1, 1, 4000, 4000]}\n", "arguments:",
        "x of shape (1, 1, 4000, 4000) and a weight of shape (1, 1, 900, 900) would cost the oracle about",
    ),
    "minutes of work": (
        f"{HEAD}  - name: x\n    arguments: {{in_channels: 1, out_channels: 1, kernel_size: 300}}\n"
        "    input: {shape: [1, 1, 1000, 1000], gradients: true}\n", "arguments:",
        "more than the 100 s and 2.0 GiB that are allowed; make the input or the kernel smaller",
    ),
    "minutes of work in defaults": (
        "layer: conv2d\nclause: x\ndefaults: {arguments: {in_channels: 1, out_channels: 1, kernel_size: 300}}\n"
        "cases:\n  - {name: x, input: {shape: [1, 1, 1000, 1000]}}\n", "5:5", "would cost the oracle about",
    ),
    "minutes of work, the kernel a NumPy number": (
        f"{HEAD}  - name: x\n    arguments: {{in_channels: 1, out_channels: 1, kernel_size: {{numpy: int64, value: 300}}}}\n"
        "    input: {shape: [1, 1, 1000, 1000]}\n", "arguments:", "would cost the oracle about",
    ),
    "minutes of work, in a vendor's arguments": (
        f"layer: conv2d\napi: torch.nn.functional.conv2d\n{DOCSTRING}claims:\n  - id: a\n    section: b\n    says: {{en: c, zh: c}}\n    cases:\n"
        "      - arguments: {weight: {tensor: [1, 1, 300, 300]}}\n        input: {shape: [1, 1, 1000, 1000]}\n"
        "        expect: {operation: true}\n", "arguments:", "would cost the oracle about",
    ),
    "the same claim twice": (
        f"layer: conv2d\napi: torch.nn.Conv2d\n{DOCSTRING}claims:\n  - {{id: a, section: b, says: {{en: c, zh: c}}, unchecked: {{en: d, zh: d}}}}\n"
        "  - section: b\n    id: a\n    says: {en: c, zh: c}\n    unchecked: {en: d, zh: d}\n", "8:5", "the claim 'a' stands at line 6 already",
    ),
    "an expression": (f'{HEAD}  - {{name: x, arguments: {{{CALL}, stride: "=1+"}}}}\n', "stride:", "cannot evaluate '1+'"),
    "an unknown dtype": (f"{HEAD}  - {{name: x, input: {{shape: [1, 1, 2, 2], dtype: f4}}}}\n", "dtype:", "unknown dtype 'f4'"),
    "numbers that no integer is": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}}}\n    input: {{shape: [1, 1, 3, 3], dtype: int8, values: real}}\n",
        "values:", "int8 holds no values of the class 'real', but of exact, ones, arange, all_ones, all_counted, wrapping",
    ),
    "integers that no float is": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}}}\n    input: {{shape: [1, 1, 3, 3], values: wrapping}}\n",
        "values:", "values of the class 'wrapping' are of integers, such as int8; say a dtype",
    ),
    "a shape of text": (f"{HEAD}  - {{name: x, input: {{shape: [1, 1, two, 2]}}}}\n", "shape:", "a shape is a list of integers"),
    "channels last of two axes": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}}}\n    input: {{shape: [2, 3], layout: channels_last}}\n", "input: {shape: [2",
        "channels_last moves the third axis from the end, which (2, 3) has not; leave the layout out",
    ),
    "channels last of two axes in a later call": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}}}\n    input: {{shape: [1, 1, 3, 3], layout: channels_last}}\n"
        "    then: [{call: {shape: [2, 3]}}]\n", "call: {shape: [2", "which (2, 3) has not",
    ),
    "gradients of text": (
        f'{HEAD}  - {{name: x, input: {{shape: [1, 1, 2, 2], gradients: "=2"}}}}\n', "gradients:", "gradients is true or false"
    ),
    "a seed of a number": (f'{HEAD}  - {{name: x, input: {{shape: [1, 1, 2, 2], seed: "=2"}}}}\n', "seed:", "a seed is a text"),
    "a number of another dtype": (
        f"{HEAD}  - {{name: x, arguments: {{stride: {{numpy: int8, value: 300}}}}, raises: TypeError, wrong: stride}}\n", "stride:",
        "numpy: 300 is no int8",
    ),
    "a shape of what is saved that is none": (
        f"{LAYER_CLAIM}        expect: {{state: {{weight: [1, two]}}}}\n", "weight:", "a shape is a list of numbers"
    ),
    "a uniform distribution without a width": (
        f"{LAYER_CLAIM}        expect: {{distribution: {{parameter: weight, uniform: [1, 1]}}}}\n", "uniform:",
        "uniform takes a lower and a higher end, got (1.0, 1.0)",
    ),
    "a uniform distribution with its ends exchanged": (
        f"{LAYER_CLAIM}        expect: {{distribution: {{parameter: weight, uniform: [1, -1]}}}}\n", "uniform:",
        "uniform takes a lower and a higher end, got (1.0, -1.0)",
    ),
    "a normal distribution without a deviation": (
        f"{LAYER_CLAIM}        expect: {{distribution: {{parameter: weight, normal: [1, 0]}}}}\n", "normal:",
        "normal takes a mean and a standard deviation above 0, got (1.0, 0.0)",
    ),
    "a truncated normal distribution of a negative deviation": (
        f"{LAYER_CLAIM}        expect: {{distribution: {{parameter: weight, truncated_normal: [1, -2]}}}}\n",
        "truncated_normal:", "truncated_normal takes a mean and a standard deviation above 0, got (1.0, -2.0)",
    ),
    "a distribution of an infinite width": (
        f"{LAYER_CLAIM}        expect: {{distribution: {{parameter: weight, uniform: [0, .inf]}}}}\n", "uniform:",
        "uniform takes finite numbers, got (0.0, inf)",
    ),
    "an unhashable member of a set": (
        f"{HEAD}  - {{name: x, arguments: {{stride: {{set: [{{list: [1]}}]}}}}, raises: TypeError, wrong: stride}}\n", "stride:", "set: unhashable"
    ),
    "a claim that a call raises, and not why": (
        f"layer: conv2d\napi: torch.nn.Conv2d\n{DOCSTRING}claims:\n  - {{id: a, section: b, says: {{en: c, zh: c}}, cases: [\n"
        "      {arguments: {groups: 3}, expect: {raises: ValueError}}]}\n",
        "7:7", "a call that raises says what is wrong with it",
    ),
    "what is wrong with a call that is taken": (
        f"layer: conv2d\napi: torch.nn.Conv2d\n{DOCSTRING}claims:\n  - {{id: a, section: b, says: {{en: c, zh: c}}, cases: [\n"
        "      {arguments: {groups: 2}, wrong: groups, expect: {accepts: true}}]}\n",
        "wrong:", "nothing is wrong with a call that does not raise",
    ),
    "the same case twice": (f"{HEAD}  - {{name: x, for: {{v: [3, '3']}}, arguments: {{{CALL}, stride: x}}, raises: TypeError, wrong: stride}}\n", "4:5", "the case 'x[v:3]' stands at line 4"),

    # What only the oracle can see.
    "wrong channels": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}}}\n    input: {{shape: [1, 2, 3, 3]}}\n", "arguments:",
        "the oracle refuses this call: ValueError: ",
    ),
    "a kernel beyond the input": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}, dilation: 9}}\n    input: {{shape: [1, 1, 3, 3]}}\n", "arguments:",
        "mend it, or say that it `raises`",
    ),
    "groups that do not divide": (
        f"{HEAD}  - {{name: x, arguments: {{in_channels: 3, out_channels: 2, kernel_size: 1, groups: 2}}}}\n", "arguments:",
        "the oracle refuses this call: ValueError: ",
    ),
    "raises on a valid call": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}, stride: 2}}\n    raises: ValueError\n    wrong: stride\n", "raises:",
        "`raises` is ValueError, but the oracle takes this call; leave it out, or mend it",
    ),
    "raises of another class": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}, stride: 0}}\n    raises: TypeError\n    wrong: stride\n", "raises:",
        "`raises` is TypeError, but the oracle raises ValueError: ",
    ),
    "an exception that does not exist": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}, stride: 0}}\n    raises: ValueErorr\n    wrong: stride\n", "raises:",
        "'ValueErorr' is no exception of Python; write one such as ValueError, or a framework's as module.Class",
    ),
    "an exception of a claim that does not exist": (
        f"layer: conv2d\napi: torch.nn.Conv2d\n{DOCSTRING}claims:\n  - id: a\n    section: b\n    says: {{en: c, zh: c}}\n    cases:\n"
        f"      - arguments: {{{CALL}}}\n        expect: {{raises: [ValueError, Error]}}\n", "raises:",
        "'Error' is no exception of Python",
    ),
    "a twin that is invalid too": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}, stride: 0, dilation: 0}}\n    raises: ValueError\n    wrong: stride\n",
        "wrong:", "with stride mended the oracle still refuses the call: ValueError: ",
    ),
    "something wrong that no call has": (
        f"{HEAD}  - name: x\n    arguments: {{{CALL}, stride: 0}}\n    raises: ValueError\n    wrong: strid\n",
        "wrong:", "'strid' is no argument, nor of the input; known are ",
    ),
    # What no case can be made of.
    "a condition that never holds": (
        f"{HEAD}  - name: x\n    for: {{k: [1, 2]}}\n    where: k > 2\n", "where:",
        "no combination of the values in `for` fulfils all of it; mend a condition, or the values",
    ),
    "a condition that never holds, of a cover": (
        f"{HEAD}  - name: x\n    cover: 2\n    for: {{k: [1, 2], l: [1, 2], m: [1, 2]}}\n    where: k + l + m > 9\n",
        "where:", "no combination of the values in `for` fulfils all of it",
    ),
    "bytes": (f"{HEAD}  - {{name: x, arguments: {{{CALL}, stride: '=b\"1\"'}}}}\n", "stride:", "a value is expected, got bytes"),
    "an ellipsis": (f"{HEAD}  - {{name: x, arguments: {{{CALL}, stride: '=...'}}}}\n", "stride:", "a value is expected, got ellipsis"),
    "bytes in a tuple": (
        f"{HEAD}  - {{name: x, arguments: {{{CALL}, stride: '=(1, b\"1\")'}}}}\n", "stride:", "a value is expected, got bytes"
    ),
    "thousands of digits": (
        f"{HEAD}  - {{name: x, arguments: {{{CALL}, stride: {'9' * 3000}}}}}\n", "9999", "an integer has at most 256 bits; write a smaller one"
    ),
    "thousands of hexadecimal digits": (
        f"{HEAD}  - {{name: x, arguments: {{{CALL}, stride: 0x{'f' * 3000}}}}}\n", "0xff", "an integer has at most 256 bits"
    ),
    "too many bits": (f"{HEAD}  - {{name: x, arguments: {{{CALL}, stride: {2**256}}}}}\n", str(2**256), "an integer has at most 256 bits"),
    "seventy axes": (
        f"{HEAD}  - {{name: x, arguments: {{{CALL}}}, input: {{shape: {[1] * 70}}}}}\n", "shape:", "a shape has at most 32 axes, this one 70"
    ),
    "seventy axes of a tensor": (
        f"layer: conv2d\napi: torch.nn.functional.conv2d\n{DOCSTRING}claims:\n  - id: a\n    section: b\n    says: {{en: c, zh: c}}\n    cases:\n"
        f"      - arguments: {{weight: {{tensor: {[1] * 70}}}}}\n        expect: {{accepts: true}}\n", "weight:", "at most 32 axes",
    ),
    "seventy axes of a promise": (
        f"layer: conv2d\napi: torch.nn.Conv2d\n{DOCSTRING}claims:\n  - id: a\n    section: b\n    says: {{en: c, zh: c}}\n    cases:\n"
        f"      - arguments: {{{CALL}}}\n        expect: {{shape: {[1] * 70}}}\n", "shape:", "at most 32 axes",
    ),
    "an alias of a key": ("&a layer: conv2d\nclause: x\n*a : conv2d\n", "1:1", "is repeated by an alias"),
    "an alias of a key as a value": ("&a layer: conv2d\nclause: *a\n", "1:1", "is repeated by an alias"),
    "a tuple as in Python": (
        f"{HEAD}  - name: x\n    arguments:\n      {CALL.replace(', ', chr(10) + '      ')}\n      stride: (2, 3)\n", "stride:",
        "'(2, 3)' is text in YAML; a tuple is written in brackets: [2, 3]",
    ),
    "a tuple as in Python between braces": (
        f"{HEAD}  - {{name: x, arguments: {{{CALL}, stride: (2, 3)}}}}\n", "stride:", "a tuple is written in brackets: [2, 3]"
    ),
    "a shape as in Python": (
        f"{HEAD}  - name: x\n    input:\n      shape: (1, 1, 3, 3)\n", "shape:", "a tuple is written in brackets: [2, 3]"
    ),
    "a date": ("layer: conv2d\nclause: 2024-01-01\n", "2:9", "the tag tag:yaml.org,2002:timestamp is not allowed here; quote it"),
    "a name with a space": (
        f"{HEAD}  - {{name: a b}}\n", "name:", "'a b' cannot be used; write a letter or digit of ASCII, then letters, digits and _ . + -"
    ),
    "a name of a value with a capital": (
        f"{HEAD}  - name: x\n    for: {{K: [1]}}\n", "K:", "'K' cannot be used; write a small letter of ASCII, then small letters"
    ),
    "an address of another kind": (
        f"layer: conv2d\napi: torch.nn.Conv2d\n{CLAIM.replace('kind:', 'address: ftp://x, kind:')}", "address:",
        "write an address that begins with http:// or https://",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_is_refused_where_it_is_wrong(tmp_path: Path, name: str) -> None:
    content, place, message = SPECS[name]
    path = tmp_path / "bad.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    started = time.monotonic()
    with pytest.raises(spec.SpecError) as refused:
        spec.load(path, "bad.yaml")
    assert str(refused.value).startswith(f"{path}:{position(content, place)}: "), refused.value
    assert message in str(refused.value)
    assert time.monotonic() - started < 20


# Loading is bounded: each of these would take minutes.
NAMES = [f"n{number}" for number in range(40)]
ENDLESS = {
    "a cover of many names": (
        f"{HEAD}  - name: x\n    cover: 2\n    for: {{{', '.join(f'{name}: [1, 2, 3, 4, 5, 6]' for name in NAMES)}}}\n"
        "    where: n1 < 9\n", "where:", "cover fewer names at once",
    ),
    "conditions that can hardly be fulfilled": (
        f"{HEAD}  - name: x\n    cover: 2\n    for:\n" + "".join(f"      {name}: [1, 2, 3, 4]\n" for name in NAMES)
        + f"    where: {' + '.join(NAMES)} > 159\n", "where:", "cover fewer names at once",
    ),
    "a product with conditions": (
        f"{HEAD}  - name: x\n    for: {{a: {list(range(400))}, b: {list(range(400))}}}\n    where: [a + b > 0, a - b == 500]\n",
        "where:", "use fewer names or values",
    ),
    "a megabyte that libyaml does not take": (
        f"{HEAD}  - name: x\n    for:\n      j: [a::b]\n      k:\n" + "      - [1, 2, 3]\n" * 50_000, "", "split the file",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
def test_loading_ends_where_it_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(safe_yaml, "MAX_SECONDS", 0.5)
    content, place, remedy = ENDLESS[name]
    path = tmp_path / "endless.yaml"
    path.write_text(content)
    started = time.thread_time()
    with pytest.raises(spec.SpecError, match="takes longer to load than 0.5 s; ") as refused:
        spec.load(path, "endless.yaml")
    assert time.thread_time() - started < 10
    assert remedy in str(refused.value)
    if place:
        assert f":{position(content, place)}: " in str(refused.value)
    assert refused.value.line > 1


def position(content: str | bytes, place: str) -> str:
    if re.fullmatch(r"\d+:\d+", place):
        return place
    assert isinstance(content, str)
    before = content[: content.index(place)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def test_an_unknown_parameter_may_be_what_an_invalid_case_is_about(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(
        f"{HEAD}  - name: x\n    arguments: {{{CALL}, strides: 2}}\n    raises: TypeError\n    wrong: stride\n"
    )
    assert [case.name for case in spec.load(path, "good.yaml").cases] == ["x"]


def test_a_file_that_is_absent_or_too_large(tmp_path: Path) -> None:
    with pytest.raises(spec.SpecError, match=r"none.yaml:1:1: cannot be read: No such file"):
        spec.load(tmp_path / "none.yaml", "none.yaml")
    (tmp_path / "large.yaml").write_bytes(b"#" * (safe_yaml.MAX_BYTES + 1))
    with pytest.raises(spec.SpecError, match="is larger than"):
        spec.load(tmp_path / "large.yaml", "large.yaml")


def test_a_case_name_is_one_short_printable_line(tmp_path: Path) -> None:
    path = tmp_path / "names.yaml"
    values = ["a\nb", "\u202etxt", "x::y", "z" * 1000, ""]
    path.write_text(
        f"{HEAD}  - {{name: x, for: {{v: {json.dumps(values)}}}, arguments: {{{CALL}, stride: x}}, "
        "raises: TypeError, wrong: stride}\n"
    )
    names = [case.name for case in spec.load(path, "names.yaml").cases]
    assert names[0] == "x[v:a\\x0ab]"
    assert names[1] == "x[v:\\u202etxt]"
    assert names[2] == "x[v:x:y]"
    assert len(names[3]) < 110
    assert names[4] == "x[v:empty]"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "x.__class__", "(1).real", "[i for i in (1, 2)]", "lambda: 1", "f'{1}'", "min", "'a' * 9",
        "(1,) * 9**9", "'%999999999d' % 1", "9**999999", "2**256 * 2**256", "(-1)**0.5", "1\n2", "min(key=1)", "",
        "1/0", "'a' < 1", "x", "\0", "(" * 400 + ")" * 400 + "1", "1" * 501, "(1, 2)[3]", "floor(1e999)", "{1: 2}", "1 if 2",
    ],
)  # fmt: skip
def test_an_expression_beyond_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(expression.ExpressionError):
        expression.evaluate(text, {})


def test_expressions() -> None:
    names = {"k": (3, 2), "stride": 2, "W": 10}
    assert expression.evaluate("(W - pair(k)[1]) // stride + 1", names) == 5
    assert expression.evaluate("(1, W) + k if stride > 1 else 0", names) == (1, 10, 3, 2)
    assert expression.evaluate("stride in (1, 2) and not W == 9", names) is True


def test_results_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    for content in ("", "rubbish\n", '{"record":"verdict"}\n', "[]\n"):
        path.write_text(content)
        with pytest.raises(read.ResultsError, match=r"results\.jsonl"):
            resume.load(path)
