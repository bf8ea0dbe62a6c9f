"""The calls of the checks by themselves: as source in the vendor's own API, run without worker and adapter.

A worker that answers otherwise than the oracle is right all the same where the framework does so alone. What a call
keeps when it runs alone is short: of each result a digest, of an exception its class, phase and first words.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from textwrap import indent
from typing import Any, TypeAlias

import numpy as np

from conformance.apis import Contract, Framework, Source
from conformance.case import HELD, Observation, Phase, Target, TypedArray
from conformance.certificate.calls import Call
from conformance.certificate.errors import CheckFailedError
from conformance.reproducers.arrays import arrays_of, numpy_dtype
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.call import write_building
from conformance.reproducers.call import write_call as write_line
from conformance.reproducers.confirm import Executor, NotExecutedError
from conformance.reproducers.script import write_way_back, write_whole_call

# What a call keeps.
Kept: TypeAlias = dict[str, Any]
Alone: TypeAlias = Mapping[str, Kept]  # by `key_of`; the package's versions under "versions"

MARK = "conformance certificate: "
LIMIT = 300.0  # seconds for the calls of one API: a framework may compile each of its hundred or two
WORDS = 40  # characters of a message that are compared
HEAD = """\
import base64, hashlib, json, re, zlib
answers = {{}}
def unpack(data, dtype, shape):
    return np.frombuffer(zlib.decompress(base64.b64decode(data)), dtype).reshape(shape).copy()
def digest(tensor):
    array = np.ascontiguousarray({numpy})
    if array.dtype.name == "bfloat16":
        array = array.astype("float32")
    if array.dtype.kind in "fc":
        array = np.where(np.isnan(array), array.dtype.type(np.nan), array)
    return [list(array.shape), hashlib.sha256(array.tobytes()).hexdigest()[:20]]
def name(cls):
    return cls.__qualname__ if cls.__module__ == "builtins" else cls.__module__ + "." + cls.__qualname__
def words(error):
    return re.sub("[^A-Za-z]+", " ", str(error)).strip()[:{words}]
"""
CALL = """\
def run_alone():
{body}
    return locals()
there, kept = {{}}, {{}}
try:
    there = run_alone()
    kept["output"] = digest(there["output"])
    output = there["output"]
    kept["dtype"] = {dtype}
    kept.update((k, digest(g)) for k, g in there.get("gradients", {{}}).items() if g is not None)
    held = [(k, getattr(there.get("layer"), own, None)) for k, own in {operands}]
    kept["parameters"] = [[k, list(p.shape)] for k, p in held if p is not None]
    answers[{key!r}] = kept
except Exception as error:
    last = error.__traceback__.tb_next
    if last and last.tb_frame.f_code is run_alone.__code__:
        there = kept = last.tb_frame.f_locals
    phase = "backward" if "output" in kept else "forward" if "layer" in there or {functional} else "construct"
    answers[{key!r}] = {{"raised": [phase, name(type(error)), words(error)]}}
"""


INITIAL = """\
try:
    np.random.seed(0)
    {seed}
    layer = {line}
    {build}
    held = [(k, getattr(layer, own, None)) for k, own in {operands}]
    answers[{key!r}] = {{k: digest(p) for k, p in held if p is not None}}
except Exception as error:
    answers[{key!r}] = {{"raised": words(error)}}
"""
VERSIONS = """\
import importlib.metadata
answers["versions"] = [str({version})]
try:
    answers["versions"].append(importlib.metadata.version("{name}"))
except importlib.metadata.PackageNotFoundError:
    pass
"""


def key_of(call: Call) -> str:
    """What a call is known by: all that travels, but for its number and what is asked for besides."""
    besides = ("id", "values", "read_back", "witness", "defaults", "infer")
    told = {name: value for name, value in call.wire.items() if name not in besides}
    return hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()[:20]


def keep(call: Call, answer: Observation) -> Kept:
    """What came over the wire, as a call by itself keeps it: in the vendor's layout."""
    if answer.raised is not None:
        phase = Phase.FORWARD if answer.raised.phase is Phase.PARAMETERS else answer.raised.phase
        words = re.sub("[^A-Za-z]+", " ", answer.raised.message).strip()[:WORDS]
        return {"raised": [str(phase), answer.raised.cls, words]}
    images = {"input": answer.gradients.get("input"), "output": answer.output}
    kept: Kept = {name: digest(gradient) for name, gradient in answer.gradients.items()}
    for name, image in images.items():
        if image is not None:
            kept[name] = digest(move_channels(call, image))
    kept["parameters"] = [[name, list(shape)] for name, (_, shape) in sorted(answer.parameters.items())]
    if answer.output is not None:
        kept["dtype"] = answer.output.dtype
    return kept


def move_channels(call: Call, image: TypedArray) -> TypedArray:
    """What travels as (N, C, H, W), as the vendor has it."""
    if not call.wire["channels_last"] or image.values.ndim < 3:
        return image
    return replace(image, values=np.moveaxis(image.values, -3, -1))


def digest(array: TypedArray) -> list[Any]:
    """Shape and bits; what NumPy lacks is widened by itself too, and every NaN is the same."""
    values = np.ascontiguousarray(array.values)
    if values.dtype.kind in "fc":
        values = np.where(np.isnan(values), values.dtype.type(np.nan), values)
    return [list(values.shape), hashlib.sha256(values.tobytes()).hexdigest()[:20]]


def check_alone(call: Call, answer: Observation, alone: Callable[[Call], Kept | None]) -> None:
    """What came over the wire is what the call does by itself.

    Raises:
        CheckFailedError: it is not.
    """
    if answer.raised is None and answer.output is None:
        return  # the arrays fit no parameter of what was constructed, which ends the call
    there = alone(call)
    if there is None:
        raise CheckFailedError(f"{call.arguments} cannot be run by itself")
    here = keep(call, answer)
    assert call.case.inputs is not None
    if answer.lacking and ("raised" in there or there["dtype"] != call.case.inputs.dtype):
        return  # it is lacking by itself too, or comes in a dtype that the framework has
    for name in sorted(here.keys() | there.keys()):
        if here.get(name) != there.get(name):
            detail = f"{here.get(name)} over the wire, {there.get(name)} by itself"
            raise CheckFailedError(f"{name} of {call.arguments}: {detail}")


def write_initial(contract: Contract, framework: Framework, call: Call, key: str) -> str:
    """Source that keeps the values with which a layer begins after the seed was set."""
    line = write_line(contract, framework, call.arguments)
    asked = AskedCase(call.case, contract, framework, call.arguments, call.expectation)
    return INITIAL.format(
        operands=sorted(contract.operands.items()),
        seed=framework.source.seed,
        line=line,
        build="".join(write_building("layer", asked)),
        key=key,
    )


def run_alone(target: Target, source: str, apis: int) -> Alone:
    """What the calls of a source of so many APIs keep, run by one process; nothing where it cannot be run."""
    try:
        with Executor(target, LIMIT * apis) as executor:
            return read_kept(executor.execute(source).printed)
    except NotExecutedError:
        return {}


def read_kept(printed: str) -> Alone:
    for line in printed.splitlines():
        if line.startswith(MARK):
            kept: Alone = json.loads(line.removeprefix(MARK))
            return kept
    return {}


def write_calls(framework: Framework, calls: Mapping[str, Iterable[Call]]) -> str:
    """A script that runs calls of a framework, by API, and prints what comes of them."""
    source = framework.source
    imports = [f"import {api.rpartition('.')[0]}" for api in calls]
    parts = [source.imports, *imports, source.prepare]
    parts.append(HEAD.format(numpy=write_reading(source), words=WORDS))
    version = source.version.format(framework=framework.name)
    parts.append(VERSIONS.format(name=framework.name, version=version))
    for contract in framework.contracts:
        keyed = {key_of(call): call for call in calls[contract.api]}
        for key, call in keyed.items():
            is_initial = not call.wire["arrays"]
            write = write_initial if is_initial else write_call
            parts.append(write(contract, framework, call, key))
    parts.append(f'print("{MARK}" + json.dumps(answers))')
    return "\n".join(parts) + "\n"


def write_reading(source: Source) -> str:
    """Source of a tensor's elements, those of a dtype that NumPy lacks in the one that holds them."""
    dtype = source.dtype_name.format(tensor="tensor")
    widened = [
        f"{source.wide.format(tensor='tensor', held=held)} if {dtype} == {name!r} else " for name, held in HELD.items()
    ]
    return "".join(widened) + source.numpy.format(tensor="tensor")


def write_call(contract: Contract, framework: Framework, call: Call, key: str) -> str:
    """Source that runs one call and keeps its results under a key."""
    asked = AskedCase(call.case, contract, framework, call.arguments, call.expectation)
    arrays = arrays_of(asked)
    sources = {name: pack(array) for name, array in arrays.items()}
    lines = write_whole_call(asked, sources)
    if "grad_output" in sources:
        # As the worker, only where the output has the shape that the upstream gradient belongs to.
        lines.append(f"if digest(output)[0] == {list(arrays['grad_output'].values.shape)}:")
        lines.append(indent("\n".join(write_way_back(asked, sources)), "    "))
    dtype = framework.source.dtype_name.format(tensor="output")
    body = indent("\n".join([*framework.source.setting.splitlines(), *lines]), "    ")
    operands = sorted(contract.operands.items())
    return CALL.format(body=body, key=key, functional=contract.functional, dtype=dtype, operands=operands)


def pack(array: TypedArray) -> str:
    """Source of a NumPy array, to the last bit."""
    dtype = numpy_dtype(array.dtype)
    values = array.values.astype(dtype)
    data = base64.b64encode(zlib.compress(values.tobytes(), 1)).decode()
    return f'unpack("{data}", "{dtype}", {values.shape})'
