"""Tables that were whole become tables of months under traffic, and whole again, with every row and no copy."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from alembic import command
from tests.integration.growth.test_months import TABLES, id_at

from kro.core.database.invariants import Invariants
from kro.core.database.migrate import alembic_config, migrate
from kro.core.database.pool import Database
from kro.core.decisions import Decision, Message
from kro.core.decisions.encoding import encode
from kro.core.money import Money
from kro.kro_balance.domain import LEDGER_INVARIANTS, External, Posting, Rollups, receipt

WHOLE = "0040"
FILES = "SELECT relname, relfilenode FROM pg_class WHERE relname = ANY ($1)"
COUNT = """
SELECT (SELECT count(*) FROM ledger_entries), (SELECT count(*) FROM outbox), (SELECT max(id) FROM ledger_entries)"""


async def write(database: Database) -> None:
    now = datetime.now(UTC)
    journal = receipt(
        Posting(journal_id=id_at(now), occurred_at=now, actor="test"),
        payment_id=uuid4(),
        user_id=uuid4(),
        amount=Money(10_000, "NGN"),
        external=External("paystack", uuid4().hex),
    )
    message = Message(id=id_at(now), topic="demo", payload={})
    await database.apply(encode(Decision(journals=(journal,), messages=(message,))))


async def files(database: Database, suffix: str = "") -> list[int]:
    rows = await database.rows(FILES, [table + suffix for table in TABLES if table != "payment_webhook_bodies"])
    return sorted(row["relfilenode"] for row in rows)


async def broken(database: Database) -> list[str]:
    return [check.name for check in await Invariants(database, LEDGER_INVARIANTS).check() if not check.holds]


@pytest.mark.timeout(120)
async def test_nothing_is_lost_copied_or_refused(database: Database, owner_dsn: str) -> None:
    await asyncio.to_thread(command.downgrade, alembic_config(owner_dsn), WHOLE)
    for _ in range(20):
        await write(database)
    before = await files(database)
    written, stop = 20, asyncio.Event()

    async def traffic() -> None:
        nonlocal written
        while not stop.is_set():
            await write(database)
            written += 1

    writers = [asyncio.create_task(traffic()) for _ in range(4)]
    await asyncio.to_thread(migrate, owner_dsn)
    await asyncio.sleep(0.1)
    stop.set()
    await asyncio.gather(*writers)

    assert await files(database, "_first") == before
    entries, messages, newest = tuple(await database.row(COUNT) or ())
    assert (entries, messages) == (2 * written, written)
    assert newest >= entries
    assert await broken(database) == []

    await asyncio.to_thread(command.downgrade, alembic_config(owner_dsn), WHOLE)

    assert tuple(await database.row(COUNT) or ()) == (entries, messages, newest)
    await write(database)
    assert await database.value("SELECT max(id) FROM ledger_entries") > newest
    assert await broken(database) == []
    assert await Rollups(database, fewest=1).advance() >= 0
