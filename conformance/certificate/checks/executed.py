"""The source that the report shows, run by itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from textwrap import indent
from typing import Any

from conformance.apis import Contract, Framework
from conformance.case import LAYOUTS, Observation, Target, TypedArray
from conformance.certificate.answers import bits_of, output_of
from conformance.certificate.calls import Call, build_call
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.layers import SMALL, expressible_layers, make_arrays
from conformance.certificate.subject import Subject
from conformance.reproducers.arrays import arrays_of, numpy_dtype
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.call import write_call
from conformance.reproducers.confirm import Executor, NotExecutedError
from conformance.reproducers.script import write_whole_call

# What a call keeps: the shape of each result, with its bits in hexadecimal.
Kept = dict[str, Any]

MARK = "conformance certificate: "
HEAD = """\
import json
answers = {{}}
def bits(tensor):
    array = np.ascontiguousarray({numpy})
    return [list(array.shape), array.tobytes().hex()]
"""
CALL = """\
def run():
{body}
    kept = {{name: bits(gradient) for name, gradient in gradients.items()}}
    kept["output"] = bits(output)
    kept["parameters"] = parameters
    return kept
try:
    answers[{key!r}] = run()
except Exception:  # it raises over the wire too, or the check says that it does not
    pass
"""
PARAMETERS = """\
held = [(name, getattr(layer, name, None)) for name in ("bias", "weight")]
parameters = [[name, list(value.shape)] for name, value in held if value is not None]"""
NO_PARAMETERS = "parameters = None"


def check_executed(subject: Subject) -> str:
    """Catches a worker that does something else than the source which stands beside its verdicts.

    The source that the report shows, executed by itself, gives the bits that came over the wire.
    """
    contract = subject.contract
    calls = list(plain_calls(contract))
    answers = subject.ask(*calls)
    if answers[0].lacking:
        raise NotObservableError("no kernel")
    scripts = subject.run_scripts()
    for number, (call, answer) in enumerate(zip(calls, answers, strict=True)):
        line = write_call(contract, subject.framework, call.arguments)
        check_same(line, contract, answer, scripts.get(key_of(contract, number)))
    return f"{len(calls)} source lines"


def check_same(line: str, contract: Contract, answer: Observation, alone: Kept | None) -> None:
    """An answer over the wire, and what the source of the call has kept; None: it raised."""
    if answer.raised is not None and alone is None:
        return
    if alone is None:
        raise CheckFailedError(f"{line} raises by itself alone")
    if answer.raised is not None:
        raise CheckFailedError(f"{line} raises over the wire alone")
    results = {**answer.gradients, "output": output_of(answer)}
    over_the_wire: Kept = {}
    for name, array in results.items():
        over_the_wire[name] = [list(array.values.shape), bits_of(array).hex()]
    if not contract.functional:
        shapes = sorted(answer.parameters.items())
        over_the_wire["parameters"] = [[name, list(shape)] for name, (_, shape) in shapes]
    for name in sorted(set(over_the_wire) | set(alone)):
        if over_the_wire.get(name) != alone.get(name):
            raise CheckFailedError(f"{name} of {line} is another by itself")


def plain_calls(contract: Contract) -> Iterator[Call]:
    """Every layer with gradients, and the smallest with every layout of the input."""
    for arguments in expressible_layers(contract):
        layouts = LAYOUTS if arguments is SMALL else ("contiguous",)
        for layout in layouts:
            arrays = make_arrays(contract.layer, arguments, gradients=True)
            yield build_call(contract, arguments, arrays, layout=layout)


def run_scripts(target: Target, framework: Framework) -> Mapping[str, Kept]:
    """What the source of the calls of all APIs keeps, run by one process; nothing where it cannot be run."""
    try:
        with Executor(target) as executor:
            execution = executor.execute(source_of_calls(framework))
    except NotExecutedError:
        return {}
    for line in execution.printed.splitlines():
        if line.startswith(MARK):
            answers: Mapping[str, Kept] = json.loads(line.removeprefix(MARK))
            return answers
    return {}


def source_of_calls(framework: Framework) -> str:
    """A script that runs the calls of all APIs, each as the report shows it, and prints what comes of them."""
    source = framework.source
    parts = [source.imports, "import base64", source.prepare]
    parts.append(HEAD.format(numpy=source.numpy.format(tensor="tensor")))
    for contract in framework.contracts:
        for number, call in enumerate(plain_calls(contract)):
            parts.append(source_of_call(contract, framework, call, key_of(contract, number)))
    parts.append(f'print("{MARK}" + json.dumps(answers))')
    return "\n".join(parts) + "\n"


def source_of_call(contract: Contract, framework: Framework, call: Call, key: str) -> str:
    """Source that runs one call and keeps its results under a key."""
    asked = AskedCase(call.case, contract, framework, call.arguments, call.expectation)
    sources = {name: pack_array(array) for name, array in arrays_of(asked).items()}
    lines = write_whole_call(asked, sources)
    lines.append(NO_PARAMETERS if contract.functional else PARAMETERS)
    return CALL.format(body=indent("\n".join(lines), "    "), key=key)


def pack_array(array: TypedArray) -> str:
    """Source of an array of any size, which nobody reads."""
    values = array.values.astype(numpy_dtype(array.dtype))
    data = base64.b64encode(values.tobytes()).decode()
    return f'np.frombuffer(base64.b64decode("{data}"), "{values.dtype}").reshape({values.shape}).copy()'


def key_of(contract: Contract, number: int) -> str:
    return f"{contract.api} {number}"
