"""The history of a balance: every movement once, the balance after it, and a page that costs a page."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest

from balance_book import add_person, fill, post_at
from kro.core.actor import Actor
from kro.core.business_days import Days
from kro.core.database.migrate import migrate
from kro.core.database.pool import Database
from kro.core.decisions import Decision
from kro.core.decisions.encoding import encode
from kro.core.money import Money
from kro.kro_balance.database.balances import _ENTRIES, _ENTRIES_OF_KIND
from kro.kro_balance.database.statement_records import NEWEST, LinePosition
from kro.kro_balance.domain import BalanceReads, EntryView, order_funded
from ledger import paid_in, post, posting, violations

START: Final = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.fixture
async def actor(owner_database: Database) -> Actor:
    return await add_person(owner_database)


async def whole_history(database: Database, actor: Actor, *, limit: int, **filters: Any) -> list[EntryView]:
    """Walk every page."""
    reads, before, found = BalanceReads(database), None, list[EntryView]()
    while page := await reads.entries(actor, currency="NGN", limit=limit, before=before, **filters):
        found += page
        before = LinePosition(page[-1].at, page[-1].id)
    return found


class TestPages:
    async def test_bring_every_movement_once_with_the_balance_after_it(
        self, database: Database, owner_database: Database, actor: Actor
    ) -> None:
        # Several share a microsecond, and pages end among them.
        moments = [START + timedelta(minutes=n // 4) for n in range(23)]
        await post_at(owner_database, actor.id, *[(at, 100 + n) for n, at in enumerate(moments)])

        found = await whole_history(database, actor, limit=5)

        assert [entry.amount for entry in reversed(found)] == [100 + n for n in range(23)]
        running = 0
        for entry in reversed(found):
            running += entry.amount
            assert entry.balance_after == running
        assert await violations(database) == {}

    async def test_hold_only_the_callers_own_movements_of_the_currency(
        self, database: Database, owner_database: Database, actor: Actor
    ) -> None:
        await post_at(owner_database, uuid4(), (START, 500))
        await post_at(owner_database, actor.id, (START, 700), currency="USD")
        await post_at(owner_database, actor.id, (START, 900))

        assert [entry.amount for entry in await whole_history(database, actor, limit=5)] == [900]

    async def test_of_one_kind_leave_the_balance_after_as_it_was(
        self, database: Database, owner_database: Database, actor: Actor
    ) -> None:
        await post_at(owner_database, actor.id, (START, 100))
        await post_at(owner_database, actor.id, (START, 5), kind="goodwill")
        await post_at(owner_database, actor.id, (START, 100))

        found = await whole_history(database, actor, limit=1, kind="goodwill")

        assert [(entry.amount, entry.balance_after) for entry in found] == [(5, 105)]

    async def test_of_some_days_begin_and_end_at_midnight_in_lagos(
        self, database: Database, owner_database: Database, actor: Actor
    ) -> None:
        midnight, tick = datetime(2026, 1, 10, 23, tzinfo=UTC), timedelta(microseconds=1)
        moments = (midnight - tick, midnight, midnight + timedelta(days=1) - tick, midnight + timedelta(days=1))
        await post_at(owner_database, actor.id, *[(at, 1 + n) for n, at in enumerate(moments)])

        days = Days(date(2026, 1, 11), date(2026, 1, 11))

        assert [e.amount for e in await whole_history(database, actor, limit=1, days=days)] == [3, 2]
        assert [e.amount for e in await whole_history(database, actor, limit=9, days=Days(days.first))] == [4, 3, 2]
        assert [e.amount for e in await whole_history(database, actor, limit=9, days=Days(None, days.last))] == [
            3,
            2,
            1,
        ]


class TestLines:
    async def test_are_written_with_every_posting_in_its_order(self, database: Database, actor: Actor) -> None:
        funded = order_funded(posting(), order_id=uuid4(), buyer_id=actor.id, amount=Money(700, "NGN"))

        # One decision: the receipt and what is paid from it.
        await post(database, paid_in(actor.id, 1_000), funded)

        found = await whole_history(database, actor, limit=5)
        assert [(e.kind, e.amount, e.balance_after) for e in found] == [
            ("order_funded", -700, 300),
            ("receipt", 1_000, 1_000),
        ]

    async def test_stay_in_order_when_fifty_post_at_once(self, database: Database, actor: Actor) -> None:
        await asyncio.gather(*(post(database, paid_in(actor.id, 100 + n)) for n in range(50)))

        found = await whole_history(database, actor, limit=7)

        assert len(found) == 50
        for newer, older in pairwise(found):
            assert newer.balance_after - newer.amount == older.balance_after
        assert await violations(database) == {}

    async def test_never_go_back_in_time_when_the_first_to_begin_is_the_last_to_post(
        self, database: Database, app_dsn: str, actor: Actor
    ) -> None:
        early = await asyncpg.connect(app_dsn)
        try:
            async with early.transaction():
                began = await early.fetchval("SELECT now()")
                await post(database, paid_in(actor.id, 100))
                document = encode(Decision(journals=(paid_in(actor.id, 200),)))
                await early.execute("SELECT apply_decision($1::text::jsonb)", document)
        finally:
            await early.close()

        last, first = await whole_history(database, actor, limit=5)
        assert (first.amount, last.amount, last.balance_after) == (100, 200, 300)
        assert began < first.at <= last.at

    @pytest.mark.parametrize(
        "statement",
        ["UPDATE balance_lines SET balance_after = 0", "DELETE FROM balance_lines", "TRUNCATE balance_lines"],
    )
    async def test_cannot_be_changed_by_anybody(
        self, database: Database, owner_database: Database, actor: Actor, statement: str
    ) -> None:
        await post(database, paid_in(actor.id, 100))

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.execute(statement)
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await owner_database.execute(statement)

    async def test_of_before_they_existed_are_made_by_the_migration(
        self, database: Database, owner_database: Database, owner_dsn: str, actor: Actor
    ) -> None:
        await asyncio.to_thread(migrate, owner_dsn, revision="0003")
        await post_at(owner_database, actor.id, (START, 100), (START - timedelta(days=1), 50), (START, -30))

        await asyncio.to_thread(migrate, owner_dsn)

        # A line keeps its place in the order of posting; where the times contradict it, the later one counts.
        found = await whole_history(database, actor, limit=5)
        assert [(e.amount, e.balance_after, e.at) for e in found] == [
            (-30, 120, START),
            (50, 150, START),
            (100, 100, START),
        ]


class TestCost:
    """Counted in pages of the database that a query touches: time would depend on the machine."""

    async def test_of_a_page_does_not_grow_with_the_history(
        self, database: Database, owner_database: Database, app_dsn: str
    ) -> None:
        newcomer, veteran = await add_person(owner_database), await add_person(owner_database)
        await fill(owner_database, newcomer.id, start=START, count=100)
        await fill(owner_database, veteran.id, start=START, count=100_000)
        await owner_database.execute("ANALYZE")
        middle = LinePosition(START + timedelta(minutes=50_000), 2**63 - 1)

        of_newcomer = await pages_touched(app_dsn, newcomer.id)
        assert of_newcomer < 250
        assert await pages_touched(app_dsn, veteran.id) <= of_newcomer + 50
        assert await pages_touched(app_dsn, veteran.id, before=middle) <= of_newcomer + 50
        assert await pages_touched(app_dsn, veteran.id, kind="goodwill") <= of_newcomer + 50
        # The rarest search of all finds nothing, and says so without reading what is there.
        assert await pages_touched(app_dsn, veteran.id, kind="reversal") < 50

    async def test_is_what_it_takes_to_be_told_from_a_page_that_reads_everything(
        self, owner_database: Database, app_dsn: str, actor: Actor
    ) -> None:
        """The measure itself: without the index, the same page touches the whole history."""
        await fill(owner_database, actor.id, start=START, count=20_000)
        await owner_database.execute("ANALYZE")
        good = await pages_touched(app_dsn, actor.id)

        await owner_database.execute("DROP INDEX ix_balance_lines_kind")
        await owner_database.execute("ALTER TABLE balance_lines DROP CONSTRAINT pk_balance_lines")

        assert await pages_touched(app_dsn, actor.id) > good + 100


async def pages_touched(
    dsn: str, user_id: UUID, *, before: LinePosition = NEWEST, kind: str | None = None, limit: int = 21
) -> int:
    """Return how many buffers one page of a history reads under the plan that serves every call."""
    at = before.at.isoformat() if before != NEWEST else "infinity"
    arguments = [f"'{user_id}'", "NULL", "'NGN'", f"'{at}'", str(before.entry_id), "'-infinity'", str(limit)]
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        types = "uuid, uuid, text, timestamptz, bigint, timestamptz, bigint"
        if kind is None:
            await connection.execute(f"PREPARE page ({types}) AS {_ENTRIES}")
        else:
            await connection.execute(f"PREPARE page ({types}, text) AS {_ENTRIES_OF_KIND}")
            arguments.append(f"'{kind}'")
        plan = orjson.loads(
            await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page ({', '.join(arguments)})")
        )[0]["Plan"]
        return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])
    finally:
        await connection.close()
