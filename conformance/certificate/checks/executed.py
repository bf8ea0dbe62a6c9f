"""The source that the report shows, run by itself."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.apis import Contract
from conformance.case import LAYOUTS
from conformance.certificate.alone import check_alone
from conformance.certificate.calls import Call, build_call
from conformance.certificate.errors import NotObservableError
from conformance.certificate.layers import SMALL, expressible_layers, fit, make_arrays
from conformance.certificate.subject import Subject


def check_executed(subject: Subject) -> str:
    """Catches a worker that does something else than the source which stands beside its verdicts.

    The source that the report shows, executed by itself, gives the bits that came over the wire.
    """
    calls = list(plain_calls(subject.contract))
    answers = subject.ask(*calls)
    if answers[0].lacking:
        raise NotObservableError("no kernel")
    for call, answer in zip(calls, answers, strict=True):
        check_alone(call, answer, subject.alone)
    return f"{len(calls)} source lines"


def plain_calls(contract: Contract) -> Iterator[Call]:
    """Every layer with gradients, and the smallest with every layout of the input."""
    for arguments in expressible_layers(contract):
        layouts = LAYOUTS if arguments == fit(contract, SMALL) else ("contiguous",)
        for layout in layouts:
            arrays = make_arrays(contract, arguments, gradients=True)
            yield build_call(contract, arguments, arrays, layout=layout)
