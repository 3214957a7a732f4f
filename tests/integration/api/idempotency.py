"""What can go wrong around a stored answer: time, a full disk, balances that are held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from kro_api import World


async def age(world: World, interval: str) -> None:
    """Let time pass for every stored answer."""
    await world.database.execute(
        "UPDATE idempotency_keys SET created_at = created_at - $1::text::interval,"
        " expires_at = expires_at - $1::text::interval",
        interval,
    )


@asynccontextmanager
async def failing_writes(owner_dsn: str, world: World) -> AsyncIterator[None]:
    """Let every decision fail in the database after its rows, its journals and its answer were written."""
    owner = await asyncpg.connect(owner_dsn)
    hooks, world.http.event_hooks = world.http.event_hooks, {}
    await owner.execute(
        """
        CREATE FUNCTION break_down() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the file is gone' USING ERRCODE = '58P01'; END $$;
        CREATE TRIGGER break_down BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION break_down()
        """
    )
    try:
        yield
    finally:
        await owner.execute("DROP FUNCTION break_down() CASCADE")
        await owner.close()
        # A 500 is answered as documented, but without a code that any operation would list.
        world.http.event_hooks = hooks


@asynccontextmanager
async def balances_held(owner_dsn: str) -> AsyncIterator[None]:
    """Hold every balance, so that a decision which moves money waits in the middle of being written."""
    owner = await asyncpg.connect(owner_dsn)
    try:
        async with owner.transaction():
            await owner.execute("SELECT FROM kro_balance FOR UPDATE")
            yield
    finally:
        await owner.close()


async def waiting_for_a_lock(world: World) -> None:
    """Return once a decision waits for a balance."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(200):
        if await world.database.value(query):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no decision waits for a lock")
