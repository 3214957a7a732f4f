"""What a journal costs depends neither on how many accounts there are, nor on anybody having counted them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final
from uuid import uuid4

import pytest

from kro.core.database.pool import Database, PoolOptions
from ledger import paid_in, post

JOURNALS: Final = 10
ACCOUNTS_OF_A_RECEIPT: Final = 2
STATEMENTS_OVER_ACCOUNTS: Final = 12
"""More than there are, guards of the database included: every one may read the accounts of its journal once."""
_MANY: Final = """
INSERT INTO kro_balance (id, code, owner_id, qualifier, currency, normal, tracked, allow_negative)
SELECT gen_random_uuid(), 'order_escrow', gen_random_uuid(), '', 'NGN', 'credit', true, false
FROM generate_series(1, 3000)"""
_READ: Final = "SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE relname = 'kro_balance'"
_ELSEWHERE: Final = """
SELECT n_tup_upd - n_tup_hot_upd AS elsewhere, n_tup_upd AS all FROM pg_stat_user_tables
WHERE relname = 'kro_balance'"""


@pytest.fixture
async def connection(app_dsn: str) -> AsyncIterator[Database]:
    """A pool of one connection, which tells what it has read when it is asked."""
    database = await Database.connect(PoolOptions(dsn=app_dsn, size=1))
    yield database
    await database.close()


async def told(connection: Database, query: str) -> dict[str, int]:
    await connection.value("SELECT pg_stat_force_next_flush()")
    row = await connection.row(query)
    assert row is not None
    return dict(row)


async def test_a_journal_reads_just_its_accounts_among_thousands_nobody_counted(
    owner_database: Database, connection: Database
) -> None:
    await owner_database.value(_MANY)
    user_id = uuid4()
    before = await told(connection, _READ)

    for _ in range(JOURNALS):
        await post(connection, paid_in(user_id, 100))

    read = (await told(connection, _READ))["sum"] - before["sum"]
    assert 0 < read <= JOURNALS * ACCOUNTS_OF_A_RECEIPT * STATEMENTS_OVER_ACCOUNTS


async def test_a_balance_changes_in_place(connection: Database) -> None:
    user_id = uuid4()

    for _ in range(JOURNALS):
        await post(connection, paid_in(user_id, 100))

    found = await told(connection, _ELSEWHERE)
    assert found["all"] == JOURNALS
    assert found["elsewhere"] == 0
