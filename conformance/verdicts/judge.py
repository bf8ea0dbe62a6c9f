"""The entry: a case, its expectation and its observation become a verdict. Knows no framework by name.

Every outcome of a call that was made is decided here. What the call did is found out by `canonical` or, for a claim's
case, by `claims`. A call that was not made has its outcome from the engine (`no_equivalent`, `unavailable`); `repeat`
and `twin` look at several verdicts.
"""

from __future__ import annotations

from dataclasses import replace

from conformance.apis import Contract
from conformance.case import Authority, Case, Observation, Outcome, Phase, Verdict
from conformance.oracle.expectation import Expectation
from conformance.oracle.sequence import find_last
from conformance.verdicts import canonical, claims, picture
from conformance.verdicts.evidence import Evidence
from conformance.verdicts.findings import Conforming, Differing, Diverging, Fault, Finding, Lacking
from conformance.verdicts.refusals import is_accident
from conformance.verdicts.sentences import first_line


def judge(case: Case, contract: Contract, expectation: Expectation, observation: Observation) -> Verdict:
    """The verdict on one case of one API; of a case that goes on, on the last call of its layer."""
    last = replace(find_last(case), then=case.then) if case.then else case
    evidence = Evidence(last, contract, expectation, observation)
    return replace(
        judge_rounds(evidence) if observation.rounds else judge_evidence(evidence),
        phase=observation.phase,
        raised=observation.raised,
        accident=observation.raised is not None and is_accident(observation.raised),
        inferred=observation.inferred is not None or observation.inferred_rejection,
        seconds=observation.seconds,
    )


def judge_rounds(evidence: Evidence) -> Verdict:
    """The verdict on a layer that was called again and again beside another one, in two threads.

    Where what came of it was not always the same, that is what is told, with how often it was not right.
    """
    verdicts = []
    for one in evidence.observation.rounds:
        observed = replace(evidence.observation, output=one.output, raised=one.raised)
        verdicts.append((one.times, judge_evidence(replace(evidence, observation=observed))))
    wrong = [(times, verdict) for times, verdict in verdicts if verdict.outcome is not Outcome.CONFORMS]
    total = sum(times for times, _ in verdicts)
    if not wrong or len(verdicts) == 1:
        return verdicts[0][1]
    failed = sum(times for times, _ in wrong)
    return Verdict(
        Outcome.UNSTABLE,
        subject="output",
        expected=f"right in {total} of {total} calls",
        observed=f"wrong in {failed} of {total} calls, beside another thread's layer; once: {wrong[0][1].observed}",
        authority=Authority.ROBUSTNESS,
        rests_on="the same call gives the same answer",
    )


def judge_evidence(evidence: Evidence) -> Verdict:
    """The verdict, without what it carries over from the observation."""
    observation = evidence.observation
    if observation.timed_out:
        # At its start is a worker whose last words nobody could read: where the call was is not known.
        where = "" if observation.phase is Phase.START else f", in {observation.phase}"
        end = f"no answer in {observation.seconds:g} s{where}"
        return judge_lost_process(Outcome.TIMED_OUT, end, observation)
    if observation.died:
        return judge_lost_process(Outcome.CRASHED, f"the process ended: {observation.died}", observation)
    if evidence.expectation.fault is not None:
        return Verdict(Outcome.FAULT, observed=evidence.expectation.fault)
    if evidence.case.claim is not None:
        return judge_finding(claims.check(evidence), evidence)
    return judge_finding(canonical.check(evidence), evidence)


def judge_lost_process(outcome: Outcome, end: str, observation: Observation) -> Verdict:
    """The verdict on a call that ended its process, or that had to be ended with it.

    Where it was not so alone, an earlier call of the same process may be to blame.
    """
    if observation.alone is None:
        observed = end
    elif observation.alone:
        observed = f"{end}; so it does alone in a fresh process"
    else:
        observed = f"{end}; not so alone in a fresh process"
    return Verdict(
        outcome,
        subject="call",
        observed=observed,
        authority=Authority.ROBUSTNESS,
        rests_on="a call returns or raises",
        stderr=observation.stderr,
    )


def judge_finding(finding: Finding, evidence: Evidence) -> Verdict:
    """The verdict on a call whose process lived on."""
    match finding:
        case Conforming():
            return judge_conforming(finding, evidence)
        case Diverging():
            return judge_diverging(finding, evidence)
        case Differing():
            return judge_differing(finding)
        case Lacking():
            return judge_lacking(finding, evidence.observation)
        case Fault(reason):
            return Verdict(Outcome.FAULT, observed=reason)


def judge_conforming(finding: Conforming, evidence: Evidence) -> Verdict:
    arrays = evidence.expectation.arrays
    has_ratio = finding.ratio is not None
    return Verdict(
        Outcome.CONFORMS,
        subject=finding.subject,
        expected=finding.expected,
        observed=finding.observed,
        ratio=finding.ratio,
        exact=has_ratio and arrays is not None and arrays.exact,
        ruling=finding.ruling,
        compared=finding.compared,
    )


def judge_differing(finding: Differing) -> Verdict:
    difference = finding.divergence
    return Verdict(
        Outcome.DIFFERS,
        kind=difference.kind,
        subject=difference.subject,
        expected=difference.expected,
        observed=difference.observed,
        direction=finding.direction,
        ruling=finding.ruling,
        compared=finding.compared,
    )


def judge_diverging(finding: Diverging, evidence: Evidence) -> Verdict:
    divergence = finding.divergence
    return Verdict(
        Outcome.DIVERGES,
        kind=divergence.kind,
        subject=divergence.subject,
        expected=divergence.expected,
        observed=divergence.observed,
        ratio=divergence.ratio,
        worst=divergence.worst,
        ruling=finding.ruling,
        authority=finding.authority,
        rests_on=finding.rests_on,
        further=finding.further,
        arrays=picture.take(evidence, divergence),
    )


def judge_lacking(finding: Lacking, observation: Observation) -> Verdict:
    message = observation.raised.message if observation.raised else observation.stderr
    return Verdict(
        Outcome.UNAVAILABLE,
        observed=first_line(message) or "the operation is lacking",
        ruling=finding.ruling,
    )
