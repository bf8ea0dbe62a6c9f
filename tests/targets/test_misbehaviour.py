"""Whatever a target does in a call, that case gets one honest verdict, and the others get theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.targets.conftest import crowding, wait_for

# What a target does -> the outcome of the case that does it, and what the verdict has to say of it.
CRASHES = {
    "segfault": "SIGSEGV",
    "sigfpe": "SIGFPE",
    "sigill": "SIGILL",
    "sigbus": "SIGBUS",
    "sigkill": "SIGKILL",
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
RAISES = {
    "sys_exit": "SystemExit in forward: 3",
    "interrupt": "KeyboardInterrupt in forward",
    "sigint": "KeyboardInterrupt in forward",
    "panic": "fakeflow.Panic in forward: panicked",
    "unprintable": "fakeflow.UnprintableError in forward: <its message cannot be shown: SystemExit>",
    "hostile": "fakeflow.HostileError in forward: hostile text",
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
HARMLESS = (
    "flood_stdout", "flood_stderr", "close_streams", "change_state", "leave_threads", "delete_folder",
    "leave_a_process", "leave_a_session", "leak", "cannot_be_reset",
)  # fmt: skip
HANGS = ("endless", "holds_the_lock", "stops_itself")

# First, in the middle and last; what stands between finds the process as if nothing had happened.
ORDER = ("own", "", "", "own", "", "", "own")
ACTING = ("c00", "c03", "c06")


# Some of each way, for a second run in two processes.
SOME = (
    "segfault", "sigfpe", "exit_0", "fork_and_exit", "close_all", "answer_itself", "sys_exit", "interrupt", "panic",
    "unprintable", "surrogates", "memory", "objects", "flood_stderr", "close_streams", "change_state", "leave_a_session",
    "poison",
)  # fmt: skip


@pytest.mark.parametrize(
    ("names", "options"),
    [((*CRASHES, *RAISES, *HARMLESS, "answer_later", "poison"), ()), (SOME, ("-n2",))],
    ids=["one process", "two processes"],
)
def test_one_verdict_for_the_case_and_none_lost(run: Callable, names: Sequence[str], options: Sequence[str]) -> None:
    done = run({name: {"FAKEFLOW": name} for name in names}, ORDER, *options).finish()
    found = {name: done.verdicts(name) for name in names}
    assert {name: len(verdicts) for name, verdicts in found.items()} == dict.fromkeys(names, len(ORDER)), done.output
    poisoned = found.pop("poison")
    found.pop("answer_later", None)  # too late for some cases, and at the cost of others
    # Those who flooded the wire had gigabytes to say.
    assert int((done.folder / "peak").read_text()) < 400_000
    for name, verdicts in found.items():
        for case, verdict in verdicts.items():
            what = f"{name} {case}: {verdict}"
            if case not in ACTING or name in HARMLESS:
                assert verdict["outcome"] == "conforms", what
            elif name in CRASHES:
                assert verdict["outcome"] == "crashed", what
                assert CRASHES[name] in verdict["observed"], what
                assert "so it does alone in a fresh process" in verdict["observed"], what
                # Who spoils the connection goes on until that is noticed.
                assert verdict["phase"] == "forward" or CRASHES[name].startswith("no result"), what
            else:
                assert verdict["outcome"] == "diverges", what
                assert RAISES[name] in verdict["observed"], what
    assert "string_at" in found["segfault"]["c03"]["stderr"]
    assert found["sigfpe"]["c03"]["stderr"].startswith("about to end by")
    assert all("0x7" not in verdict.get("stderr", "") for verdict in found["segfault"].values())
    # Who poisons a process conforms; the next one there is its victim, and is known as one.
    assert all(poisoned[case]["outcome"] == "conforms" for case in ACTING if case != "c06" or not options)
    victims = [verdict for verdict in poisoned.values() if verdict["outcome"] != "conforms"]
    assert victims, done.output
    assert {verdict["outcome"] for verdict in victims} == {"crashed"}
    assert all("not so alone in a fresh process" in verdict["observed"] for verdict in victims)
    assert done.records("footer")[0]["complete"]
    wait_for(lambda: not done.processes())
    assert list((done.folder / "tmp").glob("conformance-*")) == []


@pytest.mark.parametrize("options", [(), ("-n2",)], ids=["one process", "two processes"])
def test_a_hanging_call_times_out_and_the_rest_goes_on(run: Callable, options: tuple[str, ...]) -> None:
    limit = f"--case-timeout={crowding()}"
    done = run({name: {"FAKEFLOW": name} for name in HANGS}, ORDER, limit, *options).finish()
    for name in HANGS:
        verdicts = done.verdicts(name)
        assert len(verdicts) == len(ORDER), done.output
        for case, verdict in verdicts.items():
            wanted = "timed_out" if case in ACTING else "conforms"
            assert verdict["outcome"] == wanted, f"{name} {case}: {verdict}"
            if name == "endless" and case in ACTING:
                assert (verdict["phase"], verdict["stderr"]) == ("forward", "about to loop")
    wait_for(lambda: not done.processes())
