"""A target's worker that is asked the calls of the checks, in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.case import Observation, Target
from conformance.certificate.errors import CheckFailedError
from conformance.targets.connection import Connection
from conformance.targets.errors import Cause, KilledError, LostError

ANSWER_LIMIT = 60.0  # seconds for one answer
BATCH = 32  # calls that are sent ahead


class Conversation:
    """Questions to a worker and its answers, one batch after another; a fresh worker once one has died."""

    def __init__(self, target: Target) -> None:
        """Raises TargetError where the target cannot be started."""
        self._target = target
        self._connection, self.version = start_worker(target)

    def answer(self, calls: Sequence[Mapping[str, Any]]) -> list[Observation]:
        """The answers to calls as they travel, in order.

        Raises:
            CheckFailedError: the worker died, hung, or did not keep to the protocol.
        """
        observations = []
        for first in range(0, len(calls), BATCH):
            observations += self._answer_batch(calls[first : first + BATCH])
        return observations

    def _answer_batch(self, calls: Sequence[Mapping[str, Any]], attempts: int = 2) -> list[Observation]:
        observations = []
        try:
            self._connection.send([{**call, "id": number} for number, call in enumerate(calls)])
            for number in range(len(calls)):
                observations.append(self._connection.receive(number, ANSWER_LIMIT))
        except (LostError, OSError) as error:
            self._connection.close()
            self._connection, self.version = start_worker(self._target)
            # Who was killed from outside says nothing of the adapter, and is asked again, once.
            if attempts > 1 and isinstance(error, LostError) and error.cause is Cause.KILLED:
                return self._answer_batch(calls, attempts - 1)
            raise CheckFailedError(f"the worker gave no answer: {error}") from error
        return observations

    def close(self) -> None:
        """End the worker."""
        self._connection.close()


def start_worker(target: Target, attempts: int = 3) -> tuple[Connection, str]:
    """A connection whose worker has started, and the version that it says. Raises TargetError.

    A worker that is killed from outside is started again.
    """
    connection = Connection(target)
    try:
        return connection, connection.start().version
    except KilledError:
        connection.close()
        if attempts == 1:
            raise
        return start_worker(target, attempts - 1)
    except BaseException:
        connection.close()
        raise
