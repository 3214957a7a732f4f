"""Ending one's other sessions looks at one's own, however many others have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import pytest
from tests.integration.identity.people import OTHER_PHONE, People

from kro.core.database.pool import Database, PoolOptions

_MANY: Final = """
INSERT INTO sessions (id, audience, user_id, refresh_hash, expires_at)
SELECT gen_random_uuid(), 'user', $1, sha256(n::text::bytea), now() + interval '1 day'
FROM generate_series(1, 3000) AS n"""
_READ: Final = """
SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'sessions')
     + (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'sessions')"""
FEW: Final = 20


@pytest.fixture
async def connection(app_dsn: str) -> AsyncIterator[Database]:
    """A pool of one connection, which tells what it has read when it is asked."""
    database = await Database.connect(PoolOptions(dsn=app_dsn, size=1))
    yield database
    await database.close()


async def read(connection: Database) -> int:
    await connection.value("SELECT pg_stat_force_next_flush()")
    return int(await connection.value(_READ))


async def test_ending_other_sessions_reads_ones_own(connection: Database) -> None:
    people = People(connection)
    await people.seed()
    await people.add_user(OTHER_PHONE)
    await people.log_in()
    mine, others = await people.log_in(), await people.log_in(OTHER_PHONE)
    await connection.value(_MANY, others.user_id)
    before = await read(connection)

    ended = await people.user_sessions.revoke_others(mine.actor)

    assert ended == 1
    assert await read(connection) - before <= FEW
