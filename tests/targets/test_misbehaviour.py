"""Whatever a target does in a call, that case gets one honest verdict, and the others get theirs.

The misbehaviours are in `tests/fakes/fakeflow/acts.py`, by name and with a sentence each. A target misbehaves in one
way, in its first, its fourth and its last case. All targets are asked in one run, which the tests share; some are
asked again in a run of two processes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fakes.fakeflow.acts import ACTS
from tests.targets.conftest import SuiteProcess, crowding, starting, wait_for

pytestmark = pytest.mark.process

ORDER = ("own", "", "", "own", "", "", "own")
ACTING = ("c00", "c03", "c06")
BETWEEN = ("c01", "c02", "c04", "c05")

# What ends the process, or spoils the connection: what the verdict has to say of it.
CRASHES = {
    "segfault": "SIGSEGV",
    "sigfpe": "SIGFPE",
    "sigill": "SIGILL",
    "sigbus": "SIGBUS",
    "sigterm": "SIGTERM",
    "abort": "SIGABRT",
    "exit_0": "exit code 0",
    "exit_3": "exit code 3",
    "fork_and_exit": "exit code 5",
    "close_all": "the process ended",
    "rubbish_on_the_wire": "no result: what came was no message",
    "answer_itself": "no result: dict {'phase': 'nowhere'} (KeyError)",
    "answer_again": "no result: the result of another call, int 0",
    "answer_endlessly": "no result: the result of another call, int -1",
    "giant_message": "no result: a message of 2147483647 bytes",
}
# What raises, in the framework or where its output is read: what the verdict has to say of it.
RAISES = {
    "sys_exit": "SystemExit in forward: 3",
    "interrupt": "KeyboardInterrupt in forward",
    "sigint": "KeyboardInterrupt in forward",
    "panic": "fakeflow.acts.Panic in forward: panicked",
    "unprintable": "fakeflow.acts.UnprintableError in forward: <its message cannot be shown: SystemExit>",
    "hostile": "fakeflow.acts.HostileError in forward: hostile text",
    "huge_message": "ValueError in forward: xxxx",
    "surrogates": "ValueError in forward: lone \\ud800 surrogate",
    "recursion": "RecursionError in forward",
    "memory": "MemoryError in forward",
    "endless_flood": "OSError in forward: [Errno 27]",
    "giant_array": "MemoryError in forward: an array of shape (67108864,) is too large",
    "text": "AttributeError in forward",
    "objects": "Unreadable in forward: what was returned is no array of numbers: object",
    "dates": "Unreadable in forward: what was returned is no array of numbers: datetime64[D]",
}
# What changes the process, or leaves something behind, and is no fault of the call that did it.
HARMLESS = (
    "flood_stdout", "flood_stderr", "close_streams", "change_state", "leave_threads", "delete_folder",
    "leave_a_process", "leave_a_session", "leak", "cannot_be_reset",
)  # fmt: skip
# What another call pays for.
AT_THE_COST_OF_OTHERS = ("answer_later", "poison")
KILLED = ("sigkill",)
HANGS = ("endless", "holds_the_lock", "stops_itself")
ELSEWHERE = ("slow", "wrong", "fickle", "unwritten", "script_hangs")  # other tests have use for these

# Some of each kind, for a second run in two processes.
SOME = (
    "segfault", "sigfpe", "exit_0", "fork_and_exit", "close_all", "answer_itself", "sys_exit", "interrupt", "panic",
    "unprintable", "surrogates", "memory", "objects", "flood_stderr", "close_streams", "change_state", "leave_a_session",
    "poison",
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """A run of the suite that tests share: who misbehaves, and pytest's options."""

    name: str
    acts: tuple[str, ...]
    options: tuple[str, ...] = ()


ONE = Setting("one process", (*CRASHES, *RAISES, *HARMLESS, *AT_THE_COST_OF_OTHERS, *KILLED))
TWO = Setting("two processes", SOME, ("-n2",))
HANGING = Setting("one process, hanging", HANGS)
HANGING_IN_TWO = Setting("two processes, hanging", HANGS, ("-n2",))


@dataclass(frozen=True)
class Audited:
    """A run that has ended: the verdicts by act and case."""

    setting: Setting
    suite: SuiteProcess
    verdicts: Mapping[str, Mapping[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Setting], Audited]]:
    """The run of a setting, once for all tests."""
    with starting(tmp_path_factory.mktemp("audited")) as start:

        @functools.cache
        def audit(setting: Setting) -> Audited:
            options = list(setting.options)
            if setting.acts == HANGS:
                options.append(f"--case-timeout={crowding()}")
            suite = start({act: {"FAKEFLOW": act} for act in setting.acts}, ORDER, *options).finish()
            return Audited(setting, suite, {act: suite.verdicts(act) for act in setting.acts})

        yield audit


@pytest.fixture
def audited(request: pytest.FixtureRequest, audit: Callable[[Setting], Audited]) -> Audited:
    return audit(request.param)


def of(settings: Sequence[Setting]) -> pytest.MarkDecorator:
    """A test of each of these runs as a whole."""
    return pytest.mark.parametrize("audited", settings, indirect=True, ids=lambda setting: setting.name)


def each(acts: Sequence[str], *settings: Setting) -> pytest.MarkDecorator:
    """A test of each of these acts, in the runs that have it."""
    values = []
    for setting in settings:
        for act in acts:
            if act in setting.acts:
                values.append(pytest.param(setting, act, id=f"{act}-{setting.name}"))
    return pytest.mark.parametrize(("audited", "act"), values, indirect=["audited"])


@each([*CRASHES, *RAISES, *HARMLESS, *AT_THE_COST_OF_OTHERS, *KILLED, *HANGS], ONE, TWO, HANGING, HANGING_IN_TWO)
def test_every_case_has_a_verdict(audited: Audited, act: str) -> None:
    assert sorted(audited.verdicts[act]) == [f"c{number:02d}" for number in range(len(ORDER))], audited.suite.output


@each([*CRASHES, *RAISES, *HARMLESS, *KILLED, *HANGS], ONE, TWO, HANGING, HANGING_IN_TWO)
def test_the_cases_between_conform(audited: Audited, act: str) -> None:
    outcomes = {case: audited.verdicts[act][case]["outcome"] for case in BETWEEN}
    assert outcomes == dict.fromkeys(BETWEEN, "conforms"), audited.verdicts[act]


@each([*KILLED], ONE)
def test_who_is_killed_again_and_again_is_no_crash_of_the_framework(audited: Audited, act: str) -> None:
    for name in ACTING:
        verdict = audited.verdicts[act][name]
        assert verdict["outcome"] == "unstable"
        assert "authority" not in verdict
        assert "its process was killed from outside twice (SIGKILL" in verdict["observed"]


@pytest.mark.parametrize("case", ACTING)
@each([*CRASHES], ONE, TWO)
def test_a_crash_says_how_the_process_ended(audited: Audited, act: str, case: str) -> None:
    verdict = audited.verdicts[act][case]
    assert verdict["outcome"] == "crashed", verdict
    assert CRASHES[act] in verdict["observed"]
    assert "so it does alone in a fresh process" in verdict["observed"]


@pytest.mark.parametrize("case", ACTING)
@each([act for act, says in CRASHES.items() if not says.startswith("no result")], ONE, TWO)
def test_a_crash_is_in_the_phase_that_caused_it(audited: Audited, act: str, case: str) -> None:
    """Who spoils the connection instead goes on until that is noticed."""
    assert audited.verdicts[act][case]["phase"] == "forward"


@pytest.mark.parametrize("case", ACTING)
@each([*RAISES], ONE, TWO)
def test_an_exception_is_told_with_its_phase_and_message(audited: Audited, act: str, case: str) -> None:
    verdict = audited.verdicts[act][case]
    assert verdict["outcome"] == "diverges", verdict
    assert RAISES[act] in verdict["observed"]


@pytest.mark.parametrize("case", ACTING)
@each(HARMLESS, ONE, TWO)
def test_what_a_call_leaves_behind_is_not_held_against_it(audited: Audited, act: str, case: str) -> None:
    verdict = audited.verdicts[act][case]
    assert verdict["outcome"] == "conforms", verdict


@pytest.mark.parametrize("case", ACTING)
@each(HANGS, HANGING, HANGING_IN_TWO)
def test_a_call_that_hangs_times_out(audited: Audited, act: str, case: str) -> None:
    verdict = audited.verdicts[act][case]
    assert verdict["outcome"] == "timed_out", verdict


@pytest.mark.parametrize("case", ACTING)
@each(["endless"], HANGING, HANGING_IN_TWO)
def test_a_time_out_has_its_phase_and_its_last_words(audited: Audited, act: str, case: str) -> None:
    verdict = audited.verdicts[act][case]
    assert (verdict["phase"], verdict["stderr"]) == ("forward", "about to loop")


@each(["segfault"], ONE, TWO)
def test_a_crash_has_the_stack_without_addresses(audited: Audited, act: str) -> None:
    assert "string_at" in audited.verdicts[act]["c03"]["stderr"]
    for verdict in audited.verdicts[act].values():
        assert "0x7" not in verdict.get("stderr", "")


@pytest.mark.parametrize("case", ACTING)
@each(["segfault"], ONE, TWO)
def test_a_stack_has_no_line_of_the_worker(audited: Audited, act: str, case: str) -> None:
    stderr = audited.verdicts[act][case]["stderr"]
    assert "conformance_adapter_fakeflow.py" in stderr
    assert "conformance_worker" not in stderr
    assert "<remote exec>" not in stderr


@each(["sigfpe"], ONE, TWO)
def test_a_crash_has_the_last_words_of_its_call(audited: Audited, act: str) -> None:
    assert audited.verdicts[act]["c03"]["stderr"].startswith("about to end by")


@each(["poison"], ONE, TWO)
def test_who_poisons_a_process_conforms(audited: Audited, act: str) -> None:
    # In two processes the last case may come behind the poison of the one before it.
    acting = ACTING[:2] if audited.setting is TWO else ACTING
    assert [audited.verdicts[act][case]["outcome"] for case in acting] == ["conforms"] * len(acting)


@each(["poison"], ONE, TWO)
def test_the_victim_of_a_poisoned_process_is_known_as_one(audited: Audited, act: str) -> None:
    victims = [verdict for verdict in audited.verdicts[act].values() if verdict["outcome"] != "conforms"]
    assert victims, audited.suite.output
    for verdict in victims:
        assert verdict["outcome"] == "crashed"
        assert "not so alone in a fresh process" in verdict["observed"]


@of([ONE, TWO, HANGING, HANGING_IN_TWO])
def test_a_run_completes_and_leaves_no_process_and_no_folder(audited: Audited) -> None:
    assert audited.suite.records("footer")[0]["complete"]
    wait_for(lambda: not audited.suite.processes())
    assert audited.suite.left_folders() == []


@of([ONE, TWO])
def test_who_floods_the_connection_costs_the_host_little_memory(audited: Audited) -> None:
    """They had gigabytes to say; the peak is in kB."""
    assert int((audited.suite.folder / "peak").read_text()) < 400_000


def test_every_act_is_tried_and_has_a_sentence() -> None:
    tried = [*CRASHES, *RAISES, *HARMLESS, *AT_THE_COST_OF_OTHERS, *KILLED, *HANGS, *ELSEWHERE]
    assert sorted(tried) == sorted(ACTS)
    assert [name for name, act in ACTS.items() if not act.__doc__] == []
