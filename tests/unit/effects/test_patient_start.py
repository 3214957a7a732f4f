from __future__ import annotations

import asyncpg
import pytest

from kro.main import open_patiently


class Starting:
    """An application whose database is away for its first tries."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.opened = self.closed = 0

    async def open(self) -> None:
        self.opened += 1
        if self._failures:
            raise self._failures.pop(0)

    async def close(self) -> None:
        self.closed += 1


async def test_a_database_that_restarts_is_waited_for() -> None:
    application = Starting(asyncpg.CannotConnectNowError("starting up"), FileNotFoundError())

    await open_patiently(application, pause_seconds=0)

    assert (application.opened, application.closed) == (3, 2)


async def test_one_that_stays_away_is_told_and_nothing_stays_open() -> None:
    application = Starting(*[ConnectionRefusedError()] * 100)

    with pytest.raises(ConnectionRefusedError):
        await open_patiently(application, patience_seconds=0.05, pause_seconds=0.02)

    assert application.opened == application.closed < 10


async def test_anything_else_is_told_at_once() -> None:
    application = Starting(ValueError("a mistake"))

    with pytest.raises(ValueError, match="a mistake"):
        await open_patiently(application)

    assert application.opened == 1
