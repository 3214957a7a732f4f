"""What a refusal of PostgreSQL becomes."""

from __future__ import annotations

import asyncpg
import pytest

from kro.core.database.failures import BlockedError, DatabaseBusyError, translate
from kro.core.decisions import Decision, DecisionRunner, Loaded, LostRaceError, Outcome, Reply, StoredAnswer
from kro.core.errors import ErrorKind


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (asyncpg.UniqueViolationError, LostRaceError),
        (asyncpg.ExclusionViolationError, LostRaceError),
        (asyncpg.SerializationError, BlockedError),
        (asyncpg.DeadlockDetectedError, BlockedError),
        (asyncpg.LockNotAvailableError, BlockedError),
        (asyncpg.QueryCanceledError, DatabaseBusyError),
        (asyncpg.UndefinedTableError, asyncpg.UndefinedTableError),
        (asyncpg.NotNullViolationError, asyncpg.NotNullViolationError),
    ],
)
def test_each_is_told_as_what_it_means(refusal: type[asyncpg.PostgresError], told: type[Exception]) -> None:
    assert type(translate(refusal("no"))) is told


def test_being_blocked_is_told_as_busy_unless_somebody_tries_again() -> None:
    error = BlockedError()

    assert isinstance(error, LostRaceError)
    assert (error.kind, error.code, error.retry_after_seconds) == (ErrorKind.OVERLOADED, "overloaded", 1)


async def test_a_decision_that_was_blocked_is_made_again() -> None:
    class Store:
        tries = 0

        async def write(self, decision: Decision, answer: StoredAnswer | None = None) -> None:
            assert (decision, answer) == (Decision(), None)
            self.tries += 1
            if self.tries < 3:
                raise BlockedError

    async def load() -> Loaded[int]:
        return Loaded(1)

    store = Store()
    runner = DecisionRunner(store, render_problem=lambda _: Reply(500, b""))

    reply = await runner.run(
        load=load, decide=lambda state: Outcome(Decision(), state), render=lambda _: Reply(200, b"{}")
    )

    assert (reply.status, store.tries) == (200, 3)
