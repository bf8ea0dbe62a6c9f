"""The records of a target: which installed framework is audited, and what its worker says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Target:
    """One installed framework to audit.

    Attributes:
        name: what reports call it; the framework's name for the default targets.
        framework: the framework's import name.
        spec: the execnet specification of its interpreter, such as ``popen//python=/path``.
        device: the framework's own name of a device; None for its default.
        given: the command line's text that names the target; "" for a default one.
        memory: bytes that its process may use; None for half of its machine's.
        mode: how its layers are run, by a name of the framework's module; "" as the framework does by itself.
    """

    name: str
    framework: str
    spec: str
    device: str | None = None
    given: str = ""
    memory: int | None = None
    mode: str = ""


@dataclass(frozen=True)
class Greeting:
    """What a started worker says of itself.

    Attributes:
        version: the framework's own.
        environment: what a verdict may depend on besides the framework: interpreter, NumPy, processor, threads.
        folder: the working directory, in which the worker leaves its last words.
        pid: its process.
        previous: the last words of the worker that died before it; none where none did.
        defaults: by API, the repr of each default in its signature, where that can be read.
    """

    version: str
    environment: Mapping[str, str]
    folder: str
    pid: int
    previous: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
