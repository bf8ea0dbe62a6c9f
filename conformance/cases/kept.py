"""Spec files that an earlier run has loaded: to read and expand all that is shipped takes longer than to collect it.

A file is taken from what is kept while its text is the same, and all code that it went through. What is kept is a
pickle of our own records, read as what a stranger wrote: nothing but these records is made from it.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import conformance
import conv_reference
from conformance import apis
from conformance.cases import spec
from conformance.cases.spec import Spec
from conformance.safe_yaml import SCHEMAS

LIBRARIES = ("covertable", "jsonschema", "numpy", "ruamel.yaml", "ruamel.yaml.clib", "simpleeval")
RECORDS = ("conformance.case.", "conformance.cases.spec")


def digest_code() -> str:
    """The digest of what makes cases of a file: our modules, the schema, the libraries, and Python."""
    digest = hashlib.sha256((SCHEMAS / "spec.json").read_bytes())
    # Contracts may stand elsewhere, too.
    for folder in dict.fromkeys([*conformance.__path__, *conv_reference.__path__, *apis.__path__]):
        for file in sorted(Path(folder).rglob("*.py")):
            digest.update(file.read_bytes())
    digest.update(repr([platform.python_version(), *map(version, LIBRARIES)]).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Shelf:
    """Where loaded files are kept, one each. `code` is what `digest_code` says."""

    folder: Path
    code: str

    def load(self, path: Path, name: str) -> Spec:
        """As `spec.load`, from what is kept where that is the same; otherwise it is kept from now on."""
        try:
            key = hashlib.sha256(f"{self.code} {name} ".encode() + path.read_bytes()).digest()
        except OSError:
            return spec.load(path, name)  # which says what is wrong with it
        place = self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:20]}.pickle"
        known = _read(place, key)
        if known is None:
            known = spec.load(path, name)
            _write(place, key, known)
        return known


class _Unpickler(pickle.Unpickler):
    """Makes the records that cases consist of, and nothing else."""

    def find_class(self, module: str, name: str) -> object:
        if module.startswith(RECORDS):
            found: object = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:  # not what the module has imported
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a case")


def _read(place: Path, key: bytes) -> Spec | None:
    """What is kept at a place under a key; None where nothing is, or nothing that can be read."""
    try:
        kept = place.read_bytes()
        if not kept.startswith(key):
            return None
        found = _Unpickler(io.BytesIO(kept[len(key) :])).load()
    except Exception:  # whatever reading a damaged pickle raises
        return None
    return found if isinstance(found, Spec) else None


def _write(place: Path, key: bytes, loaded: Spec) -> None:
    """Keep a file, whole or not at all; where that cannot be done the next run loads it again."""
    partial = place.with_name(f"{place.name}.{os.getpid()}")
    try:
        partial.write_bytes(key + pickle.dumps(loaded, protocol=5))
        os.replace(partial, place)
    except OSError:
        partial.unlink(missing_ok=True)
