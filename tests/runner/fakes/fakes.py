"""A pytest plugin: makes the fake framework's contract and adapter visible to the suite."""

from pathlib import Path

import conformance.adapters
import conformance.apis

HERE = Path(__file__).parent
conformance.apis.__path__.append(str(HERE / "apis"))
conformance.adapters.__path__.append(str(HERE / "adapters"))
