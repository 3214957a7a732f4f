"""Shared accounts have no running balance; their roll-ups never miss an entry and never count one twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from kro.core.database.pool import Database
from kro.core.decisions import Decision
from kro.core.decisions.encoding import encode
from kro.kro_balance.domain import LedgerReads, Rollups
from kro.kro_balance.domain.chart import provider_clearing, provider_fees
from ledger import fee_of, paid_in, post, violations

FEES = provider_fees("paystack", "NGN").id
CLEARING = provider_clearing("paystack", "NGN").id
_PASSED = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= xid FROM ledger_rollup_mark"


@pytest.fixture
def rollups(database: Database) -> Rollups:
    return Rollups(database, fewest=1)


@pytest.fixture
def reads(database: Database) -> LedgerReads:
    return LedgerReads(database)


@pytest.fixture
async def slow(app_dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection whose transaction posts and then takes its time."""
    connection = await asyncpg.connect(app_dsn)
    yield connection
    await connection.close()


async def begin_posting(connection: asyncpg.Connection[asyncpg.Record], amount: int) -> None:
    await connection.execute("BEGIN")
    await connection.fetchval("SELECT apply_decision($1::jsonb)", encode(Decision(journals=(fee_of(amount),))))


async def opened(database: Database) -> None:
    """Open the accounts; else the first to post would hold the others up until its end."""
    await post(database, fee_of(1000), fee_of(1000))


async def advance(rollups: Rollups, *, times: int = 1) -> list[int]:
    """Advance when nothing older than the mark runs, in this database or in that of another test."""
    written = []
    for _ in range(times):
        async with asyncio.timeout(30):
            while not await rollups._database.value(_PASSED):  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.01)
        written.append(await rollups.advance())
    return written


async def rolled_up(database: Database) -> int:
    """Return what the newest roll-up of the fee account says, 0 if there is none."""
    newest = "SELECT total FROM ledger_rollups WHERE account_id = $1 ORDER BY through_id DESC LIMIT 1"
    return int(await database.value(newest, FEES) or 0)


async def test_the_balance_is_the_same_before_and_after(
    database: Database, rollups: Rollups, reads: LedgerReads
) -> None:
    for amount in (1, 20, 300):
        await post(database, fee_of(amount))
        assert await reads.balance(FEES) == amount + await rolled_up(database)
        await advance(rollups, times=2)
        assert await rolled_up(database) == await reads.balance(FEES)

    assert await reads.balance(FEES) == 321
    assert await reads.balance(CLEARING) == -321
    assert await violations(database) == {}


async def test_what_was_just_written_is_only_marked(database: Database, rollups: Rollups) -> None:
    await post(database, fee_of(7))

    assert await advance(rollups, times=3) == [0, 2, 0]


async def test_a_late_committer_is_never_missed(
    database: Database, rollups: Rollups, reads: LedgerReads, slow: asyncpg.Connection[asyncpg.Record]
) -> None:
    await opened(database)
    await begin_posting(slow, 5)
    await post(database, fee_of(70))

    for _ in range(3):
        assert await rollups.advance() == 0
    assert await reads.balance(FEES) == 2070

    await slow.execute("COMMIT")
    await advance(rollups, times=2)
    assert await rolled_up(database) == await reads.balance(FEES) == 2075
    assert await violations(database) == {}


async def test_without_the_wait_it_would_be_missed(
    database: Database,
    owner_database: Database,
    rollups: Rollups,
    reads: LedgerReads,
    slow: asyncpg.Connection[asyncpg.Record],
) -> None:
    await opened(database)
    await begin_posting(slow, 5)
    await post(database, fee_of(70))
    await rollups.advance()
    await owner_database.execute("UPDATE ledger_rollup_mark SET xid = '0'")
    assert await rollups.advance() == 2
    await slow.execute("COMMIT")

    assert await reads.balance(FEES) == 2070
    assert await violations(database) == {"rollups_equal_their_entries": 2}


async def test_an_idle_reader_does_not_hold_them_up(database: Database, rollups: Rollups, app_dsn: str) -> None:
    reader = await asyncpg.connect(app_dsn)
    try:
        await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await reader.fetchval("SELECT count(*) FROM ledger_entries")
        await post(database, fee_of(7))

        assert await advance(rollups, times=2) == [0, 2]
    finally:
        await reader.close()


async def test_few_entries_wait_for_more(database: Database, reads: LedgerReads) -> None:
    patient = Rollups(database, fewest=3)
    for _ in range(2):
        await post(database, fee_of(10))
        assert await advance(patient, times=2) == [0, 0]

    await post(database, fee_of(10))

    assert await advance(patient, times=2) == [0, 2]
    assert await reads.balance(FEES) == await rolled_up(database) == 30


async def test_a_backlog_is_summed_in_parts(database: Database, reads: LedgerReads) -> None:
    small = Rollups(database, fewest=1, batch=4)
    for _ in range(10):
        await post(database, fee_of(10))

    seen = []
    for _ in range(5):
        await advance(small)
        seen.append(await rolled_up(database))
        assert await reads.balance(FEES) == 100

    assert seen == [0, 40, 80, 100, 100]


async def test_several_workers_and_traffic_at_once(database: Database, rollups: Rollups, reads: LedgerReads) -> None:
    async def trade() -> None:
        for _ in range(10):
            await post(database, paid_in(uuid4(), 100), fee_of(1))

    async def sum_up() -> None:
        for _ in range(15):
            await rollups.advance()

    await asyncio.gather(*(trade() for _ in range(6)), *(sum_up() for _ in range(4)))
    await advance(rollups, times=2)

    assert await rolled_up(database) == await reads.balance(FEES) == 60
    assert await reads.balance(CLEARING) == 60 * 99
    assert await violations(database) == {}


async def test_a_restored_copy_starts_its_marks_anew(
    database: Database, owner_database: Database, rollups: Rollups, reads: LedgerReads
) -> None:
    """Transaction ids begin anew in a restored copy, so its mark comes from the future and would never be passed."""
    await post(database, fee_of(7))
    await owner_database.execute("UPDATE ledger_rollup_mark SET through_id = 99, xid = '99999999999'")

    await rollups.advance()
    await advance(rollups)

    assert await rolled_up(database) == await reads.balance(FEES) == 7


async def test_they_refuse_to_run_inside_another_transaction(
    rollups: Rollups, slow: asyncpg.Connection[asyncpg.Record]
) -> None:
    await begin_posting(slow, 5)

    with pytest.raises(asyncpg.InvalidTransactionStateError, match="their own"):
        await slow.fetchval("SELECT roll_up_ledger(1, 100)")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger_rollups SELECT id, 1, 1, now() FROM kro_balance LIMIT 1",
        "UPDATE ledger_rollups SET total = 0",
        "DELETE FROM ledger_rollups",
        "UPDATE ledger_rollup_mark SET xid = '0'",
    ],
)
async def test_the_application_cannot_write_them_itself(database: Database, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.execute(statement)
