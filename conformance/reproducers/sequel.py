"""What a script does with a layer that goes on: its calls, and what happens to it between them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from textwrap import indent

from conformance.apis import NoEquivalent
from conformance.case import (
    Added,
    Adding,
    Again,
    Arrays,
    Assigned,
    Case,
    Cast,
    Changed,
    Copied,
    Copying,
    Moved,
    Overtaken,
    Phase,
    Returned,
    Step,
    Switched,
    Threaded,
    Verdict,
)
from conformance.case.values import DType
from conformance.oracle.sequence import find_step, list_steps, take
from conformance.reproducers.arrays import write_tensors
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.call import (
    Extent,
    matter_elements,
    write_arrays,
    write_construction,
    write_forward,
    write_layer,
    write_operands,
    write_parameters,
    write_running,
    write_value,
    write_x,
)
from conformance.targets.protocol import PARAMETERS
from conformance.targets.steps import find_attributes

ROUNDS = 100  # in which two threads call at the same time, as in a worker
ELSEWHERE = "ThreadPoolExecutor(1).submit({function}).result()"


def describe_sequel(case: Case) -> str:
    """What happens to the layer then, as a comment behind its construction; nothing for a case that ends there."""
    steps = [describe_step(step) for step in case.then]
    return f"  # called, then {'; '.join(steps)}" if steps else ""


def describe_step(step: Step) -> str:
    match step:
        case Again(inputs):
            return f"called with {inputs.shape}, {inputs.dtype}, {inputs.layout}"
        case Assigned(attributes):
            return ", ".join(f"{name} = {value!r}" for name, value in attributes.items())
        case Changed(parameters):
            return f"other numbers in {' and '.join(parameters)}"
        case Copied(how):
            return f"copied by {how}"
        case Cast(dtype):
            return f"cast to {dtype}"
        case Switched(training):
            return "train" if training else "eval"
        case Threaded(number):
            return "in another thread" if number == 1 else "in one of two threads, each with its own layer"
        case Moved():
            return "moved to the CPU"
        case Added(how):
            return f"called so and once more, gradients added ({how.replace('_', ' ')})"
        case Returned(retained):
            return f"gone back through twice, the graph {'kept' if retained else 'not kept'}"
        case Overtaken(parameters):
            return f"other numbers in {' and '.join(parameters)} between forward and backward"


@dataclass(frozen=True)
class Sequence:
    """The lines of a sequence, and its last call.

    Attributes:
        tensors: the source of each tensor that the last call is given.
    """

    lines: list[str]
    last: AskedCase
    tensors: Mapping[str, str]


@dataclass(frozen=True)
class Moment:
    """A step of a sequence; None is the first: the layer is made, and called.

    Attributes:
        before: the layer's case as it was.
        asked: the call of the layer as it then is, with the arrays that it is given.
        tensors: their sources; none where the step has no arrays.
    """

    step: Step | None
    before: Case
    asked: AskedCase
    tensors: Mapping[str, str]


def write_sequence(asked: AskedCase, verdict: Verdict, extent: Extent) -> Sequence | None:
    """The lines that make a layer, call it, and do to it what happens then; None where an array is too large.

    Args:
        extent: how far the last call goes; those before go as far as they were asked to.
    """
    moments = list_moments(asked, verdict)
    if moments is None:
        return None
    lines = Writer(asked, extent, matter_elements(asked, verdict)).write(moments)
    return Sequence(lines, moments[-1].asked, moments[-1].tensors)


def list_moments(asked: AskedCase, verdict: Verdict) -> list[Moment] | None:
    """What happens, one after the other; None where an array is too large to be read."""
    given = asked.expectation.given
    assert given is not None
    now = replace(asked.case, then=())
    moments = []
    happens: Iterable[tuple[Step | None, Arrays | None]] = zip(
        (None, *list_steps(asked.case)), (given.first, *given.steps), strict=True
    )
    for step, arrays in happens:
        before = now
        now = now if step is None else take(now, step)
        call = replace(asked, case=now, expectation=replace(asked.expectation, arrays=arrays))
        sources = write_arrays(call, verdict)
        if sources is None:
            return None
        moments.append(Moment(step, before, call, write_tensors(call, sources)))
    return moments


def is_called_at_first(case: Case) -> bool:
    """Whether the layer is called before anything happens to it: not where another thread calls it at first."""
    return not isinstance(list_steps(case)[0], Threaded)


class Writer:
    """Writes moment after moment.

    Attributes:
        imports: the modules that the lines use.
        elsewhere: whether the layer is called in another thread from now on.
        went_back: whether a call has left gradients.
    """

    def __init__(self, asked: AskedCase, extent: Extent, matters: bool) -> None:
        self.asked = asked
        self.source = asked.source
        self.extent = extent
        self.matters = matters
        self.imports: set[str] = set()
        self.elsewhere = False
        self.went_back = False
        self.otherwise: Moment | None = None  # how the last call goes
        self.parameters: tuple[str, ...] = ()  # those that the layer has

    def write(self, moments: list[Moment]) -> list[str]:
        lines = self.begin(moments)
        for moment in moments[1:]:
            lines += self.go_on(moment, is_last=moment is moments[-1])
        return [*sorted(self.imports), *lines]

    def begin(self, moments: list[Moment]) -> list[str]:
        """The layer, and its first call."""
        first = moments[0]
        self.parameters = tuple(name for name in PARAMETERS if name in first.tensors)
        if self.asked.contract.functional:
            extents = [find_extent(moment) for moment in moments if isinstance(moment.step, Again | None)]
            back = next((extent for extent in extents if extent.last is Phase.BACKWARD), extents[0])
            lines = write_operands(first.asked, first.tensors, back)
        else:
            parameters = {name: first.tensors[name] for name in self.parameters}
            lines = write_layer(first.asked, parameters, replace(self.extent, last=Phase.FORWARD))
        if is_called_at_first(self.asked.case):
            lines += self.call(first, find_extent(first))
        return lines

    def call(self, moment: Moment, extent: Extent) -> list[str]:
        """A call, forward alone or with its gradients."""
        lines = [write_x(moment.asked, moment.tensors, extent)]
        if extent.last is Phase.BACKWARD:
            lines += self.forget()
            self.went_back = True
        running = write_running(moment.asked, moment.tensors, extent)
        return lines + (self.run_elsewhere(running) if self.elsewhere else running)

    def call_last(self, moment: Moment, how: Moment) -> Iterator[str]:
        """The last call, which goes back otherwise than once and by itself."""
        yield from self.forget()
        back = Extent()
        yield write_x(moment.asked, moment.tensors, back)
        yield f"grad_output = {moment.tensors['grad_output']}"
        match how.step:
            case Added(adding):
                leaf = write_x(how.asked, how.tensors, back).removeprefix("x = ")
                yield f"before, grad_before = {leaf}, {how.tensors['grad_output']}"
                yield from self.add(moment, adding)
            case Returned(retained):
                yield from self.record(moment, "output", "x")
                steps = self.source.steps
                first = steps.retain if retained else steps.accumulate
                yield first.format(output="output", upstream=how.tensors["grad_output"])
                yield self.accumulate("output", "grad_output")
            case Overtaken(names):
                yield from self.record(moment, "output", "x")
                for name in names:
                    if name in how.tensors:
                        yield self.source.steps.change.format(held=self.hold(name), tensor=how.tensors[name])
                yield self.accumulate("output", "grad_output")

    def add(self, moment: Moment, how: Adding) -> Iterator[str]:
        match how:
            case Adding.ONE_GRAPH:
                call = write_forward(moment.asked)
                parameters = ", ".join(map(self.hold, self.parameters))
                operands = f"x, {parameters}"
                shared = self.source.steps.share.format(
                    call=call, call_before=replace_x(call), operands=operands, parameters=parameters
                )
                yield from shared.splitlines()
            case Adding.ACCUMULATED:
                yield from self.record(moment, "first", "before")
                yield self.accumulate("first", "grad_before")
                yield from self.record(moment, "output", "x")
                yield self.accumulate("output", "grad_output")
            case Adding.TWO_GRAPHS:
                yield from self.record(moment, "first", "before")
                yield from self.record(moment, "output", "x")
                yield self.accumulate("first", "grad_before")
                yield self.accumulate("output", "grad_output")

    def record(self, moment: Moment, output: str, x: str) -> list[str]:
        """Forward: the lines that give the output that name."""
        call = write_forward(moment.asked)
        operands = ", ".join([x, *map(self.hold, self.parameters)])
        call = call if x == "x" else replace_x(call)
        return self.source.steps.record.format(output=output, call=call, operands=operands).splitlines()

    def accumulate(self, output: str, upstream: str) -> str:
        return self.source.steps.accumulate.format(output=output, upstream=upstream)

    def forget(self) -> list[str]:
        """The lines after which no call has left gradients."""
        forget = self.source.steps.forget
        return [forget.format(held=self.hold(name)) for name in self.parameters] if self.went_back and forget else []

    def run_elsewhere(self, lines: list[str]) -> list[str]:
        """The lines, in another thread than the main one."""
        self.imports.add("from concurrent.futures import ThreadPoolExecutor")
        names = ", ".join(list_assigned(lines))
        body = [f"global {names}", *lines] if names else lines
        return ["def call():", *(indent(line, "    ") for line in body), ELSEWHERE.format(function="call")]

    def go_on(self, moment: Moment, is_last: bool) -> Iterator[str]:
        steps = self.source.steps
        match moment.step:
            case Again() if self.otherwise is not None:
                yield from self.call_last(moment, self.otherwise)
            case Again():
                yield from self.call(moment, self.extent if is_last else find_extent(moment))
            case Added() | Returned() | Overtaken():
                self.otherwise = moment
            case Moved():
                yield steps.move
            case Changed(names):
                for parameter in names:
                    if parameter in moment.tensors:
                        yield steps.change.format(held=self.hold(parameter), tensor=moment.tensors[parameter])
            case Assigned() as step:
                attributes = find_attributes(moment.before, step, self.asked.contract)
                assert not isinstance(attributes, NoEquivalent)
                for name, value in attributes.items():
                    yield f"layer.{name} = {write_value(value, self.asked.framework)}"
            case Copied(how):
                yield from self.copy(how)
            case Cast(dtype):
                yield steps.cast.format(dtype=write_value(DType(dtype), self.asked.framework))
            case Switched(training):
                yield steps.switch.format(training=training)
            case Threaded():
                self.elsewhere = True

    def copy(self, how: Copying) -> Iterator[str]:
        """A copy, which is called `layer` from now on. What was copied loses its numbers, as far as they matter."""
        yield from self.make_copy(how)
        if not self.matters:
            yield f"layer = {self.name_copy(how)}"
            return
        yield f"copied, layer = layer, {self.name_copy(how)}"
        for name in self.parameters:
            held = f"copied.{self.asked.contract.operands[name]}"
            yield self.source.steps.change.format(held=held, tensor=f"0 * {held}")

    def make_copy(self, how: Copying) -> Iterator[str]:
        """The lines that make `other`, for a copy that no function of Python's makes."""
        match how:
            case Copying.DEEPCOPY | Copying.PICKLE:
                self.imports.add("import copy" if how is Copying.DEEPCOPY else "import pickle")
                return
            case Copying.CHECKPOINT:
                yield f"other = {write_construction(self.asked, self.asked.arguments, self.asked.case.positional)}"
                zeros = {name: f"0 * {self.hold(name)}" for name in self.parameters}
                yield from write_parameters("other", self.asked, zeros) if self.extent.sets else ()
            case Copying.REPR:
                module = self.asked.contract.api.rpartition(".")[0]
                yield f"other = eval(repr(layer), dict(vars({module})))"
        yield from self.source.steps.checkpoint.splitlines()

    def name_copy(self, how: Copying) -> str:
        made = {Copying.DEEPCOPY: "copy.deepcopy(layer)", Copying.PICKLE: "pickle.loads(pickle.dumps(layer))"}
        return made.get(how, "other")

    def hold(self, name: str) -> str:
        """Source of a parameter of the layer."""
        return name if self.asked.contract.functional else f"layer.{self.asked.contract.operands[name]}"


def find_extent(moment: Moment) -> Extent:
    """How far a call goes that is not the last: back, where it has an upstream gradient."""
    goes_back = "grad_output" in moment.tensors
    return Extent(Phase.BACKWARD if goes_back else Phase.FORWARD, keeps=False)


def replace_x(call: str) -> str:
    """The same call of what is named `before`."""
    return re.sub(r"\bx\b", "before", call, count=1)


def find_gradient_left(asked: AskedCase, subject: str) -> str | None:
    """Source of a gradient that calls have left with what it is of; None where they were taken otherwise."""
    added = find_step(asked.case, Added)
    is_left = added is not None and added.how is not Adding.ONE_GRAPH
    if not is_left and find_step(asked.case, Returned) is None and find_step(asked.case, Overtaken) is None:
        return None
    operand = subject.removeprefix("grad_")
    held = "x" if operand == "input" else operand
    if operand != "input" and not asked.contract.functional:
        held = f"layer.{asked.contract.operands[operand]}"
    return asked.source.steps.left.format(held=held)


def list_assigned(lines: list[str]) -> list[str]:
    """The names that lines give values."""
    nodes = ast.walk(ast.parse("\n".join(lines)))
    return sorted({node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)})


def write_race(asked: AskedCase, verdict: Verdict) -> list[str] | None:
    """The lines that call a layer of ones while another thread calls one of twos, and count what differs.

    What comes of the layer should be what comes of it alone.
    """
    moments = list_moments(asked, verdict)
    if moments is None:
        return None
    first = moments[0]
    numpy, call = asked.source.numpy, "layer(x)"
    ones = {name: first.tensors[name] for name in PARAMETERS if name in first.tensors}
    twos = {name: f"2 * {tensor}" for name, tensor in ones.items()}
    extent = Extent(last=Phase.FORWARD)
    return [
        "import threading",
        *write_layer(first.asked, ones, extent),
        *write_layer(first.asked, twos, extent, layer="other"),
        write_x(moments[-1].asked, moments[-1].tensors, extent),
        f"alone = {numpy.format(tensor=call)}",
        "outputs = []",
        "def call():",
        f"    outputs.append({numpy.format(tensor=call)})",
        "def call_other():",
        f"    {numpy.format(tensor='other(x)')}",
        f"for _ in range({ROUNDS}):",
        "    threads = [threading.Thread(target=target) for target in (call, call_other)]",
        "    [thread.start() for thread in threads]",
        "    [thread.join() for thread in threads]",
        f"wrong = {ROUNDS} - sum(np.array_equal(output, alone) for output in outputs)",
        f'assert wrong == 0, f"wrong in {{wrong}} of {ROUNDS} calls"',
    ]
