"""A framework that misbehaves on demand: `Conv2d(..., act=NAME)` does what `acts` has under that name.

Where no act is given, it is what the file named by FAKEFLOW_ACTS, read anew each time, has for the size of the kernel,
if anything. What is no act there is an exception's message, raised at once; ADDRESS in it is another one in every
process. Without an act, a layer computes a plain convolution, and refuses to if it finds the process other than at its
start.
"""

import ctypes
import json
import locale
import os
import random
import signal
import sys
import threading
import time
import warnings

import numpy as np

from . import acts

FRESH = 1 << 24  # numbers of an array whose memory comes from the system, which has filled it with zeros
constructed = 0  # layers
imported = False  # what is imported late
pristine = []


def start():
    """What a real import may do: fail, or crash, or be killed, now or after the first time."""
    folder = os.environ.get("FAKEFLOW_ONCE")
    if folder:
        again = os.path.exists(os.path.join(folder, "started"))
        with open(os.path.join(folder, "started"), "w"):
            pass
        if os.environ.get("FAKEFLOW_START") == "killed" and not again:
            os.kill(os.getpid(), signal.SIGKILL)
        if os.environ.get("FAKEFLOW_START") != "killed" and again:
            print("no second start", file=sys.stderr)
            os.abort()
    if os.environ.get("FAKEFLOW_START") == "crash":
        print("illegal instruction ahead", file=sys.stderr)
        os.kill(os.getpid(), signal.SIGILL)
    if os.environ.get("FAKEFLOW_START") == "hang":
        ctypes.PyDLL(None).sleep(1000)


def import_late():
    """What a real framework may put off until it is first told its seed."""
    global imported
    if not imported:
        time.sleep(float(os.environ.get("FAKEFLOW_IMPORTS", 0)))
    imported = True


def can_be_reset():
    """Whether no call has made that impossible."""
    return not acts.broken


def script():
    """What a script of a verdict does before all else: it may hang, and says that it does."""
    if os.environ.get("FAKEFLOW") == "script_hangs":
        acts.tell("script")
        time.sleep(1000)


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, act=None):
        global constructed
        constructed += 1
        act = find_act(act, kernel_size)
        if not isinstance(stride, int):
            raise TypeError("stride must be an int")
        if acts.poisoned:
            ctypes.string_at(0)
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("not in the main thread")
        if not pristine:
            pristine.append(state())
        elif not act:
            check_pristine()
        self.weight = np.ones((out_channels, in_channels, kernel_size, kernel_size), "float32")
        self.bias = np.zeros(out_channels, "float32")
        self.act = act

    def __call__(self, x):
        if self.act:
            returned = acts.ACTS[self.act]()
            if returned is not None:
                return returned
        off = self.act == "wrong" or (self.act == "fickle" and constructed % 2)
        if self.act == "unwritten":
            off = np.empty(FRESH, "float32")[0]
        return correlate(x, self.weight) + self.bias[:, None, None] + off


def find_act(act, kernel_size):
    """The name of what the layer does besides; "own" is what the environment says, for a whole target."""
    if act is None:
        return read_act(kernel_size)
    if act == "own":
        return os.environ["FAKEFLOW"]
    return act


def read_act(kernel_size):
    path = os.environ.get("FAKEFLOW_ACTS")
    if path is None:
        return ""
    with open(path, encoding="utf-8") as file:
        act = json.load(file).get(str(kernel_size), "")
    if act and act not in acts.ACTS:
        raise RuntimeError(act.replace("ADDRESS", hex(os.getpid() << 20)))
    return act


def state():
    """What a call may have changed in the process."""
    return {
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "filters": list(warnings.filters),
        "locale": locale.setlocale(locale.LC_ALL),
        "cores": os.sched_getaffinity(0),
        "recursion": sys.getrecursionlimit(),
        "floating": np.geterr(),
        "random": random.random(),
        "numpy.random": float(np.random.rand()),
        "files": [os.fstat(number).st_ino for number in range(3)],
        "closed": [sys.stdin.closed, sys.stdout.closed, sys.stderr.closed],
        "alarm": signal.alarm(0),
    }


def check_pristine():
    now = state()
    changed = [(name, value, now[name]) for name, value in pristine[0].items() if value != now[name]]
    if changed:
        raise RuntimeError(f"found changed: {changed!r}")


def correlate(x, weight):
    rows = x.shape[2] - weight.shape[2] + 1
    columns = x.shape[3] - weight.shape[3] + 1
    output = np.zeros((x.shape[0], weight.shape[0], rows, columns), x.dtype)
    for i in range(weight.shape[2]):
        for j in range(weight.shape[3]):
            output += np.einsum("nchw,oc->nohw", x[:, :, i : i + rows, j : j + columns], weight[:, :, i, j])
    return output
