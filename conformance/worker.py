"""The loop in a target's interpreter. Its source travels over execnet, so a target needs nothing installed.

Standard library and NumPy only, Python 3.8 and later. The first message is the settings; the answer is a
greeting (versions, or why the framework cannot be used). Then every message is a list of calls, and each call
is answered by one result, in order. All of it is builtin types; arrays travel as (dtype, shape, bytes).
"""

import importlib
import inspect
import os
import platform
import random
import shutil
import sys
import tempfile
import time

MAX_MESSAGE = 4000  # characters of an exception's message that are kept
MAX_ELEMENTS = 50_000_000  # of an output; more is not sent back


class Lacking(Exception):
    """This framework, version or device has no such API or dtype."""


class Bound:
    """A functional API with its parameters, called as a module is."""

    def __init__(self, function, arguments):
        self.function, self.arguments = function, arguments
        self.weight = self.bias = None

    def __call__(self, x):
        return self.function(x, weight=self.weight, bias=self.bias, **self.arguments)


class Progress:
    """Writes which call is in which phase to a file, where it survives a crash of this process."""

    def __init__(self, path):
        self.file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def mark(self, call, phase):
        os.pwrite(self.file, ("%d %s" % (call, phase)).ljust(40).encode(), 0)


def resolve(api):
    """The object that a dotted name means, imported from the longest importable prefix."""
    parts = api.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for name in parts[count:]:
            if not hasattr(found, name):
                raise Lacking("%s has no %s" % (parts[0], api))
            found = getattr(found, name)
        return found
    raise Lacking("no module for %s" % api)


def decode(value, adapter):
    """An argument from the wire; the inverse of `conformance.values.to_wire`."""
    import numpy as np

    if isinstance(value, dict):
        if "dtype" in value:
            return dtype_of(value["dtype"], adapter)
        if value["array"]:
            return np.array(value["value"], dtype=value["numpy"])
        return getattr(np, value["numpy"])(value["value"])
    if isinstance(value, (tuple, list)):
        return type(value)(decode(item, adapter) for item in value)
    if isinstance(value, frozenset):
        return set(value)
    return value


def dtype_of(name, adapter):
    if name not in adapter.DTYPES:
        raise Lacking("%s has no dtype %s" % (adapter.FRAMEWORK, name))
    return adapter.DTYPES[name]


def from_wire(array):
    """A NumPy array from the wire; bfloat16 as its 16-bit patterns."""
    import numpy as np

    dtype, shape, data = array
    return np.frombuffer(data, dtype="uint16" if dtype == "bfloat16" else dtype).reshape(shape).copy()


def to_wire(array, dtype):
    if array.size > MAX_ELEMENTS:
        raise MemoryError("an array of shape %r is too large to send back" % (array.shape,))
    return dtype, tuple(int(n) for n in array.shape), array.tobytes()


def clean(text):
    """Text that can be sent: no lone surrogates, not endless."""
    return str(text)[:MAX_MESSAGE].encode("utf-8", "backslashreplace").decode("utf-8")


def name_of(cls):
    return cls.__qualname__ if cls.__module__ == "builtins" else "%s.%s" % (cls.__module__, cls.__qualname__)


def describe(error, phase):
    try:
        message = str(error)
    except Exception as broken:  # an exception whose own __str__ fails is still an exception of the framework
        message = "<its message cannot be shown: %s>" % type(broken).__name__
    bases = [name_of(cls) for cls in type(error).__mro__[1:] if cls is not object]
    return {"phase": phase, "class": name_of(type(error)), "bases": bases, "message": clean(message)}


class Call:
    """One call, phase by phase; `result` holds whatever was observed before it ended."""

    def __init__(self, adapter, call, progress):
        self.adapter, self.call, self.progress = adapter, call, progress
        self.phase = "construct"
        self.result = {"id": call["id"], "parameters": {}, "values": {}, "gradients": {}}

    def enter(self, phase):
        self.phase = self.result["phase"] = phase
        self.progress.mark(self.call["id"], phase)

    def run(self):
        started = time.perf_counter()
        try:
            self.enter("construct")
            random.seed(0)
            self.adapter.reset()
            self.steps()
        except Lacking as error:
            self.result["lacking"] = clean(error)
        except (Exception, SystemExit, KeyboardInterrupt, GeneratorExit) as error:
            self.result["raised"] = describe(error, self.phase)
            if self.adapter.lacks(error):
                self.result["lacking"] = self.result["raised"]["message"]
                if self.call.get("infer") and self.phase == "forward":
                    self.infer()
        self.result["seconds"] = time.perf_counter() - started
        return self.result

    def steps(self):
        adapter, call = self.adapter, self.call
        api = resolve(call["api"])
        if call.get("defaults"):
            signature = inspect.signature(api)
            self.result["defaults"] = {
                name: repr(item.default)
                for name, item in signature.parameters.items()
                if item.default is not inspect.Parameter.empty
            }
            return
        layer = self.build(api, call["arguments"])
        if layer is None or "x" not in call["arrays"]:
            return
        self.enter("forward")
        x = self.tensor(call["arrays"]["x"], call["layout"])
        output = adapter.forward(layer, x)
        self.result["output"] = to_wire(*adapter.array(output))
        if call.get("same_as") is not None:
            other = self.build(api, call["same_as"])
            self.enter("forward")
            self.result["other"] = to_wire(*adapter.array(adapter.forward(other, x)))
        if "grad_output" in call["arrays"]:
            if self.result["output"][1] != call["arrays"]["grad_output"][1]:
                return  # no gradient has a meaning where the shape is another than expected
            self.enter("backward")
            grad_output = self.tensor(call["arrays"]["grad_output"], "contiguous")
            for name, gradient in adapter.backward(layer, x, output, grad_output).items():
                self.result["gradients"][name] = to_wire(*adapter.array(gradient))

    def build(self, api, arguments):
        """Construct the layer and set its parameters; None where they are not of the shapes to be set."""
        adapter, arrays = self.adapter, self.call["arrays"]
        self.enter("construct")
        decoded = {name: decode(value, adapter) for name, value in arguments.items()}
        if self.call["functional"]:
            self.enter("parameters")
            layer = Bound(api, decoded)
            for name in ("weight", "bias"):
                if name in arrays:
                    dtype_of(arrays[name][0], adapter)
                    setattr(layer, name, adapter.parameter(from_wire(arrays[name]), arrays[name][0]))
            return layer
        layer = adapter.construct(api, decoded)
        self.enter("parameters")
        found = adapter.parameters(layer)
        for name, parameter in found.items():
            array, dtype = adapter.array(parameter)
            self.result["parameters"][name] = (dtype, tuple(int(n) for n in array.shape))
            if self.call.get("values"):
                self.result["values"][name] = to_wire(array, dtype)
        wanted = {name: arrays[name] for name in ("weight", "bias") if name in arrays}
        if set(wanted) and {n: a[1] for n, a in wanted.items()} != {n: s for n, (_, s) in self.result["parameters"].items()}:
            return None
        for name, array in wanted.items():
            dtype_of(array[0], adapter)
            adapter.set_parameter(layer, name, from_wire(array), array[0])
        return layer

    def tensor(self, array, layout):
        dtype_of(array[0], self.adapter)
        return self.adapter.tensor(from_wire(array), array[0], layout)

    def infer(self):
        """Ask the framework's own shape inference, where its adapter can, for what the device cannot run."""
        try:
            layer = self.build(resolve(self.call["api"]), self.call["arguments"])
            self.enter("forward")
            self.result["inferred"] = self.adapter.infer(layer, self.tensor(self.call["arrays"]["x"], "contiguous"))
        except Exception as error:
            self.result["infer_raised"] = describe(error, "forward")


def environment(adapter):
    import numpy as np

    threads = {name: os.environ[name] for name in sorted(os.environ) if name.endswith("_NUM_THREADS")}
    found = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "threads": " ".join("%s=%s" % item for item in threads.items()),
    }
    found.update(adapter.environment())
    return {name: clean(value) for name, value in found.items()}


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def last_words(folder):
    """What the worker that died in a folder left behind: its call and phase, and its last lines of output."""
    found = {}
    for name, length in (("progress", 64), ("stderr", 4000)):
        try:
            with open(os.path.join(folder, name), "rb") as file:
                file.seek(max(os.path.getsize(file.name) - length, 0))
                found[name] = clean(file.read().decode("utf-8", "replace")).strip()
        except OSError:
            found[name] = ""
    shutil.rmtree(folder, ignore_errors=True)
    return found


def main(channel):
    settings = channel.receive()
    previous = last_words(settings["previous"]) if settings["previous"] else {}
    folder = tempfile.mkdtemp(prefix="conformance-")
    os.chdir(folder)
    # What a framework prints must reach neither the wire nor the terminal; the next worker reads its last lines.
    noise = os.open("stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(noise, 1)
    os.dup2(noise, 2)
    progress = Progress("progress")
    # From a file, because some frameworks compile what they can read back from one.
    name = "conformance_adapter_" + settings["framework"]
    with open(name + ".py", "w", encoding="utf-8") as file:
        file.write(settings["adapter"])
    sys.path.insert(0, folder)
    try:
        adapter = importlib.import_module(name)
        adapter.setup(settings["device"])
        greeting = {"version": clean(adapter.version()), "environment": environment(adapter)}
    except BaseException as error:
        greeting = {"failed": "%s: %s" % (name_of(type(error)), clean(error))}
    greeting.update(pid=os.getpid(), folder=folder, previous=previous)
    channel.send(greeting)
    try:
        for calls in channel:
            for call in calls:
                channel.send(Call(adapter, call, progress).run())
    finally:
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__channelexec__":
    main(channel)  # type: ignore[name-defined]  # noqa: F821
