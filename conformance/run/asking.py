"""Where cases are asked: each as often as it is to be repeated, of targets that are certified meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.audit import Audit, Job
from conformance.case import Case, Greeting, Outcome, Target, Verdict
from conformance.certificate.certificate import Certificate
from conformance.certificate.certificates import Cache, Certificates
from conformance.oracle.expectation import Expectation
from conformance.run.settings import Settings
from conformance.verdicts import repeat


class Asking:
    """The targets of a run, which start with what is first asked of them."""

    def __init__(self, settings: Settings, targets: Sequence[Target], cache: Cache | None) -> None:
        """`cache` is where certificates are kept between runs."""
        self._settings = settings
        self._targets = targets
        self._certificates = Certificates(self.greet, cache, settings.certifies == "always")
        self._audit: Audit | None = None

    def greet(self, target: Target) -> Greeting:
        """What a target says of itself. Raises TargetError when it cannot be used."""
        return self._start_audit().greeting(target)

    def submit(self, job: Job) -> Sequence[Job]:
        """Queue a job, as often as it is to be repeated."""
        audit = self._start_audit()
        repeats = [Job(job.case, job.contract, job.target) for _ in range(self._settings.repeats)]
        for repeated in repeats:
            audit.submit(repeated)
        if self._settings.certifies != "never":
            self._certificates.start(job.target)
        return repeats

    def await_verdict(self, job: Job, repeats: Sequence[Job]) -> Verdict:
        """The verdict on a job, once all its repeats have theirs; a fault where the API failed its certificate."""
        certificate = self.find_certificate(job.target)
        failure = certificate.failure(job.contract.api) if certificate is not None else None
        if failure is not None:
            api = job.contract.api
            return Verdict(Outcome.FAULT, observed=f"not audited: {api} failed its certificate: {failure}")
        return repeat.combine([repeated.verdict.result() for repeated in repeats])

    def find_certificate(self, target: Target) -> Certificate | None:
        """A target's certificate, once it is complete; None where none was begun, or the target cannot be used."""
        return self._certificates.of(target)

    def expect(self, case: Case) -> Expectation:
        """What the oracle says of a case."""
        return self._start_audit().expect(case)

    def close(self) -> None:
        """End the targets."""
        if self._audit is not None:
            self._audit.close()

    def _start_audit(self) -> Audit:
        if self._audit is None:
            self._audit = Audit(self._targets, self._settings.case_timeout)
        return self._audit
