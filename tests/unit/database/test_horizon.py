"""The end of the primary's log is asked once for all who may be told the same, and too early for none."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from kro.core.database.failures import DatabaseBusyError
from kro.core.database.horizon import Horizon, Horizons
from kro.core.database.pool import Database


class Log:
    """A primary whose log gets longer, and whose answers wait until they are let through."""

    def __init__(self) -> None:
        self.end = 1
        self.asked = 0
        self.answers = asyncio.Event()
        self.is_away = False

    async def run(self, _: object) -> Any:
        self.asked += 1
        end = self.end
        await self.answers.wait()
        if self.is_away:
            raise DatabaseBusyError
        return {"lsn": end, "timeline": "0000000A"}


@pytest.fixture
async def log() -> Log:
    return Log()


@pytest.fixture
async def horizons(log: Log) -> Horizons:
    return Horizons(cast("Database", log))


async def test_who_comes_later_is_told_nothing_that_was_found_out_before(log: Log, horizons: Horizons) -> None:
    first = asyncio.create_task(horizons.now())
    await asyncio.sleep(0.01)
    log.end = 2
    later = [asyncio.create_task(horizons.now()) for _ in range(3)]
    await asyncio.sleep(0.01)
    log.answers.set()

    assert await first == Horizon(10, 1)
    assert await asyncio.gather(*later) == [Horizon(10, 2)] * 3
    assert log.asked == 2


async def test_who_goes_away_takes_nobody_along(log: Log, horizons: Horizons) -> None:
    gone, stays = asyncio.create_task(horizons.now()), asyncio.create_task(horizons.now())
    await asyncio.sleep(0.01)
    gone.cancel()
    log.answers.set()

    assert await stays == Horizon(10, 1)


async def test_after_a_failure_the_next_question_is_asked_anew(log: Log, horizons: Horizons) -> None:
    log.answers.set()
    log.is_away = True
    with pytest.raises(DatabaseBusyError):
        await horizons.now()
    log.is_away = False

    assert await horizons.now() == Horizon(10, 1)
