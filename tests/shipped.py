"""The shipped spec files, which several rooms' tests look at, and which take seconds to expand.

They are kept between processes and runs by the suite's own means: while neither a file nor any code has changed.
"""

from __future__ import annotations

import functools
from pathlib import Path

from conformance.cases import coverage
from conformance.cases.kept import Shelf, digest_code
from conformance.cases.spec import Spec

FOLDER = Path(__file__).parents[1] / ".pytest_cache" / "shipped"


@functools.cache
def load(path: Path) -> Spec:
    FOLDER.mkdir(parents=True, exist_ok=True)
    return Shelf(FOLDER, digest_code()).load(path, path.relative_to(coverage.SPECS).as_posix())
