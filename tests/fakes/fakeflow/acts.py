"""What a call to fakeflow may do besides its work: one small function per misbehaviour, each with a sentence.

Their names are what `Conv2d(act=NAME)` and the environment's FAKEFLOW say. What an act returns takes the place of the
layer's output; an act that returns None leaves that as it is.
"""

import contextlib
import ctypes
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

ACTS = {}
broken = False  # the adapter cannot reset any more
poisoned = False  # the next call crashes
kept = []


def act(function):
    """Register an act under its function's name."""
    ACTS[function.__name__] = function
    return function


def tell(name):
    """That something begins now, by an empty file."""
    with open(os.path.join(os.environ["TMPDIR"], name), "w"):
        pass


# The process ends.


@act
def segfault():
    """Reads memory that is not its own."""
    ctypes.string_at(0)


def end_by(number):
    print("about to end by", number, file=sys.stderr)
    os.kill(os.getpid(), number)
    time.sleep(100)


@act
def sigfpe():
    """Divides by zero, in native code."""
    end_by(signal.SIGFPE)


@act
def sigill():
    """Executes an instruction that this processor does not have."""
    end_by(signal.SIGILL)


@act
def sigbus():
    """Reads beyond the end of a mapped file."""
    end_by(signal.SIGBUS)


@act
def sigkill():
    """Is killed, as by a kernel that is out of memory."""
    end_by(signal.SIGKILL)


@act
def sigterm():
    """Is asked to end, and does."""
    end_by(signal.SIGTERM)


@act
def abort():
    """Meets an assertion of its native code that does not hold."""
    os.abort()


@act
def exit_0():
    """Ends the process as if all were well."""
    os._exit(0)


@act
def exit_3():
    """Ends the process with a status of its own."""
    os._exit(3)


@act
def fork_and_exit():
    """Ends the process while a child of it holds the connection open."""
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(5)


@act
def close_all():
    """Closes every file, and so the connection."""
    os.closerange(0, 256)


# The connection is spoiled.


def pipes():
    """The descriptors of pipes: the connection is one of them."""
    paths = (os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd"))
    return [int(os.path.basename(p)) for p in paths if os.path.exists(p) and os.readlink(p).startswith("pipe")]


@act
def rubbish_on_the_wire():
    """Writes on the connection what is no message."""
    for descriptor in pipes():
        with contextlib.suppress(OSError):  # one of them is for reading
            os.write(descriptor, b"\xff\x00\x00\x00\x01\x00\x00\x00\x00rubbish")


@act
def giant_message():
    """Writes the header of a message of all the bytes that execnet can tell, and as many as are taken."""
    for descriptor in pipes():
        with contextlib.suppress(OSError):  # one of them is for reading
            os.write(descriptor, struct.pack("!bii", 4, 3, 2**31 - 1))
            while True:
                os.write(descriptor, bytes(1 << 20))


def channel():
    """The worker's own, found in its frames."""
    frame = sys._getframe()
    while "channel" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["channel"]


RESULT = {"phase": "forward", "parameters": {}, "values": {}, "gradients": {}, "seconds": 0.0}
MEGABYTE = ("float32", (1 << 18,), bytes(1 << 20))


@act
def answer_itself():
    """Sends an answer that is no result."""
    channel().send({"phase": "nowhere"})


@act
def answer_again():
    """Sends the result of an earlier call."""
    channel().send({**RESULT, "id": 0})


@act
def answer_endlessly():
    """Sends the results of calls that were never made, a megabyte each."""
    while True:
        channel().send({**RESULT, "id": -1, "output": MEGABYTE})


@act
def answer_later():
    """Sends the same as soon as this call is answered, while nobody asks for anything."""
    answers = channel()

    def flood():
        time.sleep(0.1)
        while True:
            answers.send({**RESULT, "id": -1, "output": MEGABYTE})

    threading.Thread(target=flood, daemon=True).start()


# Something is raised.


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


@act
def sys_exit():
    """Asks Python to exit."""
    raise SystemExit(3)


@act
def interrupt():
    """Raises what Ctrl-C does."""
    raise KeyboardInterrupt


@act
def sigint():
    """Is sent what Ctrl-C sends."""
    end_by(signal.SIGINT)


@act
def panic():
    """Raises what is no Exception, as bindings to Rust do."""
    raise Panic("panicked")


@act
def unprintable():
    """Raises an exception whose message asks Python to exit."""
    raise UnprintableError


@act
def hostile():
    """Raises an exception whose message is a str that refuses to be one."""
    raise HostileError


@act
def huge_message():
    """Raises an exception with a message of 50 MB."""
    raise ValueError("x" * 50_000_000)


@act
def surrogates():
    """Raises an exception with a message that no encoding takes."""
    raise ValueError("lone \ud800 surrogate \x00")


@act
def script_hangs():
    """Raises, so that the verdict has a script; that script does not end."""
    raise ValueError("as does its script")


@act
def recursion():
    """Calls itself without end."""
    return recursion() + 1


@act
def memory():
    """Allocates without end."""
    blocks = []
    while True:
        blocks.append(bytearray(1 << 26))


@act
def endless_flood():
    """Prints without end."""
    while True:
        os.write(2, b"noise\n" * 1_000_000)


# What is returned is no output, or a wrong one.


@act
def giant_array():
    """Returns an array that is too large to be sent."""
    return np.zeros(1 << 26, "float32")


@act
def text():
    """Returns a text."""
    return "rubbish"


@act
def objects():
    """Returns an array of objects."""
    return np.array([object()])


@act
def dates():
    """Returns an array of dates."""
    return np.array(["2000-01-01"], "datetime64[D]")


@act
def wrong():
    """Returns numbers that are off by one; the layer sees to it."""


@act
def fickle():
    """The same, every other time."""


@act
def unwritten():
    """Returns numbers to which what lay in memory is added; the layer sees to it."""


# The call is answered, and something has changed for the next one.


def flood(descriptor):
    for _ in range(20):
        os.write(descriptor, b"noise\n" * 200_000)
    print("noise")


@act
def flood_stdout():
    """Prints 24 MB."""
    flood(1)


@act
def flood_stderr():
    """The same, where errors go."""
    flood(2)


@act
def close_streams():
    """Closes what Python reads and prints by."""
    sys.stdout.close()
    sys.stderr = None
    for descriptor in range(3):
        os.close(descriptor)


@act
def change_state():
    """Changes whatever a process has that can be changed back."""
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


@act
def leave_threads():
    """Leaves threads that do not end."""
    for daemon in (True, False):
        threading.Thread(target=time.sleep, args=(1000,), daemon=daemon).start()


@act
def delete_folder():
    """Deletes the folder that it works in."""
    shutil.rmtree(os.getcwd())


@act
def leave_a_process():
    """Leaves a process that does not end."""
    kept.append(subprocess.Popen(["sleep", "1000"]))


@act
def leave_a_session():
    """Leaves a process in a session of its own, whose parent has ended."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(0)


@act
def leak():
    """Keeps a good part of the memory that it may use."""
    kept.append(bytearray(150 << 20))


@act
def cannot_be_reset():
    """Changes what its adapter cannot change back."""
    global broken
    broken = True


@act
def poison():
    """Spoils the process, so that the next call crashes."""
    global poisoned
    poisoned = True


# There is no answer.


@act
def endless():
    """Loops without end."""
    print("about to loop", file=sys.stderr)
    while True:
        pass


@act
def holds_the_lock():
    """Waits in native code that holds the interpreter's lock."""
    tell("held")
    ctypes.PyDLL(None).sleep(1000)


@act
def stops_itself():
    """Is stopped, as by Ctrl-Z."""
    end_by(signal.SIGSTOP)


@act
def slow():
    """Takes its time."""
    time.sleep(0.3)
