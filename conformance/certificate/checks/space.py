"""Every two values of a call's parameters together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.apis import Contract
from conformance.case import Observation
from conformance.case.values import Value
from conformance.certificate.alone import check_alone
from conformance.certificate.calls import Call
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.exact import build_exact_call, check_right, is_right
from conformance.certificate.space import Row, arguments_of, domain_of, find_space, inputs_of, plainest, rows_with
from conformance.certificate.subject import Subject

OUTPUT_PADDING = "output_padding"
OF_MEMORY = "layout"  # no argument of the vendor's, so that no contract can have it wrong


def check_space(subject: Subject) -> str:
    """Catches an argument that is dropped, exchanged or mistranslated only beside another, and gradients that are.

    Output and gradients of every row of a covering array are the oracle's to the last bit. Where they are not, the
    framework has to give the same by itself; and every value has to be seen right, or what the vendor was asked might
    be another layer.
    """
    contract = subject.contract
    rows = find_space(contract).asked
    calls = list(calls_of_rows(contract, rows))
    answers = subject.ask(*calls)
    if all(answer.lacking for answer in answers):
        raise NotObservableError(answers[0].raised.message.splitlines()[0] if answers[0].raised else "")
    right = []
    wrong = []
    for row, call, answer in zip(rows, calls, answers, strict=True):
        if is_right(contract, call, answer):
            right.append(row)
        else:
            check_own_affair(subject, call, answer)
            wrong.append(row)
    if not subject.in_mode:  # which may never have a value right that its framework has
        check_every_value(subject, right, wrong)
    return f"{len(right)} of {len(rows)} rows, the others as by themselves"


def calls_of_rows(contract: Contract, rows: Sequence[Row]) -> Iterator[Call]:
    for number, row in enumerate(rows):
        yield call_of(contract, row, str(number))


def call_of(contract: Contract, row: Row, name: str) -> Call:
    return build_exact_call(contract, arguments_of(row), inputs_of(contract.layer, row), name)


def scripted_rows(contract: Contract) -> Iterator[Call]:
    """The calls that are run by themselves."""
    return calls_of_rows(contract, find_space(contract).asked)


def check_own_affair(subject: Subject, call: Call, answer: Observation) -> None:
    """An answer that is not the oracle's is the framework's own affair where it gives the same by itself."""
    try:
        check_alone(call, answer, subject.alone)
    except CheckFailedError as error:
        if answer.raised is None:
            check_right(subject.contract, call, answer)
        raise CheckFailedError(f"{call.arguments}: {error}") from error


def check_every_value(subject: Subject, right: Sequence[Row], wrong: Sequence[Row]) -> None:
    """Every value that was never right is right in some other row, or is refused in all of them.

    Of output padding, which frameworks have wrong by themselves, that is so of one value.
    """
    plain = plainest(subject.contract)
    for name in plain:
        seen = {repr(row[name]) for row in right}
        values = {repr(row[name]): row[name] for row in wrong if row[name] != plain[name]}
        never = [value for text, value in values.items() if text not in seen]
        if name == OF_MEMORY or not never:
            continue
        if name != OUTPUT_PADDING:
            for value in never:
                check_value(subject, name, [value])
        elif len(seen) <= 1:
            check_value(subject, name, domain_of(subject.contract)[name][1:])


def check_value(subject: Subject, name: str, values: Sequence[Value]) -> None:
    """One of the values is right with some other, or all are refused.

    Raises:
        CheckFailedError: they are taken, and never right.
    """
    contract = subject.contract
    rows = [row for value in values for row in rows_with(contract, name, value)]
    calls = list(calls_of_rows(contract, rows))
    taken = None
    for call, answer in zip(calls, subject.ask(*calls), strict=True):
        if is_right(contract, call, answer):
            return
        if answer.raised is None:
            taken = call.arguments
    if taken is not None:
        raise CheckFailedError(f"{name} is never right, as in {taken}")
