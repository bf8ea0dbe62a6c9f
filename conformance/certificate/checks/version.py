"""Which version this is."""

from __future__ import annotations

from conformance.certificate.errors import CheckFailedError
from conformance.certificate.subject import Subject


def check_version(subject: Subject) -> str:
    """Catches verdicts that are told of another version: the worker's word is the package's own."""
    versions = subject.versions()
    if subject.version not in versions:
        raise CheckFailedError(f"the worker says {subject.version}, the package {' and '.join(versions) or 'nothing'}")
    return subject.version
