"""Answers call after call. Every call finds the process as it was before the first one."""

import marshal
from typing import Any, Dict, Set

from .ahead import infer_ahead
from .execution import Execution
from .last_words import Progress
from .state import Memory, State
from .texts import clean


def answer_calls(channel: Any, adapter: Any, progress: Progress, state: State, memory: Memory) -> None:
    """Answer calls until there are no more, or until this process is fit for none.

    What is called in threads has a process of its own: it finds the framework unused, and nothing comes after it.
    """
    answered = 0
    lacking: Set[str] = set()  # the APIs of which an output could only be inferred
    for message in channel:
        calls = marshal.loads(message)
        foretold = infer_ahead(adapter, calls, lacking)
        for call in calls:
            is_threaded = any(step["step"] == "threads" for step in call.get("then", ()))
            if is_threaded and answered:
                return
            try:
                state.restore()
                adapter.reset()
            except BaseException:
                if not answered:
                    raise
                return  # what an earlier call did cannot be undone: the rest goes to a fresh process
            result = Execution(adapter, call, progress, foretold.get(call["id"])).run()
            if "inferred" in result:
                lacking.add(call["api"])
            send(channel, result)
            answered += 1
            if memory.is_spent() or is_threaded:
                return


def send(channel: Any, result: Dict[str, Any]) -> None:
    """Send a result. What cannot be sent is answered by why: it was not begun, so the wire is intact."""
    try:
        channel.send(result)
    except OSError:
        raise
    except Exception as error:
        channel.send({"unsendable": clean(error)})
