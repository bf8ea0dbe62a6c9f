"""The loop in a target's interpreter. Its source travels over execnet, so a target needs nothing installed.

Standard library and NumPy only, Python 3.8 and later. The first message is the settings; the answer is a
greeting (versions, or why the framework cannot be used). Then every message is a list of calls, and each call
is answered by one result, in order. All of it is builtin types; arrays travel as (dtype, shape, bytes).

Nothing that a framework does is trusted here: it may end this process, print, change its state or raise what
cannot be shown. What survives the process is in its folder, where the next worker reads it.
"""

import faulthandler
import functools
import importlib
import inspect
import locale
import os
import platform
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import warnings
from typing import Any, Dict, List, Tuple

MAX_MESSAGE = 4000  # characters of an exception's message that are kept
MAX_ELEMENTS = 50_000_000  # of an output; more is not sent back
LAST_LINES = 20  # of what a call printed

Wire = Tuple[str, Tuple[int, ...], bytes]


class Lacking(Exception):  # noqa: N818
    """This framework, version or device has no such API or dtype."""


class Unreadable(Exception):  # noqa: N818
    """What was returned is no array of numbers."""


class Bound:
    """A functional API with its parameters, called as a module is."""

    def __init__(self, function: Any, arguments: Dict[str, Any], positional: List[str]) -> None:
        self.function, self.arguments, self.positional = function, arguments, positional
        self.weight: Any = None
        self.bias: Any = None

    def __call__(self, x: Any) -> Any:
        arguments = dict(self.arguments, weight=self.weight, bias=self.bias)
        ordered = [arguments.pop(name) for name in self.positional]
        return self.function(x, *ordered, **arguments)


class Progress:
    """Writes which call is in which phase to a file, where it survives a crash of this process."""

    def __init__(self, path: str) -> None:
        self.file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def mark(self, call: int, phase: str) -> None:
        os.pwrite(self.file, ("%d %s" % (call, phase)).ljust(40).encode(), 0)


def resolve(api: str) -> Any:
    """The object that a dotted name means, imported from the longest importable prefix."""
    parts = api.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for name in parts[count:]:
            if not hasattr(found, name):
                raise Lacking("%s has no %s" % (parts[0], api))
            found = getattr(found, name)
        return found
    raise Lacking("no module for %s" % api)


def decode(value: Any, adapter: Any) -> Any:
    """An argument from the wire; the inverse of `conformance.values.to_wire`."""
    import numpy as np

    if isinstance(value, dict):
        if "dtype" in value:
            return dtype_of(value["dtype"], adapter)
        if "integer" in value:
            return int(value["integer"])
        if "tensor" in value:
            size = int(np.prod(value["tensor"], dtype=int))
            filled = (np.arange(size) % 5 + 1).astype("float32").reshape(value["tensor"])
            return adapter.tensor(filled, "float32", "contiguous")
        if value["array"]:
            return np.array(value["value"], dtype=value["numpy"])
        return getattr(np, value["numpy"])(value["value"])
    if isinstance(value, (tuple, list)):
        return type(value)(decode(item, adapter) for item in value)
    if isinstance(value, frozenset):
        return set(value)
    return value


def dtype_of(name: str, adapter: Any) -> Any:
    if name not in adapter.DTYPES:
        raise Lacking("%s has no dtype %s" % (adapter.FRAMEWORK, name))
    return adapter.DTYPES[name]


def from_wire(array: Wire) -> Any:
    """A NumPy array from the wire; bfloat16 as its 16-bit patterns."""
    import numpy as np

    dtype, shape, data = array
    return np.frombuffer(data, dtype="uint16" if dtype == "bfloat16" else dtype).reshape(shape).copy()


def to_wire(array: Any, dtype: Any) -> Wire:
    import numpy as np

    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufc":
        raise Unreadable("what was returned is no array of numbers: %s" % getattr(array, "dtype", type(array).__name__))
    if array.size > MAX_ELEMENTS:
        raise MemoryError("an array of shape %r is too large to send back" % (array.shape,))
    return clean(dtype), tuple(int(n) for n in array.shape), array.tobytes()


def clean(text: Any, length: int = MAX_MESSAGE) -> str:
    """Text that can be sent: no lone surrogates, not endless, and a plain str whatever class it comes from."""
    plain = str.__getitem__(str(text), slice(length))
    return str.encode(plain, "utf-8", "backslashreplace").decode("utf-8")


def repeatable(text: str) -> str:
    """Text without what differs from process to process in messages and stack traces.

    Addresses, this folder, and the numbers in a compiled graph's names for its nodes and operators, `@graph_1:node_23`
    and `Conv2D-op4`.
    """
    # From the beginning of a path alone, or the time would grow with the square of a long word's length.
    folder = r"(?<![^\s\"'])[^\s\"']*/conformance-[a-z0-9_]{8}/"
    text = re.sub(folder, "", re.sub(r"0x[0-9a-fA-F]{6,}", "0x...", text))
    # In decimals too: MegEngine prints what its stack happens to hold.
    text = re.sub(r"\b\d{14,15}\b", lambda n: "..." if int(n.group()) >> 46 == 1 else n.group(), text)
    return re.sub(r"@\w+:\w+|-op\d+", lambda node: re.sub(r"\d+", "#", node.group()), text)


def without_traces(message: str) -> str:
    """A message without those of its sections, titled between ruled lines or on a line alone, that are traces.

    They tell how the process got there, and not what is wrong; and they may be of an earlier call: MindSpore adds that
    of the last graph that did not compile to whatever error follows.
    """
    message = re.split(
        r"(?<=\S)\s*^(?:back|stack ?)trace:\s*$", message, maxsplit=1, flags=re.MULTILINE | re.IGNORECASE
    )[0]
    first, *sections = re.split(r"^-{20,}\n(.*)\n-{20,}$", message, flags=re.MULTILINE)
    trace = re.compile("traceback|backtrace|call stack", re.IGNORECASE)
    kept = [[title, text] for title, text in zip(sections[::2], sections[1::2]) if not trace.search(title)]
    if 2 * len(kept) == len(sections):
        return message
    return "\n".join(part.strip() for part in sum(kept, [first])).strip() or message


def name_of(cls: type) -> str:
    return clean(cls.__qualname__ if cls.__module__ == "builtins" else "%s.%s" % (cls.__module__, cls.__qualname__))


def describe(error: BaseException, phase: str) -> Dict[str, Any]:
    try:
        message = repeatable(without_traces(clean(error, 4 * MAX_MESSAGE)))[:MAX_MESSAGE]
    except BaseException as broken:  # an exception whose own __str__ fails is still an exception of the framework
        message = "<its message cannot be shown: %s>" % name_of(type(broken))
    bases = [name_of(cls) for cls in type(error).__mro__[1:] if cls is not object]
    return {"phase": phase, "class": name_of(type(error)), "bases": bases, "message": message}


class Call:
    """One call, phase by phase; `result` holds whatever was observed before it ended."""

    def __init__(self, adapter: Any, call: Dict[str, Any], progress: Progress) -> None:
        self.adapter, self.call, self.progress = adapter, call, progress
        self.phase = "construct"
        self.result: Dict[str, Any] = {"id": call["id"], "parameters": {}, "values": {}, "gradients": {}}

    def enter(self, phase: str) -> None:
        self.phase = self.result["phase"] = phase
        self.progress.mark(self.call["id"], phase)

    def run(self) -> Dict[str, Any]:
        started = time.perf_counter()
        try:
            self.enter("construct")
            self.steps()
        except Lacking as error:
            self.result["lacking"] = clean(error)
        except BaseException as error:  # frameworks raise SystemExit, and panics that are no Exception
            self.result["raised"] = describe(error, self.phase)
            if self.lacks(error):
                self.result["lacking"] = self.result["raised"]["message"]
                if self.call["infer"] and self.phase == "forward" and hasattr(self.adapter, "infer"):
                    self.infer()
        self.result["seconds"] = time.perf_counter() - started
        return self.result

    def lacks(self, error: BaseException) -> bool:
        try:
            return bool(self.adapter.lacks(error))
        except BaseException:  # its message cannot be read
            return False

    def steps(self) -> None:
        adapter, call = self.adapter, self.call
        api = resolve(call["api"])
        if call.get("defaults"):
            self.result["defaults"] = defaults_of(api)
            return
        layer = self.build(api, call["arguments"])
        if layer is None or "x" not in call["arrays"]:
            return
        self.enter("forward")
        x = self.tensor(call["arrays"]["x"], call["layout"])
        self.read_back({"x": x})
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
                self.result["gradients"][clean(name)] = to_wire(*adapter.array(gradient))

    def build(self, api: Any, arguments: Dict[str, Any]) -> Any:
        """Construct the layer and set its parameters; None where they are not of the shapes to be set."""
        adapter, arrays = self.adapter, self.call["arrays"]
        self.enter("construct")
        decoded = {name: decode(value, adapter) for name, value in arguments.items()}
        if self.call["functional"]:
            self.enter("parameters")
            layer = Bound(api, decoded, self.call["positional"])
            for name in ("weight", "bias"):
                if name in arrays:
                    dtype_of(arrays[name][0], adapter)
                    setattr(layer, name, adapter.parameter(from_wire(arrays[name]), arrays[name][0]))
            self.read_back({"weight": layer.weight, "bias": layer.bias})
            return layer
        ordered = [decoded.pop(name) for name in self.call["positional"]]
        layer = adapter.construct(functools.partial(api, *ordered), decoded)
        self.enter("parameters")
        found = adapter.parameters(layer)
        for name, parameter in found.items():
            array, dtype = adapter.array(parameter)
            self.result["parameters"][clean(name)] = (clean(dtype), tuple(int(n) for n in array.shape))
            if self.call.get("values"):
                self.result["values"][name] = to_wire(array, dtype)
        wanted = {name: arrays[name] for name in ("weight", "bias") if name in arrays}
        shapes = {name: shape for name, (_, shape) in self.result["parameters"].items()}
        if wanted and {name: array[1] for name, array in wanted.items()} != shapes:
            return None
        for name, array in wanted.items():
            dtype_of(array[0], adapter)
            adapter.set_parameter(layer, name, from_wire(array), array[0])
        if wanted:
            self.read_back(adapter.parameters(layer))
        return layer

    def read_back(self, held: Dict[str, Any]) -> None:
        """Where asked for, what the framework holds after it was given: a certificate compares the bits."""
        if self.call.get("read_back"):
            for name, tensor in held.items():
                if tensor is not None:
                    self.result["values"][name] = to_wire(*self.adapter.array(tensor))

    def tensor(self, array: Wire, layout: str) -> Any:
        dtype_of(array[0], self.adapter)
        return self.adapter.tensor(from_wire(array), array[0], layout)

    def infer(self) -> None:
        """Ask the framework's own shape inference, where its adapter can, for what the device cannot run."""
        try:
            layer = self.build(resolve(self.call["api"]), self.call["arguments"])
            self.enter("forward")
            self.result["inferred"] = self.adapter.infer(layer, self.tensor(self.call["arrays"]["x"], "contiguous"))
        except BaseException as error:
            if not self.lacks(error):
                self.result["raised"] = describe(error, "forward")
                self.result["inferred_rejection"] = True
                del self.result["lacking"]


def environment(adapter: Any) -> Dict[str, str]:
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


def processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def last_words(folder: str) -> Dict[str, str]:
    """What the worker that died in a folder left behind: its call and phase, and the call's last lines of output."""
    found = {}
    for name, length in (("progress", 64), ("stderr", 8000)):
        try:
            with open(os.path.join(folder, name), "rb") as file:
                file.seek(max(os.path.getsize(file.name) - length, 0))
                found[name] = file.read().decode("utf-8", "replace").strip()
        except OSError:
            found[name] = ""
    found["stderr"] = _telling(found["stderr"])
    return {name: clean(text) for name, text in found.items()}


def _telling(text: str) -> str:
    """The last lines without what differs from run to run (addresses) or says nothing of the framework (this loop)."""
    ours = ("Extension modules: ", '  File "<remote exec>"', '  File "<string>"')
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(ours)]
    return repeatable("\n".join(lines[-LAST_LINES:]))


class State:
    """What a call may leave changed in this process and the next one must find as it was."""

    def __init__(self, folder: str, noise: int, limit: int) -> None:
        import numpy as np

        self.np = np
        random.seed(0)
        self.folder, self.noise = folder, noise
        self.null = os.open(os.devnull, os.O_RDONLY)
        self.environ = dict(os.environ)
        # The mapping behind os.environ, whose comparison is a hundred times cheaper.
        self.encoded = dict(os.environ._data)  # type: ignore[attr-defined]
        self.filters = list(warnings.filters)
        self.locale = locale.setlocale(locale.LC_ALL)
        self.path = list(sys.path)
        self.recursion = sys.getrecursionlimit()
        self.floating = np.geterr()
        self.affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
        self.random = random.getstate()
        try:
            self.statm = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:
            self.statm = -1
        used = self.used()
        self.most = used + (limit - used) // 2

    def restore(self) -> None:
        """Undo what a call did, in about 30 microseconds. Raises whatever cannot be undone."""
        try:
            os.chdir(self.folder)
        except FileNotFoundError:
            os.mkdir(self.folder)
            os.chdir(self.folder)
        for descriptor, source in ((0, self.null), (1, self.noise), (2, self.noise)):
            os.dup2(source, descriptor)
        if os.fstat(self.noise).st_size:
            os.ftruncate(self.noise, 0)
        for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
            original = getattr(sys, "__%s__" % name)
            if original is None or original.closed:
                original = open(("stdin", "stdout", "stderr").index(name), mode, closefd=False)
                setattr(sys, "__%s__" % name, original)
            setattr(sys, name, original)
        if os.environ._data != self.encoded:  # type: ignore[attr-defined]
            os.environ.clear()
            os.environ.update(self.environ)
        if warnings.filters != self.filters:
            warnings.resetwarnings()
            warnings.filters[:] = self.filters  # type: ignore[index]
        if locale.setlocale(locale.LC_ALL) != self.locale:
            locale.setlocale(locale.LC_ALL, self.locale)
        if sys.path != self.path:
            sys.path[:] = self.path
        if self.affinity is not None and os.sched_getaffinity(0) != self.affinity:
            os.sched_setaffinity(0, self.affinity)
        signal.alarm(0)
        sys.setrecursionlimit(self.recursion)
        self.np.seterr(**self.floating)
        random.setstate(self.random)
        self.np.random.seed(0)

    def used(self) -> int:
        """Bytes that count towards the memory limit; 0 where the system does not say."""
        try:
            return int(os.pread(self.statm, 100, 0).split()[5]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0

    def spent(self) -> bool:
        """Whether calls have kept half of the memory that there was for one: the next belongs to a fresh process."""
        return self.used() > self.most


def defaults_of(api: Any) -> Dict[str, str]:
    """The repr of each default in a signature. ValueError where it has none that can be read."""
    items = inspect.signature(api).parameters.items()
    return {name: clean(repr(item.default)) for name, item in items if item.default is not inspect.Parameter.empty}


def readable_defaults(apis: List[str]) -> Dict[str, Dict[str, str]]:
    """`defaults_of` by API, for those that exist and can be read."""
    found = {}
    for api in apis:
        try:
            found[api] = defaults_of(resolve(api))
        except (Lacking, TypeError, ValueError):
            continue
    return found


def start(settings: Dict[str, Any], folder: str) -> Tuple[Any, Dict[str, Any]]:
    """The adapter and the greeting; no adapter when the framework cannot be used."""
    # From a file, because some frameworks compile what they can read back from one.
    name = "conformance_adapter_" + settings["framework"]
    with open(os.path.join(folder, name + ".py"), "w", encoding="utf-8") as file:
        file.write(settings["adapter"])
    sys.path.insert(0, folder)
    try:
        adapter: Any = importlib.import_module(name)
        adapter.setup(settings["device"])
        greeting = {"version": clean(adapter.version()), "environment": environment(adapter)}
        greeting["defaults"] = readable_defaults(settings["apis"])
        return adapter, greeting
    except BaseException as error:
        raised = describe(error, "start")
        return None, {"failed": "%s: %s" % (raised["class"], raised["message"])}


def answer(channel: Any, result: Dict[str, Any]) -> None:
    try:
        channel.send(result)
    except OSError:
        raise
    except Exception as error:  # what cannot be sent was not: the wire is intact
        channel.send({"unsendable": clean(error)})


def work(channel: Any, adapter: Any, progress: Progress, state: State) -> None:
    """Answer calls until there are no more, or until this process is fit for none."""
    answered = 0
    for calls in channel:
        for call in calls:
            try:
                state.restore()
                adapter.reset()
            except BaseException:
                if not answered:
                    raise
                return  # what an earlier call did cannot be undone: the rest goes to a fresh process
            answer(channel, Call(adapter, call, progress).run())
            answered += 1
            if state.spent():
                return


def main(channel: Any) -> None:
    settings = channel.receive()
    previous = last_words(settings["previous"]) if settings["previous"] else {}
    folder = tempfile.mkdtemp(prefix="conformance-")
    os.chdir(folder)
    adapter, greeting = start(settings, folder)
    progress = Progress("progress")
    # What a framework prints must reach neither the wire nor the terminal; the next worker reads its last lines.
    noise = os.open("stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if adapter is not None:
        state = State(folder, noise, settings["memory"])
        state.restore()
        faulthandler.enable(noise, all_threads=False)
        if settings["previous"]:
            shutil.rmtree(settings["previous"], ignore_errors=True)
    greeting.update(pid=os.getpid(), folder=folder, previous=previous)
    channel.send(greeting)
    if adapter is not None:
        work(channel, adapter, progress, state)
    os.chdir("/")
    shutil.rmtree(folder, ignore_errors=True)
    # Not by way of the framework's own clean-up, which may hang or crash; no result is on its way.
    os._exit(0)


if __name__ == "__channelexec__":
    main(channel)  # type: ignore[name-defined]  # noqa: F821
