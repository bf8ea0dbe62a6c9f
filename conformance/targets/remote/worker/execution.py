"""One call, phase by phase, and what was observed of it."""

import contextlib
import functools
import os
import sys
import time
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

import numpy as np

from .apis import CalledLayer, FunctionalLayer, Lacking, find_callable, read_defaults
from .last_call import LastCall
from .last_words import Progress
from .sequel import Sequel
from .texts import clean, describe_exception, make_repeatable
from .threads import call_elsewhere, call_together
from .values import WireArray, decode_array, decode_value, describe_type, encode_array, encode_shape, find_dtype

PARAMETERS = ("weight", "bias")
OF_NEXT_CALL = ("add", "retain", "overtake")  # the steps that say how it goes
ROUNDS = 100  # in which two threads call at the same time


class Execution:
    """The execution of one call. `result` holds whatever was observed before it ended."""

    def __init__(
        self, adapter: Any, call: Dict[str, Any], progress: Progress, foretold: Optional[Tuple[str, Any]] = None
    ) -> None:
        """`call` is what `conformance/targets/protocol.py` sends: an API, its arguments, and the call's arrays.

        `foretold` is what was inferred of its output together with others', if it was.
        """
        self.adapter = adapter
        self.call = call
        self.arrays: Dict[str, WireArray] = call["arrays"]
        self.progress = progress
        self.foretold = foretold
        self.phase = "construct"
        self.result: Dict[str, Any] = {"id": call["id"], "parameters": {}, "values": {}, "gradients": {}}

    def run(self) -> Dict[str, Any]:
        """Make the call. Whatever is raised is observed, even what is no Exception: SystemExit, or a panic."""
        started = time.perf_counter()
        try:
            self.enter("construct")
            self.take_steps()
        except Lacking as error:
            self.result["lacking"] = clean(error)
        except BaseException as error:
            self.result["raised"] = describe_exception(error, self.phase)
            if self.says_lacking(error):
                self.result["lacking"] = self.result["raised"]["message"]
                if self.call["infer"] and self.phase == "forward" and hasattr(self.adapter, "infer"):
                    self.infer()
        self.result["seconds"] = time.perf_counter() - started
        return self.result

    def enter(self, phase: str) -> None:
        self.phase = self.result["phase"] = phase
        self.progress.mark(self.call["id"], phase)

    def says_lacking(self, error: BaseException) -> bool:
        """Whether an exception says that this device or version lacks the operation."""
        try:
            return bool(self.adapter.lacks(error))
        except BaseException:  # its message cannot be read
            return False

    def take_steps(self) -> None:
        """Construct, set the parameters, run forward and backward: as far as the call goes."""
        api = find_callable(self.adapter, self.call["api"])
        if self.call.get("defaults"):
            self.result["defaults"] = read_defaults(api)
            return
        layer = self.build(api, self.call["arguments"])
        if self.call.get("unlike") is not None:
            self.result["texts"] = [self.print_layer(layer), self.print_layer(self.build_beside(api))]
        if self.call.get("state") and layer is not None:
            self.read_state(layer)
        if layer is None or "x" not in self.arrays:
            return
        steps = self.call.get("then", ())
        x = None
        if not steps or steps[0]["step"] != "threads":
            x = self.call_layer(api, layer, self.arrays, self.call["layout"], is_last=not steps)
        if self.call.get("same_as") is not None:
            other = self.build(api, self.call["same_as"])
            self.enter("forward")
            self.result["other"] = self.encode_image(self.adapter.forward(other, x))
        sequel = Sequel(self.adapter, self.call["api"], lambda: self.build(api, self.call["arguments"]))
        threads: Dict[str, Any] = {"number": 0}
        otherwise: Optional[Dict[str, Any]] = None
        for step in steps:
            if step["step"] == "threads":
                threads = step
            elif step["step"] in OF_NEXT_CALL:
                otherwise = step
            elif step["step"] == "call" and otherwise is not None:
                LastCall(self, layer, step).run(otherwise)
            elif step["step"] == "call" and threads["number"] == 2:
                self.race(layer, step, self.build(api, self.call["arguments"]), threads["arrays"])
            elif step["step"] == "call":
                call = functools.partial(self.call_layer, api, layer, step["arrays"], step["layout"], step is steps[-1])
                if threads["number"]:
                    call_elsewhere(call)
                else:
                    call()
            else:
                self.enter("then")
                layer = sequel.take(layer, step)
                self.read_back(self.find_parameters(layer))

    def call_layer(self, api: Any, layer: Any, arrays: Dict[str, WireArray], layout: str, is_last: bool) -> Any:
        """Call the layer, go back, and keep what comes of it if it is the last call; its x."""
        try:
            self.enter("forward")
            x = self.make_tensor(arrays["x"], layout)
            if self.call.get("read_back"):
                self.result["values"]["x"] = self.encode_image(x)
            self.read_strides(x)
            with self.witness(api):
                output = self.adapter.forward(layer, x)
            self.keep_output(output)
            if "grad_output" in arrays:
                self.differentiate(layer, x, output, arrays["grad_output"])
            return x
        finally:
            if not is_last:
                self.result.pop("output", None)
                self.result["gradients"] = {}

    def race(self, layer: Any, step: Dict[str, Any], other: Any, arrays: Dict[str, WireArray]) -> None:
        """Call a layer again and again while another thread calls another one, and count what comes of it."""
        for name in self.find_parameters(other):
            self.adapter.change(other, name, decode_array(arrays[name]), arrays[name][0])
        self.enter("forward")
        inputs = [self.make_tensor(held["x"], step["layout"]) for held in (step["arrays"], arrays)]
        calls = [functools.partial(self.read_output, one, x) for one, x in zip((layer, other), inputs)]
        rounds: Dict[str, Any] = {}
        for _ in range(ROUNDS):
            output, error = call_together(calls)[0]
            raised = None if error is None else describe_exception(error, self.phase)
            times = rounds.get(repr((output, raised)), (0,))[0]
            rounds[repr((output, raised))] = (times + 1, output, raised)
        self.result["rounds"] = list(rounds.values())

    def read_output(self, layer: Any, x: Any) -> WireArray:
        return self.encode_image(self.adapter.forward(layer, x))

    def differentiate(self, layer: Any, x: Any, output: Any, upstream: WireArray) -> None:
        """Run backward, unless the output is of another shape than expected: then no gradient has a meaning."""
        shape = self.result["output"][1]
        if shape != upstream[1]:
            return
        self.enter("backward")
        grad_output = self.make_tensor(upstream, "contiguous")
        with self.witness(None):
            gradients = self.adapter.backward(layer, x, output, grad_output)
        self.keep_gradients(gradients)

    def keep_output(self, output: Any) -> None:
        self.result["output"] = self.encode_image(output)

    def keep_gradients(self, gradients: Dict[str, Any]) -> None:
        for name, gradient in gradients.items():
            encode = self.encode_image if name == "input" else self.encode
            self.result["gradients"][clean(name)] = encode(gradient)

    def build(self, api: Any, arguments: Dict[str, Any]) -> Any:
        """Construct the layer and set its parameters; None where they are not of the shapes to be set."""
        self.enter("construct")
        decoded = {name: decode_value(value, self.adapter) for name, value in arguments.items()}
        if self.call["functional"]:
            return self.build_functional(api, decoded)
        at_call = {name: decoded.pop(name) for name in self.call["at_call"] if name in decoded}
        ordered = [decoded.pop(name) for name in self.call["positional"]]
        made = self.adapter.construct(functools.partial(self.listen(api), *ordered), decoded)
        self.build_for_first(made)
        layer = self.set_parameters(made)
        return CalledLayer(layer, at_call) if at_call and layer is not None else layer

    def build_beside(self, api: Any) -> Any:
        """The layer that the first is to be told from; the parameters that were observed stay those of the first.

        It is made as the first one was: a number that runs in its text tells of no argument.
        """
        self.adapter.reset()
        observed = self.result["parameters"]
        self.result["parameters"] = {}
        layer = self.build(api, self.call["unlike"])
        self.result["parameters"] = observed
        return layer

    def read_state(self, layer: Any) -> None:
        """What the framework saves of a layer: names and shapes, where it saves such."""
        if hasattr(self.adapter, "state"):
            self.enter("then")
            self.result["state"] = {clean(name): encode_shape(held) for name, held in self.adapter.state(layer).items()}

    def print_layer(self, layer: Any) -> str:
        """What is printed of a layer, without what differs from process to process."""
        self.enter("then")
        return make_repeatable(clean(repr(layer)))

    def build_for_first(self, layer: Any) -> None:
        """Give a layer its parameters, where the framework does so when it is called: an error is that of the call."""
        if hasattr(self.adapter, "build") and self.call["first"]:
            self.enter("forward")
            shape, dtype = self.call["first"]
            if self.call["channels_last"] and len(shape) >= 3:
                shape = (*shape[:-3], *shape[-2:], shape[-3])
            self.adapter.build(layer, tuple(shape), dtype)

    def build_functional(self, function: Any, arguments: Dict[str, Any]) -> FunctionalLayer:
        """A functional API has no construction: it is given its parameters with every call."""
        self.enter("parameters")
        layer = FunctionalLayer(self.listen(function), arguments, self.call["positional"], self.call["operands"])
        for name in PARAMETERS:
            if name in self.arrays:
                dtype = self.arrays[name][0]
                find_dtype(dtype, self.adapter)
                setattr(layer, name, self.adapter.parameter(decode_array(self.arrays[name]), dtype))
        self.read_back(self.find_parameters(layer))
        return layer

    def find_parameters(self, layer: Any) -> Dict[str, Any]:
        if self.call["functional"]:
            return {"weight": layer.weight, "bias": layer.bias}
        return dict(self.adapter.parameters(layer))

    def set_parameters(self, layer: Any) -> Any:
        """Observe the parameters of a new layer, and set them; the layer, or None as `build` says."""
        self.enter("parameters")
        self.observe_parameters(layer)
        arrays = {name: self.arrays[name] for name in PARAMETERS if name in self.arrays}
        if not arrays:
            return layer
        needed = {name: shape for name, (_, shape, _) in arrays.items()}
        shapes = {name: shape for name, (_, shape) in self.result["parameters"].items()}
        if needed != shapes:
            return None
        for name, array in arrays.items():
            find_dtype(array[0], self.adapter)
            self.adapter.set_parameter(layer, name, decode_array(array), array[0])
        self.read_back(self.find_parameters(layer))
        return layer

    def observe_parameters(self, layer: Any) -> None:
        """Keep each parameter's dtype and shape, and where asked for its initial values."""
        for name, parameter in self.adapter.parameters(layer).items():
            array, dtype = self.adapter.array(parameter)
            self.result["parameters"][clean(name)] = (clean(dtype), encode_shape(array))
            if self.call.get("values"):
                self.result["values"][name] = encode_array(array, dtype)

    def read_back(self, held: Dict[str, Optional[Any]]) -> None:
        """Where asked for, what the framework holds after it was given: a certificate compares the bits."""
        if not self.call.get("read_back"):
            return
        for name, tensor in held.items():
            if tensor is not None:
                self.result["values"][name] = self.encode(tensor)

    def read_strides(self, x: Any) -> None:
        """With what is read back, how the input lies in memory, where the framework says so."""
        if self.call.get("read_back") and hasattr(self.adapter, "strides"):
            strides = np.array(self.adapter.strides(x), "int64")
            self.result["values"]["strides"] = encode_array(strides, "int64")

    def listen(self, api: Callable[..., Any]) -> Callable[..., Any]:
        """Where asked for, the API with an ear: of what type each argument is that reaches it, by name or position."""
        if not self.call.get("witness"):
            return api

        def hear(*ordered: Any, **named: Any) -> Any:
            given = {**{str(place): value for place, value in enumerate(ordered)}, **named}
            self.result["given"] = {clean(name): clean(describe_type(value)) for name, value in given.items()}
            return api(*ordered, **named)

        return hear

    @contextlib.contextmanager
    def witness(self, api: Any) -> Iterator[None]:
        """Where asked for, count the calls: of functions in the file of the API, or of any where there is no API.

        In a mode, which may run what it has made of the API, of any too.
        A certificate compares those of a call with those of the same call again.
        """
        if not self.call.get("witness"):
            yield
            return
        places = self.find_places(api)
        calls = 0

        def count(frame: Any, event: str, argument: Any) -> None:
            nonlocal calls
            if event == "call":
                calls += frame.f_code.co_filename.startswith(places)
            elif event == "c_call":
                calls += argument is api

        sys.setprofile(count)
        try:
            yield
        finally:
            sys.setprofile(None)
        self.result["values"][f"calls in {self.phase}"] = encode_array(np.array(calls), "int64")

    def find_places(self, api: Any) -> Tuple[str, ...]:
        """How the names of the files begin whose functions are counted: a class may have what it does from another."""
        if api is None or hasattr(self.adapter, "MODE"):
            packages = getattr(self.adapter, "PACKAGES", (self.adapter.FRAMEWORK,))
            return tuple(os.path.dirname(sys.modules[name].__file__ or "") + os.sep for name in packages)
        modules = {getattr(item, "__module__", None) or "builtins" for item in getattr(api, "__mro__", (api,))}
        # A binding may name a module that there is not, as pybind11 does.
        own = [sys.modules[name] for name in modules - {"builtins"} if name in sys.modules]
        return tuple(str(getattr(module, "__file__", "builtin")) for module in own) or ("builtin",)

    def encode(self, tensor: Any) -> WireArray:
        array, dtype = self.adapter.array(tensor)
        return encode_array(array, dtype)

    def encode_image(self, tensor: Any) -> WireArray:
        """What travels as (N, C, H, W), however the API has it."""
        array, dtype = self.adapter.array(tensor)
        if self.call["channels_last"] and getattr(array, "ndim", 0) >= 3:
            array = np.moveaxis(array, -1, -3)
        return encode_array(array, dtype)

    def make_tensor(self, array: WireArray, layout: str) -> Any:
        """A tensor of what travelled as (N, C, H, W), as the API has it."""
        dtype = array[0]
        find_dtype(dtype, self.adapter)
        values = decode_array(array)
        if self.call["channels_last"] and values.ndim >= 3:
            values = np.ascontiguousarray(np.moveaxis(values, -3, -1))
            if layout == "channels_last":  # which they are by their axes
                layout = "contiguous"
        return self.adapter.tensor(values, dtype, layout)

    def infer(self) -> None:
        """Ask the framework's own shape inference, where its adapter can, for what the device cannot run."""
        try:
            layer, x = self.prepare_inference() if self.foretold is None else (None, None)
            self.result["inferred"] = self.foretold or self.adapter.infer([layer], [x])[0]
        except BaseException as error:
            if not self.says_lacking(error):
                self.result["raised"] = describe_exception(error, "forward")
                self.result["inferred_rejection"] = True
                del self.result["lacking"]

    def prepare_inference(self) -> Tuple[Any, Any]:
        """The layer and its input, made anew."""
        layer = self.build(find_callable(self.adapter, self.call["api"]), self.call["arguments"])
        self.enter("forward")
        return layer, self.make_tensor(self.arrays["x"], "contiguous")
