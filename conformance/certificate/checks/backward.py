"""Errors of the framework's own that come of going backward."""

from __future__ import annotations

import numpy as np

from conformance.case import Phase
from conformance.certificate.answers import output_of
from conformance.certificate.calls import build_call
from conformance.certificate.checks.phases import check_unblamed
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.layers import SMALL, make_arrays
from conformance.certificate.subject import Subject

# Of upstream gradients for an output of float32. torch refuses the first, MegEngine the second, MindSpore both, and
# PaddlePaddle none, so that nothing can be dropped there.
DTYPES = ("complex64", "float16")


def check_backward(subject: Subject) -> str:
    """Catches an error that is raised backward and dropped.

    An upstream gradient of another dtype than the output's gives gradients or an error, and the valid call after it is
    as it was before.
    """
    contract = subject.contract
    if not contract.gradients:
        raise NotObservableError("none can be asked for")
    valid = build_call(contract, SMALL, make_arrays(contract, SMALL, gradients=True))
    (before,) = subject.ask(valid)
    upstream = np.ones(output_of(before).values.shape)
    refused = []
    for dtype in DTYPES:
        answer, after = subject.ask(valid.with_array("grad_output", upstream, dtype), valid)
        if answer.raised is None and not answer.gradients:
            raise CheckFailedError(f"an upstream gradient of {dtype} gives neither gradients nor an error")
        if answer.raised is not None and answer.raised.phase is Phase.BACKWARD and not answer.lacking:
            refused.append(dtype)
        check_unblamed(after, before)
    return f"refused: {', '.join(refused) or 'none'}"
