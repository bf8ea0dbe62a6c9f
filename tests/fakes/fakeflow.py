"""A framework that misbehaves on demand: `Conv2d(..., act=NAME)` does what `ACTS` has under that name.

Where no act is given, it is what the file named by FAKEFLOW_ACTS, read anew each time, has for the size of the kernel,
if anything. What is no act there is an exception's message, raised at once; ADDRESS in it is another one in every
process. Without an act, a layer computes a plain convolution, and refuses to if it finds the process other than at its
start.
"""

import contextlib
import ctypes
import json
import locale
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
import warnings

import numpy as np

broken = False  # the adapter cannot reset any more
poisoned = False  # the next call crashes
constructed = 0  # layers
kept = []
pristine = []


def start():
    """What a real import may do: fail, or crash, now or after the first time."""
    folder = os.environ.get("FAKEFLOW_ONCE")
    if folder:
        if os.path.exists(os.path.join(folder, "started")):
            print("no second start", file=sys.stderr)
            os.abort()
        with open(os.path.join(folder, "started"), "w"):
            pass
    if os.environ.get("FAKEFLOW_START") == "crash":
        print("illegal instruction ahead", file=sys.stderr)
        os.kill(os.getpid(), signal.SIGILL)
    if os.environ.get("FAKEFLOW_START") == "hang":
        ctypes.PyDLL(None).sleep(1000)


def tell(name):
    """That something begins now, by an empty file."""
    with open(os.path.join(os.environ["TMPDIR"], name), "w"):
        pass


def script():
    """What a script of a verdict does before all else: it may hang, and says that it does."""
    if os.environ.get("FAKEFLOW") == "script_hangs":
        tell("script")
        time.sleep(1000)


def state():
    return [
        os.getcwd(), dict(os.environ), list(sys.path), list(warnings.filters), locale.setlocale(locale.LC_ALL),
        os.sched_getaffinity(0), sys.getrecursionlimit(), np.geterr(), random.random(), float(np.random.rand()),
        [os.fstat(number).st_ino for number in range(3)], sys.stdin.closed, sys.stdout.closed, sys.stderr.closed,
        signal.alarm(0),
    ]  # fmt: skip


def act_on(kernel_size):
    path = os.environ.get("FAKEFLOW_ACTS")
    if path is None:
        return ""
    with open(path, encoding="utf-8") as file:
        act = json.load(file).get(str(kernel_size), "")
    if act and act not in ACTS:
        raise RuntimeError(act.replace("ADDRESS", hex(os.getpid() << 20)))
    return act


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, act=None):
        global constructed
        constructed += 1
        act = act_on(kernel_size) if act is None else os.environ["FAKEFLOW"] if act == "own" else act
        if not isinstance(stride, int):
            raise TypeError("stride must be an int")
        if poisoned:
            ctypes.string_at(0)
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("not in the main thread")
        if not pristine:
            pristine.append(state())
        elif not act:
            changed = [(before, now) for before, now in zip(pristine[0], state(), strict=True) if before != now]
            if changed:
                raise RuntimeError(f"found changed: {changed!r}")
        self.weight = np.ones((out_channels, in_channels, kernel_size, kernel_size), "float32")
        self.bias = np.zeros(out_channels, "float32")
        self.act = act

    def __call__(self, x):
        if self.act:
            returned = ACTS[self.act]()
            if returned is not None:
                return returned
        off = self.act == "wrong" or (self.act == "fickle" and constructed % 2)
        return correlate(x, self.weight) + self.bias[:, None, None] + off


def correlate(x, weight):
    rows, columns = x.shape[2] - weight.shape[2] + 1, x.shape[3] - weight.shape[3] + 1
    output = np.zeros((x.shape[0], weight.shape[0], rows, columns), x.dtype)
    for i in range(weight.shape[2]):
        for j in range(weight.shape[3]):
            output += np.einsum("nchw,oc->nohw", x[:, :, i : i + rows, j : j + columns], weight[:, :, i, j])
    return output


class Panic(BaseException):
    pass


class UnprintableError(Exception):
    def __str__(self):
        sys.exit("no message")


class HostileText(str):
    def __getitem__(self, item):
        raise RuntimeError("no part of it")

    def encode(self, *arguments):
        raise RuntimeError("no bytes of it")


class HostileError(Exception):
    def __str__(self):
        return HostileText("hostile text")


def raising(error):
    def act():
        raise error

    return act


def ending(number):
    def act():
        print("about to end by", number, file=sys.stderr)
        os.kill(os.getpid(), number)
        time.sleep(100)

    return act


def huge_message():
    raise ValueError("x" * 50_000_000)


def recursion():
    return recursion() + 1


def memory():
    blocks = []
    while True:
        blocks.append(bytearray(1 << 26))


def leak():
    kept.append(bytearray(150 << 20))


def flood(descriptor):
    def act():
        for _ in range(20):
            os.write(descriptor, b"noise\n" * 200_000)
        print("noise")

    return act


def endless_flood():
    while True:
        os.write(2, b"noise\n" * 1_000_000)


def close_streams():
    sys.stdout.close()
    sys.stderr = None
    for descriptor in range(3):
        os.close(descriptor)


def wire():
    """The descriptors of pipes: the connection is one of them."""
    paths = (os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd"))
    return [int(os.path.basename(p)) for p in paths if os.path.exists(p) and os.readlink(p).startswith("pipe")]


def rubbish_on_the_wire():
    for descriptor in wire():
        with contextlib.suppress(OSError):  # one of them is for reading
            os.write(descriptor, b"\xff\x00\x00\x00\x01\x00\x00\x00\x00rubbish")


def channel():
    frame = sys._getframe()
    while "channel" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["channel"]


def answer_itself():
    channel().send({"phase": "nowhere"})


def answer_again():
    channel().send({**RESULT, "id": 0})


RESULT = {"phase": "forward", "parameters": {}, "values": {}, "gradients": {}, "seconds": 0.0}


def answer_endlessly():
    """Calls that were never made, a megabyte each."""
    while True:
        channel().send({**RESULT, "id": -1, "output": ("float32", (1 << 18,), bytes(1 << 20))})


def answer_later():
    """The same, as soon as this call is answered, while nobody asks for anything."""
    answers = channel()

    def flood():
        time.sleep(0.1)
        while True:
            answers.send({**RESULT, "id": -1, "output": ("float32", (1 << 18,), bytes(1 << 20))})

    threading.Thread(target=flood, daemon=True).start()


def giant_message():
    """A message of execnet's own form, of all the bytes that it can have."""
    for descriptor in wire():
        with contextlib.suppress(OSError):  # one of them is for reading
            os.write(descriptor, struct.pack("!bii", 4, 3, 2**31 - 1))
            while True:
                os.write(descriptor, bytes(1 << 20))


def change_state():
    os.chdir("/")
    os.environ.update(PATH="", HOME="/nowhere", FAKEFLOW_NEW="1")
    sys.path.insert(0, "/nowhere")
    warnings.simplefilter("error")
    locale.setlocale(locale.LC_ALL, "C")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sys.setrecursionlimit(5000)
    np.seterr(all="raise")
    random.seed(7)
    np.random.seed(7)
    signal.alarm(1)


def leave_threads():
    for daemon in (True, False):
        threading.Thread(target=time.sleep, args=(1000,), daemon=daemon).start()


def delete_folder():
    shutil.rmtree(os.getcwd())


def fork_and_exit():
    if os.fork() == 0:
        time.sleep(1000)  # holds the connection open
    os._exit(5)


def leave_a_process():
    kept.append(subprocess.Popen(["sleep", "1000"]))


def leave_a_session():
    """A process that is in a session of its own, and whose parent has ended."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(0)


def cannot_be_reset():
    global broken
    broken = True


def poison():
    global poisoned
    poisoned = True


def endless():
    print("about to loop", file=sys.stderr)
    while True:
        pass


def hold_the_lock():
    tell("held")
    ctypes.PyDLL(None).sleep(1000)


ACTS = {
    "segfault": lambda: ctypes.string_at(0),
    "sigfpe": ending(signal.SIGFPE),
    "sigill": ending(signal.SIGILL),
    "sigbus": ending(signal.SIGBUS),
    "sigkill": ending(signal.SIGKILL),
    "sigterm": ending(signal.SIGTERM),
    "abort": os.abort,
    "exit_0": lambda: os._exit(0),
    "exit_3": lambda: os._exit(3),
    "sys_exit": raising(SystemExit(3)),
    "interrupt": raising(KeyboardInterrupt()),
    "sigint": ending(signal.SIGINT),
    "panic": raising(Panic("panicked")),
    "unprintable": raising(UnprintableError()),
    "hostile": raising(HostileError()),
    "huge_message": huge_message,
    "surrogates": raising(ValueError("lone \ud800 surrogate \x00")),
    "script_hangs": raising(ValueError("as does its script")),
    "recursion": recursion,
    "memory": memory,
    "leak": leak,
    "flood_stdout": flood(1),
    "flood_stderr": flood(2),
    "endless_flood": endless_flood,
    "close_streams": close_streams,
    "close_all": lambda: os.closerange(0, 256),
    "wrong": lambda: None,
    "fickle": lambda: None,
    "text": lambda: "rubbish",
    "objects": lambda: np.array([object()]),
    "dates": lambda: np.array(["2000-01-01"], "datetime64[D]"),
    "rubbish_on_the_wire": rubbish_on_the_wire,
    "answer_itself": answer_itself,
    "answer_again": answer_again,
    "answer_endlessly": answer_endlessly,
    "answer_later": answer_later,
    "giant_message": giant_message,
    "giant_array": lambda: np.zeros(1 << 26, "float32"),
    "leave_a_session": leave_a_session,
    "change_state": change_state,
    "leave_threads": leave_threads,
    "delete_folder": delete_folder,
    "fork_and_exit": fork_and_exit,
    "leave_a_process": leave_a_process,
    "cannot_be_reset": cannot_be_reset,
    "poison": poison,
    "endless": endless,
    "holds_the_lock": hold_the_lock,
    "stops_itself": ending(signal.SIGSTOP),
    "slow": lambda: time.sleep(0.3),
}
