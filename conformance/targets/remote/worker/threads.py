"""Calls in other threads than the main one."""

import threading
from typing import Any, Callable, List, Optional, Sequence, Tuple

Outcome = Tuple[Any, Optional[BaseException]]  # what was returned, or what was raised


def call_elsewhere(call: Callable[[], Any]) -> Any:
    """Make a call in another thread: what it returns, or raises."""
    ((returned, error),) = call_together([call])
    if error is not None:
        raise error
    return returned


def call_together(calls: Sequence[Callable[[], Any]]) -> List[Outcome]:
    """Make calls at the same time, each in a thread of its own."""
    outcomes: List[Outcome] = [(None, None)] * len(calls)

    def run(place: int) -> None:
        try:
            outcomes[place] = (calls[place](), None)
        except BaseException as error:
            outcomes[place] = (None, error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
