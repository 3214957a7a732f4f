"""Fifty rivals over fifty connections: everybody has one of their own, so that only the database decides."""

from __future__ import annotations

import asyncio
import fcntl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

import asyncpg
import pytest
from tests.conftest import FreshDatabase
from tests.integration.payment.world import at_once
from tests.property.stage import MoneyWorld

from kro.bootstrap.reconciliation import INVARIANTS
from kro.core.database.embedded import Cluster, Role
from kro.core.database.pool import Database, PoolOptions
from kro.core.decisions import LostRaceError
from kro.core.errors import KroError
from kro.kro_balance.domain import seed_tax_rules
from kro.seed import taxes

RIVALS = 50


@dataclass
class Arena:
    """A world on a pool of as many connections as there are rivals."""

    fresh: FreshDatabase
    database: Database
    world: MoneyWorld

    async def race(self, calls: Sequence[Callable[[], Awaitable[object]]]) -> Counter[str]:
        """Run calls at the same moment; count successes as ``done`` and refusals by their code."""
        await self._everybody("SELECT pg_sleep(0.05)")
        return Counter(_outcome(result) for result in await at_once(calls))

    async def violations(self) -> list[str]:
        return [name for name, query in INVARIANTS.items() if await self.database.value(query)]

    async def deadlocks(self) -> int:
        """Return how many there were in this database, with what every connection has not told yet."""
        await self._everybody("SELECT pg_stat_force_next_flush(), pg_sleep(0.05)")
        await self._everybody("SELECT pg_stat_clear_snapshot(), pg_sleep(0.05)")
        found: int = await self.database.value(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        return found

    async def as_owner(self, statements: str) -> None:
        connection = await asyncpg.connect(self.fresh.dsn(Role.OWNER))
        await connection.execute(statements)
        await connection.close()

    async def rewrite(self, function: str, old: str, new: str) -> None:
        """Break one line of a function of the database."""
        text: str = await self.database.value("SELECT pg_get_functiondef($1::text::regproc)", function)
        assert old in text
        await self.as_owner(text.replace(old, new))

    async def _everybody(self, statement: str) -> None:
        await asyncio.gather(*(self.database.value(statement) for _ in range(RIVALS)))


@pytest.fixture
def alone(postgres: Cluster) -> Iterator[None]:
    """Keep arenas of other workers waiting: the server has not enough connections for many of them."""
    with (postgres.home / "arena.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
async def broken_arena(alone: None, fresh_database: FreshDatabase) -> AsyncIterator[Arena]:
    """An arena whose guards a test takes away, so that nothing is asked of it afterwards."""
    options = PoolOptions(dsn=fresh_database.dsn(Role.APP), size=RIVALS, wait_seconds=30)
    database = await Database.connect(options)
    await seed_tax_rules(database, taxes(vat_bps=750))
    pids = await asyncio.gather(*(database.value("SELECT pg_backend_pid() FROM pg_sleep(0.3)") for _ in range(RIVALS)))
    assert len(set(pids)) == RIVALS
    yield Arena(fresh_database, database, MoneyWorld(database))
    await database.close()


@pytest.fixture
async def arena(broken_arena: Arena) -> AsyncIterator[Arena]:
    """An arena that must be sound after the race: every invariant holds and nobody ever met in a deadlock."""
    yield broken_arena
    assert await broken_arena.violations() == []
    assert await broken_arena.deadlocks() == 0


def _outcome(result: object) -> str:
    if isinstance(result, KroError):
        return result.code
    if isinstance(result, LostRaceError):
        return "lost"
    if isinstance(result, BaseException):
        raise result
    return "done"
