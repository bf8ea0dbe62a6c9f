"""What was checked of a target's APIs, and how it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["passed", "failed", "not observable"]


@dataclass(frozen=True)
class CheckResult:
    """How one check of one API ended.

    Attributes:
        name: of the check.
        detail: what was checked, what is wrong, or what the device lacks.
    """

    name: str
    state: State
    detail: str


@dataclass(frozen=True)
class Certificate:
    """What was checked of a target's APIs.

    Attributes:
        fingerprint: of all that the certificate rests on; where that is another, it says nothing.
        seconds: that the checks took.
        apis: the results by API.
    """

    fingerprint: str
    seconds: float
    apis: Mapping[str, tuple[CheckResult, ...]]

    def failure(self, api: str) -> str | None:
        """Why an API is not audited, or None."""
        failed = [result for result in self.apis.get(api, ()) if result.state == "failed"]
        return "; ".join(f"{result.name}: {result.detail}" for result in failed) or None

    def record(self) -> dict[str, Any]:
        """As JSON data, for the results file and a cache."""
        apis = {}
        for api, results in self.apis.items():
            apis[api] = [asdict(result) for result in results]
        return {"fingerprint": self.fingerprint, "seconds": self.seconds, "apis": apis}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Certificate:
        """The inverse of `record`."""
        apis = {}
        for api, results in record["apis"].items():
            apis[api] = tuple(CheckResult(**result) for result in results)
        return cls(record["fingerprint"], record["seconds"], apis)
