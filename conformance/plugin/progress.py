"""How far a run has come, while it lasts: a table that rewrites itself on a terminal, lines elsewhere.

Both ask for the standings of the targets from a thread of their own, because the main thread waits for verdicts.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from conformance.run.standing import Standing, State

if TYPE_CHECKING:
    from rich.console import RenderableType

INTERVAL = 30.0  # seconds between two lines
LOOK = 0.25  # seconds between two looks at the standings
FRAMES = 4  # tables a second
FIRST = 0.01  # of all answers, which do not tell how long the others will take

Find = Callable[[], Sequence[Standing]]
Write = Callable[[str], None]


class Progress(Protocol):
    """Shows standings from its start to its end."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def say(self, line: str) -> None:
        """Show a line that stays."""


# What is said


def write_line(standings: Sequence[Standing], seconds: float) -> str:
    """All targets in a line: `` 43 % of 37,267, 2:10 left: torch 58 %, mindspore 35 %, megengine starts``."""
    asked = sum(standing.asked for standing in standings)
    left = write_left(standings, seconds)
    parts = ", ".join(f"{standing.target} {write_share(standing)}" for standing in standings)
    return f"{find_percent(standings):3} % of {asked:,}{left and f', {left}'}: {parts}"


def find_percent(standings: Sequence[Standing]) -> int:
    """How much of all has its verdict, rounded down, so that 100 is the end."""
    asked = sum(standing.asked for standing in standings)
    settled = sum(standing.settled for standing in standings)
    return 100 * min(settled, asked) // asked if asked else 0


def write_share(standing: Standing) -> str:
    percent = f"{find_percent([standing])} %"
    match standing.state:
        case State.ANSWERS:
            return percent
        case State.IS_CERTIFIED:
            return f"{percent} and {standing.state}"
        case _:
            return str(standing.state)


def write_left(standings: Sequence[Standing], seconds: float) -> str:
    """The time left, by the slowest target; empty while that of one of them cannot be told."""
    lefts = [_find_left(standing, seconds) for standing in standings if standing.state is not State.ENDED]
    known = [left for left in lefts if left is not None]
    if not known or len(known) < len(lefts):
        return ""
    return f"{write_time(max(known))} left"


def _find_left(standing: Standing, seconds: float) -> float | None:
    """The seconds left of one target; None where they cannot be told, and while only its certificate is waited for.

    The first answers tell nothing: calls that are known to end their process come first, each of which takes a start.
    """
    rest = max(0, standing.asked - standing.settled)
    tells = standing.settled and standing.settled >= FIRST * standing.asked
    if not tells or (not rest and standing.state is State.IS_CERTIFIED):
        return None
    return seconds * rest / standing.settled


def write_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def list_changes(before: Mapping[str, State], standings: Sequence[Standing], seconds: float) -> list[str]:
    """A line for each target that has come to another state."""
    lines = []
    for standing in standings:
        earlier = before.get(standing.target)
        if standing.state is not earlier:
            lines.append(f"{write_time(seconds)} {_write_change(standing, earlier)}")
    return lines


def _write_change(standing: Standing, earlier: State | None) -> str:
    name = f"{standing.target} {standing.version}".strip()
    if standing.state is State.IS_CERTIFIED:
        return f"{name} has started, and its adapter is being certified meanwhile"
    if standing.state is State.ANSWERS:
        return f"{name} {'is certified' if earlier is State.IS_CERTIFIED else 'has started'}"
    return f"{name} {standing.state}"


# Where there is no terminal


class Lines:
    """A line when a target has come to another state, and one every half minute."""

    def __init__(self, find: Find, write: Write) -> None:
        """`write` takes a line without its end."""
        self._find = find
        self._write = write
        self._began = time.monotonic()
        self._states: dict[str, State] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def say(self, line: str) -> None:
        with self._lock:
            self._write(line)

    def _watch(self) -> None:
        due = self._began + INTERVAL
        while not self._ended.wait(LOOK):
            self._say_changes()
            standings = self._find()
            if time.monotonic() >= due and standings:
                due += INTERVAL
                self.say(write_line(standings, time.monotonic() - self._began))
        self._say_changes()  # a short run ends before the first look

    def _say_changes(self) -> None:
        standings = self._find()
        for line in list_changes(self._states, standings, time.monotonic() - self._began):
            self.say(line)
        self._states = {standing.target: standing.state for standing in standings}


# On a terminal


class Table:
    """A row a target, drawn by rich over itself."""

    def __init__(self, find: Find, write: Write) -> None:
        """`write` takes text as it is, with the sequences that move a terminal's cursor."""
        from rich.console import Console
        from rich.live import Live

        self._find = find
        self._began = time.monotonic()
        console = Console(file=_Writer(write), force_terminal=True, legacy_windows=False)
        # What others print is theirs: their streams stay as they are.
        self._live = Live(
            get_renderable=self._draw,
            console=console,
            refresh_per_second=FRAMES,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        self._live.start()

    def stop(self) -> None:
        self._live.stop()

    def say(self, line: str) -> None:
        self._live.console.print(line, markup=False, highlight=False)

    def _draw(self) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table as Grid

        standings = self._find()
        grid = Grid.grid(padding=(0, 1))
        for standing in standings:
            bar = ProgressBar(total=max(1, standing.asked), completed=standing.settled, width=30)
            count = f"{standing.settled:,} / {standing.asked:,}"
            grid.add_row(standing.target, bar, f"{find_percent([standing])} %", count, str(standing.state))
        seconds = time.monotonic() - self._began
        asked = sum(standing.asked for standing in standings)
        left = write_left(standings, seconds)
        return Group(grid, f"{find_percent(standings)} % of {asked:,} in {write_time(seconds)}{left and f', {left}'}")


class _Writer(io.StringIO):
    """A file that rich writes to, in front of who owns the terminal."""

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write

    def write(self, text: str) -> int:
        self._write(text)
        return len(text)
