"""What a call may leave changed in this process, and the next one must find as it was."""

import contextlib
import ctypes
import locale
import os
import random
import signal
import sys
import warnings

import numpy as np

M_PERTURB = -6  # an option of glibc's mallopt: every byte that malloc hands out is the complement of this one
PERTURBED = 0x80


class State:
    """The process before the first call. `restore` brings it back, in about 30 microseconds."""

    def __init__(self, folder: str, noise: int) -> None:
        """`folder` is the working directory, `noise` the descriptor of the file that takes what is printed."""
        random.seed(0)
        self.folder = folder
        self.noise = noise
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

    def restore(self) -> None:
        """Undo what a call did. Raises whatever cannot be undone."""
        self.restore_folder()
        self.restore_streams()
        self.restore_process()
        self.restore_modules()

    def restore_folder(self) -> None:
        try:
            os.chdir(self.folder)
        except FileNotFoundError:
            os.mkdir(self.folder)
            os.chdir(self.folder)

    def restore_streams(self) -> None:
        """The three descriptors, an empty file for what is printed, and Python's streams on them."""
        os.dup2(self.null, 0)
        os.dup2(self.noise, 1)
        os.dup2(self.noise, 2)
        if os.fstat(self.noise).st_size:
            os.ftruncate(self.noise, 0)
        for descriptor, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
            original = getattr(sys, f"__{name}__")
            if original is None or original.closed:
                original = open(descriptor, mode, closefd=False)  # noqa: SIM115
                setattr(sys, f"__{name}__", original)
            setattr(sys, name, original)

    def restore_process(self) -> None:
        """Environment, locale, cores and alarm."""
        if os.environ._data != self.encoded:  # type: ignore[attr-defined]
            os.environ.clear()
            os.environ.update(self.environ)
        if locale.setlocale(locale.LC_ALL) != self.locale:
            locale.setlocale(locale.LC_ALL, self.locale)
        if self.affinity is not None and os.sched_getaffinity(0) != self.affinity:
            os.sched_setaffinity(0, self.affinity)
        signal.alarm(0)

    def restore_modules(self) -> None:
        """What Python's and NumPy's modules keep: filters, paths, limits, and the numbers drawn next."""
        if warnings.filters != self.filters:
            warnings.resetwarnings()
            warnings.filters[:] = self.filters  # type: ignore[index]
        if sys.path != self.path:
            sys.path[:] = self.path
        sys.setrecursionlimit(self.recursion)
        np.seterr(**self.floating)
        random.setstate(self.random)
        np.random.seed(0)


def perturb_memory() -> None:
    """Have the C library fill the memory that it hands out, or what a framework leaves unwritten is zero by luck.

    A float32 or a bfloat16 that nobody wrote is 3.4e38 then, in most arrays of 1 kB and more. Only glibc can do so.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_PERTURB, PERTURBED)


class Memory:
    """What calls keep of the memory that this process may use."""

    def __init__(self, limit: int) -> None:
        """`limit`: bytes that this process may use."""
        try:
            self.statm = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:
            self.statm = -1
        used = self.used()
        self.most = used + (limit - used) // 2

    def used(self) -> int:
        """Bytes that count towards the limit; 0 where the system does not say."""
        try:
            return int(os.pread(self.statm, 100, 0).split()[5]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0

    def is_spent(self) -> bool:
        """Whether calls have kept half of the memory that there was for one: the next belongs to a fresh process."""
        return self.used() > self.most
