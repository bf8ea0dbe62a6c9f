"""The conversation of a worker: settings, greeting, calls and their results, the end."""

import faulthandler
import gc
import importlib
import os
import shutil
from typing import Any, Dict, Tuple

from .apis import read_all_defaults
from .last_words import Progress, open_noise, read_last_words
from .machine import describe_machine
from .moded import Moded
from .texts import clean, describe_exception


def main(channel: Any, folder: str) -> None:
    """Answer the calls that arrive, in a folder of this worker's own, and end the process.

    The settings name the module of the adapter, that of its modes and the mode, the device, the APIs whose defaults are
    asked for, the bytes of memory that this process may use, and the folder of a worker that died before this one, if
    any.
    """
    settings = channel.receive()
    previous = settings["previous"]
    words = read_last_words(previous) if previous else {}
    adapter, greeting = start_framework(settings)
    progress = Progress("progress")
    noise = open_noise("stderr")
    greeting.update(pid=os.getpid(), folder=folder, previous=words)
    if adapter is None:
        channel.send(greeting)
    else:
        # These need NumPy, which is there if the adapter is.
        from .loop import answer_calls
        from .state import Memory, State, perturb_memory

        state = State(folder, noise)
        state.restore()
        # The first time it may import what a framework puts off: Keras' seed is TensorFlow's too, which takes seconds.
        # That is a part of the start, and not of the first call, whose time is limited.
        adapter.reset()
        memory = Memory(settings["memory"])
        faulthandler.enable(noise, all_threads=False)
        if previous:
            shutil.rmtree(previous, ignore_errors=True)
        # Collections pass over what the framework has made so far. MindSpore asks for one with every graph.
        gc.freeze()
        perturb_memory()
        channel.send(greeting)
        answer_calls(channel, adapter, progress, state, memory)
    os.chdir("/")
    shutil.rmtree(folder, ignore_errors=True)
    # Not by way of the framework's own clean-up, which may hang or crash; no result is on its way.
    os._exit(0)


def start_framework(settings: Dict[str, Any]) -> Tuple[Any, Dict[str, Any]]:
    """The adapter and the greeting; no adapter where the framework cannot be used."""
    try:
        adapter: Any = importlib.import_module(settings["adapter"])
        if settings["mode"]:
            adapter = Moded(adapter, settings["mode"], importlib.import_module(settings["modes"]).MODES)
        adapter.setup(settings["device"])
        environment = describe_machine()
        environment["mode"] = "eager"
        environment.update(adapter.environment())
        greeting = {
            "version": clean(adapter.version()),
            "environment": {name: clean(value) for name, value in environment.items()},
            "defaults": read_all_defaults(adapter, settings["apis"]),
        }
    except BaseException as error:
        raised = describe_exception(error, "start")
        return None, {"failed": "{class}: {message}".format(**raised)}
    return adapter, greeting
