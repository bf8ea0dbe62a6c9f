"""A last call that goes back otherwise than once and by itself, and whose gradients are added up."""

from typing import Any, Callable, Dict

from .apis import Lacking
from .values import WireArray, decode_array


class LastCall:
    """It goes as a step says that `conformance/targets/protocol.py` sends before it; its phases are the execution's."""

    def __init__(self, execution: Any, layer: Any, call: Dict[str, Any]) -> None:
        """`call` is the step of the call."""
        self.execution = execution
        self.adapter = execution.adapter
        self.layer = layer
        execution.enter("forward")
        self.x = self.make(call["arrays"]["x"], call["layout"])
        self.upstream = self.make(call["arrays"]["grad_output"])

    def make(self, array: WireArray, layout: str = "contiguous") -> Any:
        return self.execution.make_tensor(array, layout)

    def find(self, name: str) -> Callable[..., Any]:
        """The adapter's part. Raises Lacking where its framework has none, or calls in a mode."""
        found = None if hasattr(self.adapter, "MODE") else getattr(self.adapter, name, None)
        if found is None:
            raise Lacking(f"{self.adapter.FRAMEWORK} has no such way back: {name}")
        return found  # type: ignore[no-any-return]

    def run(self, step: Dict[str, Any]) -> None:
        getattr(self, step["step"])(step)

    def add(self, step: Dict[str, Any]) -> None:
        before = self.make(step["arrays"]["x"], step["layout"]), self.make(step["arrays"]["grad_output"])
        getattr(self, step["how"])(before, (self.x, self.upstream))

    def accumulated(self, *calls: Any) -> None:
        self.forget()
        for x, upstream in calls:
            tape, output = self.record(x)
            self.go_back(tape, output, upstream)
        self.collect()

    def two_graphs(self, *calls: Any) -> None:
        self.forget()
        recorded = [self.record(x) for x, _ in calls]
        for (tape, output), (_, upstream) in zip(recorded, calls):
            self.go_back(tape, output, upstream)
        self.collect()

    def one_graph(self, *calls: Any) -> None:
        xs, upstreams = zip(*calls)
        output, gradients = self.find("share")(self.layer, list(xs), list(upstreams))
        self.execution.keep_output(output)
        self.execution.enter("backward")
        self.execution.keep_gradients(gradients)

    def retain(self, step: Dict[str, Any]) -> None:
        self.forget()
        tape, output = self.record(self.x)
        first = self.make(step["arrays"]["grad_output"])
        self.go_back(tape, output, first, "retain" if step["retained"] else "accumulate")
        self.go_back(tape, output, self.upstream)
        self.collect()

    def overtake(self, step: Dict[str, Any]) -> None:
        self.forget()
        tape, output = self.record(self.x)
        for name, array in step["arrays"].items():
            self.find("change")(self.layer, name, decode_array(array), array[0])
        self.execution.read_back(self.execution.find_parameters(self.layer))
        self.go_back(tape, output, self.upstream)
        self.collect()

    def forget(self) -> None:
        """What the calls before have left is not added to."""
        if hasattr(self.adapter, "forget"):
            self.adapter.forget(self.layer)

    def record(self, x: Any) -> Any:
        """Forward: what the gradients are taken of, and the output, which is kept."""
        self.execution.enter("forward")
        tape, output = self.find("record")(self.layer, x)
        self.execution.keep_output(output)
        return tape, output

    def go_back(self, tape: Any, output: Any, upstream: Any, how: str = "accumulate") -> None:
        self.execution.enter("backward")
        self.find(how)(tape, output, upstream)

    def collect(self) -> None:
        self.execution.keep_gradients(self.find("collect")(self.layer, self.x))
