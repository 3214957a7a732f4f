"""What is asked for all day reads no table from end to end, however much is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from benchmarks.fill import Copying, multiply, take
from benchmarks.requests.market import open_market
from benchmarks.requests.recording import recording
from benchmarks.requests.scenarios import SCENARIOS

from kro.bootstrap import build
from kro.core.database.embedded import Role
from kro.core.database.invariants import Invariants
from kro.core.database.pool import Database
from kro.kro_balance.domain import LEDGER_INVARIANTS
from kro.main import create_api
from kro_api import settings_for

PAIRS, COPIES, LARGE = 3, 40, 1_000
OFTEN = 8
"""Beyond the five executions after which the server keeps one plan for all values."""

READ_WHOLE = """
SELECT relname, seq_scan FROM pg_stat_user_tables WHERE seq_scan > 0 AND n_live_tup > $1 ORDER BY relname"""


@pytest.fixture
async def connection(fresh_database: Any) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    superuser = await asyncpg.connect(fresh_database.cluster.dsn(Role.ADMIN, fresh_database.name))
    yield superuser
    await superuser.close()


@pytest.mark.timeout(300)
async def test_no_large_table_is_read_from_end_to_end(
    fresh_database: Any, database: Database, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    cluster, name = fresh_database.cluster, fresh_database.name
    settings = settings_for(cluster, name)
    market = await open_market(cluster.dsn(Role.OWNER, name), settings, pairs=PAIRS)
    [pair, *_] = market.crowd.pairs
    application = build(settings)
    async with recording(create_api(application), application.database) as recorder:
        for each in market.crowd.pairs:
            await market.stock(recorder, each)
        for scenario in SCENARIOS.values():
            await scenario(market, recorder, pair)
    copying = Copying(await take(connection, "all"), COPIES)
    assert await multiply(fresh_database.dsn(Role.ADMIN), [copying]) > LARGE
    assert [check for check in await Invariants(database, LEDGER_INVARIANTS).check() if not check.holds] == []
    await connection.execute("SELECT pg_stat_reset()")

    application = build(settings)
    async with recording(create_api(application), application.database) as recorder:
        for scenario in SCENARIOS.values():
            for _ in range(OFTEN):
                await scenario(market, recorder, pair)

    # The connections are closed by now, and with that what they did is counted.
    found = {row["relname"]: row["seq_scan"] for row in await connection.fetch(READ_WHOLE, LARGE)}
    assert found == {}
