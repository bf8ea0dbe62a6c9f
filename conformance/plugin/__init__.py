"""The pytest plugin: YAML files are test files, a case on an API of a target is one item.

- `options`: the command line;
- `collecting`: where files become items, and `items`: what these are;
- `heap`: how the process keeps what they and their cases need;
- `asking`: where their cases are asked ahead of them, and `bare`: where items run;
- `writing`: what is kept of them, on its way to where the files are written;
- `watching`: how far the run has come, and `progress`: how that looks;
- `state`: what all of these share.

pytest finds the hooks here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pytest

from conformance.apis import frameworks
from conformance.case import LAYERS
from conformance.plugin.asking import pytest_runtest_protocol, pytest_runtestloop
from conformance.plugin.collecting import pytest_collect_file, pytest_collection, pytest_collection_modifyitems
from conformance.plugin.options import pytest_addoption, read_settings
from conformance.plugin.state import RUN, is_worker
from conformance.plugin.watching import WATCHER, Watcher, tell
from conformance.plugin.writing import (
    FileWriter,
    ReportingWorker,
    pytest_report_from_serializable,
    pytest_report_to_serializable,
    pytest_runtest_makereport,
)
from conformance.run import Run, UnusableError

__all__ = [
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_collection",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_report_from_serializable",
    "pytest_report_to_serializable",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_runtestloop",
]

MARKERS: Mapping[str, str] = {
    **dict.fromkeys(LAYERS, "cases of this layer"),
    "invalid": "calls that are to be rejected",
    "claim": "cases of a document's statement",
    "gradient": "cases whose gradients are compared",
}


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in {**MARKERS, **dict.fromkeys(frameworks(), "cases on this framework")}.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    try:
        config.stash[RUN] = Run(read_settings(config), getattr(config, "cache", None), partial(tell, config))
    except UnusableError as error:
        raise pytest.UsageError(str(error)) from error
    if is_worker(config):
        config.pluginmanager.register(ReportingWorker(config), "conformance-files")
    else:
        config.pluginmanager.register(FileWriter(config), "conformance-files")
        config.pluginmanager.register(Watcher(config), WATCHER)
