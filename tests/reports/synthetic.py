"""Results files that no framework made: twelve APIs with planted divergences, of any size, always the same."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGETS = {
    "torch": (
        "2.13.0",
        [
            "torch.nn.Conv2d",
            "torch.nn.ConvTranspose2d",
            "torch.nn.functional.conv2d",
            "torch.nn.functional.conv_transpose2d",
        ],
    ),
    "mindspore": (
        "2.10.0",
        [
            "mindspore.nn.Conv2d",
            "mindspore.nn.Conv2dTranspose",
            "mindspore.mint.nn.Conv2d",
            "mindspore.mint.nn.ConvTranspose2d",
        ],
    ),
    "megengine": (
        "1.13.0",
        [
            "megengine.module.Conv2d",
            "megengine.module.ConvTranspose2d",
            "megengine.functional.conv2d",
            "megengine.functional.conv_transpose2d",
        ],
    ),
}

Record = dict[str, Any]


def header() -> Record:
    return {
        "record": "header",
        "format": 1,
        "suite": "0.1.0",
        "started": "2026-01-05T09:00:00+00:00",
        "host": {"platform": "Linux-6.1-x86_64", "processor": "x86_64", "python": "3.11.9", "numpy": "2.4.6"},
        "arguments": ["specs"],
    }


def targets() -> Iterator[Record]:
    for name, (version, apis) in TARGETS.items():
        yield {
            "record": "target",
            "name": name,
            "framework": name,
            "spec": f"/opt/{name}/bin/python",
            "available": True,
            "version": version,
            "apis": apis,
            "environment": {
                "python": "3.10.14",
                "numpy": "1.26.4",
                "platform": "Linux-6.1-x86_64",
                "processor": "x86_64",
                "device": "cpu",
                "threads": "1",
            },
        }
    yield {
        "record": "target",
        "name": "npu",
        "framework": "mindspore",
        "spec": "ssh=user@npu//python=python3",
        "available": False,
        "reason": "no interpreter at ssh=user@npu; install mindspore 2.10.0 there",
    }


def contracts() -> Iterator[Record]:
    for target, (_, apis) in TARGETS.items():
        for api in apis:
            grouped = target == "megengine"
            yield {
                "record": "contract",
                "api": api,
                "target": target,
                "weight": "weight.reshape(groups, -1, *weight.shape[1:])" if grouped else "weight",
                "bias": "bias.reshape(1, -1, 1, 1)" if grouped else "bias",
                "defaults": {"stride": "1", "bias": "True"}
                if target == "torch"
                else {"stride": "1", "has_bias": "False"},
                "instead": {"padding_mode 'reflect'": "y = layer(reflect(x))"} if target == "mindspore" else {},
            }


def arguments(layer: str, k: Any, s: Any, p: Any, d: int, g: int, mode: str, bias: bool) -> Record:
    common = {
        "in_channels": 4,
        "out_channels": 8,
        "kernel_size": k,
        "stride": s,
        "padding": p,
        "dilation": d,
        "groups": g,
        "bias": bias,
    }
    return common | ({"padding_mode": mode} if layer == "conv2d" else {"output_padding": 0})


def cases(count: int) -> Iterator[Record]:
    """`count` canonical cases, half of each layer, a tenth of them invalid."""
    domains = list(
        itertools.product(
            ["float32", "float64", "float16"],
            [1, 2, 4],
            [1, 2],
            [1, 2, [2, 1]],
            [0, 1, "same", [1, 2]],
            [3, 1, 2, [3, 5]],
            ["zeros", "circular", "reflect"],
            [True, False],
            [8, 12, 9, 16, 7, 11],
            [4, 3],
            ["exact", "real"],
        )
    )
    number = 0
    for step in range(len(domains)):  # a step prime to their number visits each once, well mixed
        dtype, g, d, s, p, k, mode, bias, size, rank, values = domains[step * 7919 % len(domains)]
        for layer in ("conv2d", "conv_transpose2d"):
            if number >= count:
                return
            if layer == "conv_transpose2d" and (p == "same" or mode != "zeros"):
                continue
            number += 1
            invalid = number % 10 == 0
            shape = ([2] if rank == 4 else []) + [4, size, size + 3]
            stated = arguments(layer, k, s, p, d, g, mode, bias)
            label = f"k={_short(k)}-s={_short(s)}-p={_short(p)}-d={d}-g={g}-{mode}-b={int(bias)}"
            label += f"-{dtype}-{size}-{rank}-{values}"
            spec = "padding" if p == "same" else "groups" if g > 1 else "strides" if s != 1 else "basics"
            if invalid:
                spec, name = "invalid", ("stride", "dilation", "groups", "kernel_size")[number // 10 % 4]
                stated[name] = (0, -1, True, 1.5, None, {"numpy": "int64", "value": 3})[number // 40 % 6]
                label = f"{name}[{_short(stated[name])}]-{label}"
            made = {
                "record": "case",
                "id": f"{layer}/{spec}.yaml::{label}",
                "line": 3 + number % 40,
                "layer": layer,
                "api": None,
                "arguments": stated,
                "invalid": invalid,
                "clause": "shape section" if not invalid else "exceptions",
                "claim": None,
                "inputs": {"shape": shape, "dtype": dtype, "values": values, "layout": "contiguous", "gradients": True},
            }
            yield {**made, "wrong": name} if invalid else made


def _short(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, list) else str(value).replace(" ", "")


def verdict(case: Record, target: str, api: str) -> Record:
    """What comes of a case in this world."""
    shown = ", ".join(f"{name}={_source(value)}" for name, value in _spoken(target, case["arguments"]).items())
    record: Record = {
        "record": "verdict",
        "case": case["id"],
        "target": target,
        "api": api,
        "outcome": "conforms",
        "seconds": 0.001,
        "call": f"{api}({shown})",
    }
    answer = answer_invalid if case["invalid"] else answer_valid
    return complete(record | answer(case, target, api, shown), case)


def complete(record: Record, case: Record) -> Record:
    """With who says that it is wrong, or else what was compared."""
    layer = case["layer"]
    match record["outcome"]:
        case "diverges":
            return record | {"authority": "mathematics", "rests_on": f"the definition of {layer}"}
        case "crashed":
            return record | {"authority": "robustness", "rests_on": "a call returns or raises"}
        case "differs":
            return record | {"compared": ["call"]}
        case "conforms" if case["invalid"]:
            return record | {"compared": ["call"]}
        case "conforms":
            return record | {"compared": ["call", "parameters", "shape", "dtype", "values", "gradients"]}
    return record


def answer_invalid(case: Record, target: str, api: str, shown: str) -> Record:
    """torch takes True for a number, MegEngine dies of a fraction and refuses -1 by accident; all else is refused."""
    stated = case["arguments"]
    if target == "torch" and any(stated[name] is True for name in ("stride", "dilation", "groups", "kernel_size")):
        return _differs("wrongly_accepted", "call", "ValueError or TypeError", "accepted", "more_permissive")
    if target == "megengine" and any(isinstance(stated[name], float) for name in ("stride", "dilation")):
        return {
            "outcome": "crashed",
            "phase": "forward",
            "observed": "SIGFPE",
            "expected": "an exception",
            "stderr": "Floating point exception\n",
            "script": script(api, shown),
        }
    raised = {
        "phase": "construct",
        "cls": "ValueError",
        "bases": ["Exception"],
        "message": f"stride must be positive, got {len(shown)}",
    }
    if target == "megengine" and -1 in (stated["stride"], stated["dilation"]):
        return {"raised": raised | {"cls": "AttributeError"}, "phase": "construct", "accident": True}
    return {"raised": raised, "phase": "construct"}


def answer_valid(case: Record, target: str, api: str, shown: str) -> Record:
    """The planted divergences: a value, a shape; a dtype that it alone rejects; all else conforms or is not to be had."""
    stated, dtype = case["arguments"], case["inputs"]["dtype"]
    if "mint" in api and "Transpose" not in api:
        return {"outcome": "unavailable", "observed": "the kernel is registered for Ascend alone"}
    if target == "mindspore" and stated.get("padding_mode", "zeros") != "zeros":
        return {"outcome": "no_equivalent", "observed": "has no padding_mode"}
    if target == "megengine" and stated["groups"] > 1 and stated["dilation"] > 1:
        return _diverges("value", "output", "the oracle's values", "12 of 96 elements differ", shown, api) | {
            "ratio": "inf",
            "exact": True,
            "worst": {"index": [0, 1, 2, 3], "expected": "4.0", "observed": "-3.0", "bound": "0.0"},
            "arrays": arrays(),
        }
    is_transposed = case["layer"] == "conv_transpose2d"
    if target == "mindspore" and is_transposed and stated["stride"] == 2 and stated["padding"] == 1:
        return _diverges("shape", "output", "(2, 8, 17, 23)", "(2, 8, 18, 24)", shown, api)
    if target == "mindspore" and dtype == "float64":
        message = f"For primitive[Conv2D], the dtype must be float16 or float32, but got Float64 at 0x{len(shown):x}"
        return _differs("wrongly_rejected", "call", "accepted", f"TypeError: {message}", "stricter") | {
            "raised": {"phase": "forward", "cls": "TypeError", "bases": ["Exception"], "message": message},
            "phase": "forward",
        }
    if case["inputs"]["values"] == "exact":
        return {"exact": True, "ratio": 0.0}
    return {"exact": False, "ratio": round(0.001 * (len(case["id"]) * 37 % 700), 4)}


def _spoken(target: str, stated: Record) -> Record:
    """The arguments in a framework's own words: MindSpore says padding in two, and bias and groups by other names."""
    if target != "mindspore":
        return stated
    spoken = {{"bias": "has_bias", "groups": "group"}.get(name, name): value for name, value in stated.items()}
    spoken.pop("padding_mode", None)
    padding = spoken.pop("padding")
    if isinstance(padding, str):
        return spoken | {"pad_mode": padding}
    return spoken | {"pad_mode": "pad", "padding": padding}


def _diverges(kind: str, subject: str, expected: str, observed: str, shown: str, api: str) -> Record:
    return {
        "outcome": "diverges",
        "kind": kind,
        "subject": subject,
        "expected": expected,
        "observed": observed,
        "script": script(api, shown),
    }


def _differs(kind: str, subject: str, expected: str, observed: str, direction: str) -> Record:
    return {
        "outcome": "differs",
        "kind": kind,
        "subject": subject,
        "expected": expected,
        "observed": observed,
        "direction": direction,
    }


def script(api: str, shown: str) -> str:
    return f"""\
import numpy as np
import {api.partition(".")[0]}

# the smallest call that shows it
layer = {api}({shown})
x = np.arange({4 * 8 * 11}, dtype=np.float32).reshape(1, 4, 8, 11) % 7 - 3  # asymmetric
y = layer(x)
print('expected', (1, 8, 6, 9))
print('observed', y.shape)
"""


def arrays() -> Record:
    def grid(n: int, c: int, h: int, w: int, seed: int) -> list[Any]:
        return [
            [
                [[float((a * 5 + b * 3 + i * 7 + j * 2 + seed) % 9 - 4) for j in range(w)] for i in range(h)]
                for b in range(c)
            ]
            for a in range(n)
        ]

    expected, observed = grid(1, 2, 4, 6, 0), grid(1, 2, 4, 6, 0)
    observed[0][1][2][3] = "nan"
    observed[0][0][1][1] = 9.0
    return {
        "x": grid(1, 4, 6, 8, 1),
        "weight": grid(2, 2, 3, 3, 2),
        "bias": [1.0, -1.0],
        "expected": expected,
        "observed": observed,
    }


def _source(value: Any) -> str:
    return "(" + ", ".join(map(str, value)) + ")" if isinstance(value, list) else repr(value)


DOCUMENTED = "torch.nn.Conv2d"
STATEMENTS = [
    ("bias", {"en": "the layer has a bias unless told otherwise", "zh": "该层默认有偏置"}, None),
    ("stride", {"en": "stride takes a string", "zh": "stride 接受字符串"}, None),
    ("device", {"en": "runs on an accelerator too", "zh": "也在加速器上运行"}, None),
    ("see-also", {"en": "names related layers", "zh": "列出相关的层"}, {"en": "points elsewhere", "zh": "指向别处"}),
    ("floor", {"en": "the size is not rounded", "zh": "尺寸不取整"}, None),
    ("layout", {"en": "the layout is an argument", "zh": "布局是一个参数"}, None),
]
STATED = "stride takes a string"
RULINGS = {
    "bias": ("conforms", "holds"),
    "stride": ("diverges", "document_wrong"),
    "device": ("unavailable", "not_observable"),
    "floor": ("differs", "copy_outdated"),
    "layout": ("differs", "announced"),
}
PAGE = {
    "publisher": "PyTorch",
    "title": DOCUMENTED,
    "version": "2.13.0",
    "kind": "official_page",
    "address": "https://pytorch.org/docs",
}
COPY = {"publisher": "a blog", "title": "Notes on Conv2d", "version": "2019", "kind": "third_party_copy"}


def claims() -> Iterator[Record]:
    """Two documents: the vendor's own, of which one statement is wrong, and an outdated copy of it."""
    for name, says, unchecked in STATEMENTS:
        statement = {
            "record": "statement",
            "document": "Notes on Conv2d (a blog, 2019)" if name == "floor" else f"torch 2.13.0, {DOCUMENTED}",
            "api": DOCUMENTED,
            "claim": f"{DOCUMENTED}/{name}",
            "section": "Parameters",
            "says": says,
            "source": COPY if name == "floor" else PAGE,
        }
        if name == "floor":
            statement["docstring"] = "silent"
        if name == "layout":
            statement["announced"] = "2.14.0"
        yield statement | ({"unchecked": unchecked} if unchecked else {})
    for name, (outcome, ruling) in RULINGS.items():
        case = {
            "record": "case",
            "id": f"claims/{DOCUMENTED}.yaml::{name}[0]",
            "line": 9,
            "layer": "conv2d",
            "api": DOCUMENTED,
            "arguments": {"in_channels": 1, "out_channels": 1, "kernel_size": 1},
            "inputs": None,
            "invalid": False,
            "clause": "Parameters",
            "claim": f"{DOCUMENTED}/{name}",
        }
        yield case
        judged = {
            "record": "verdict",
            "case": case["id"],
            "target": "torch",
            "api": DOCUMENTED,
            "outcome": outcome,
            "ruling": ruling,
            "call": f"{DOCUMENTED}(1, 1, 1)",
        }
        if outcome == "diverges":
            observed = "TypeError: stride must be an int"
            judged |= _diverges("wrongly_rejected", "call", "accepted", observed, "1, 1, 1", DOCUMENTED)
            judged |= {"authority": "own_document", "rests_on": f"torch 2.13.0, {DOCUMENTED}, Parameters: {STATED}"}
        elif outcome == "differs":
            judged |= {"kind": "default", "subject": "stride", "expected": "2", "observed": "1"}
        elif outcome == "conforms":
            judged |= {"compared": ["defaults"]}
        yield judged


def records(count: int = 300) -> list[Record]:
    """All records of a results file with `count` canonical cases."""
    made = [header(), *targets(), *contracts(), *claims()]
    for case in cases(count):
        made.append(case)
        for target, (_, apis) in TARGETS.items():
            for api in apis:
                if ("ranspose" in api) == (case["layer"] == "conv_transpose2d"):
                    made.append(verdict(case, target, api))
    made += confirmations(made)
    return [*made, footer(made)]


def confirmations(before: list[Record]) -> list[Record]:
    """The first divergence was executed and shows, the second was and does not."""
    failing = [record for record in before if record.get("script")]
    return [
        {
            "record": "confirmation",
            "case": record["case"],
            "target": record["target"],
            "api": record["api"],
            "confirmed": confirmed,
            "printed": "expected (1, 8, 6, 9)\nobserved (1, 8, 7, 9)",
        }
        for record, confirmed in zip(failing[:2], (True, False), strict=True)
    ]


def footer(before: list[Record], complete: bool = True) -> Record:
    count = sum(record["record"] == "verdict" for record in before)
    return {
        "record": "footer",
        "complete": complete,
        "finished": "2026-01-05T09:03:20+00:00",
        "verdicts": count,
        "seconds": 200.0,
    }


def write(path: Path, made: list[Record]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in made), encoding="utf-8")
    return path


def entry(**changes: Any) -> Record:
    """An entry of MegEngine, as an audit writes it; a change to None leaves a field out."""
    made = {
        "record": "entry",
        "target": "megengine",
        "id": "MEG-one",
        "framework": "megengine",
        "title": {"en": "It adds one to the output", "zh": "输出多一"},
        "severity": "silent_wrong_values",
        "authority": "mathematics",
        "rests_on": {"en": "the definition", "zh": "定义"},
        "effect": {"en": "All networks </script><b>`*x*`", "zh": "所有网络"},
        "workaround": {"en": "Take one away", "zh": "减一", "script": "pass\n"},
        "upstream": "https://example.org/1",
        "where": "==1.13.0",
        "apis": ["megengine.module.Conv2d"],
        "script": "import numpy as np\nassert 1 == 2\n",
        "ends": "AssertionError",
        "asked": 3,
        "verdicts": 3,
        "holds": True,
        "execution": {"shown": True, "ended": "AssertionError", "workaround": ""},
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def difference() -> Record:
    title = {"en": "Zeros", "zh": "零"}
    return entry(id="MEG-two", severity="difference", authority=None, upstream="", title=title, workaround=None)


def known(count: int = 150) -> list[Record]:
    """A run in which all wrong values of one API have one known cause, which one difference accompanies."""
    made = list(records(count))
    for record in made:
        if record.get("api") == "megengine.module.Conv2d" and record.get("kind") == "value":
            record["known"] = "MEG-one"
    return [*made[:-1], entry(), difference(), made[-1]]


def in_mode(records: list[Record], change: Record | None = None) -> tuple[list[Record], Record]:
    """The records with torch's verdicts once more, of a target in a mode, and the first that conforms there.

    Args:
        change: replaces what that one says.
    """
    more = copy.deepcopy([record for record in records if record.get("target") == "torch"])
    own = copy.deepcopy(next(one for one in records if one["record"] == "target" and one["name"] == "torch"))
    own |= {"name": "torch@vmap", "mode": "vmap"}
    for record in more:
        record["target"] = "torch@vmap"
        if record["record"] == "verdict":
            record["seconds"] = 0.0
    place = next(place for place, record in enumerate(more) if record.get("outcome") == "conforms")
    if change is not None:
        key = {name: more[place][name] for name in ("record", "case", "target", "api")}
        more[place] = key | change
    *body, end = records
    return [*body, own, *more, end], more[place]
