"""The benchmark of sizes makes sound books out of copies, with one seller's in them, and tells what grows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from benchmarks.fill import forget, multiply
from benchmarks.processes import Program
from benchmarks.requests.load import Measurement
from benchmarks.scale.filling import Filled
from benchmarks.scale.measuring import Plan, Result, Row, measure
from benchmarks.scale.months import part_the_past
from benchmarks.scale.report import report
from benchmarks.scale.worlds import YEARS, Cast, Worlds, play

from kro.core.database.embedded import Role
from kro.core.database.invariants import Invariants
from kro.core.database.pool import Database
from kro.kro_balance.domain import LEDGER_INVARIANTS
from kro.order.database.invariants import ORDER_INVARIANTS
from kro.order.database.words import OrderStatus

ORDERS = 700
STATUSES = {*OrderStatus}
MONTHS = "SELECT count(DISTINCT tableoid) FROM ledger_entries"
HOT = "SELECT count(*) FROM orders WHERE seller_id = $1"
INDEXES = """
SELECT pg_get_indexdef(indexrelid), indisvalid, indisready FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indrelid
WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1"""
LEFT_BEHIND = "SELECT relname FROM pg_class WHERE relname LIKE 'benchmark%'"


@pytest.fixture
async def admin(fresh_database: Any) -> Any:
    connection = await asyncpg.connect(fresh_database.dsn(Role.ADMIN))
    yield connection
    await connection.close()


async def filled(fresh_database: Any, admin: Any, folder: Path) -> tuple[Worlds, int]:
    owner = await asyncpg.connect(fresh_database.dsn(Role.OWNER))
    await part_the_past(owner, since=datetime.now(UTC) - YEARS)
    await owner.close()
    indexes = await admin.fetch(INDEXES)
    program = Program(fresh_database.cluster, 0, folder, fresh_database.name)
    worlds = await play(program, admin, Cast(regulars=1, pairs=2))
    total = await multiply(fresh_database.dsn(Role.ADMIN), worlds.copyings(ORDERS))
    await forget(admin, ["people", *(world.name for world in worlds.taken)])
    assert await admin.fetch(INDEXES) == indexes
    return worlds, total


@pytest.mark.timeout(300)
async def test_a_filled_database_is_sound_and_measured(
    fresh_database: Any, database: Database, admin: Any, tmp_path: Path
) -> None:
    worlds, total = await filled(fresh_database, admin, tmp_path)

    checks = await Invariants(database, {**LEDGER_INVARIANTS, **ORDER_INVARIANTS}).check()
    assert [check for check in checks if not check.holds] == []
    assert total == pytest.approx(ORDERS, rel=0.15)
    assert {row["status"] for row in await admin.fetch("SELECT DISTINCT status FROM orders")} == STATUSES
    assert await admin.fetchval(MONTHS) > YEARS // timedelta(days=31)
    assert await admin.fetchval(HOT, worlds.hot.id) == pytest.approx(total / 10, rel=0.3)
    assert await admin.fetch(LEFT_BEHIND) == []

    found = Filled(total, total, 1, 1, 1.0, worlds.regulars, worlds.hot)
    plan = Plan(seconds=0.2, rounds=1, connections=1, scenes=("get, strangers", "approve, hot seller"))
    names = (fresh_database.name, fresh_database.name)
    result = await measure(fresh_database.cluster, tmp_path, found, plan, lambda _: None, names=names)

    assert [row.name for row in result.rows] == list(plan.scenes)
    assert all(side.times for row in result.rows for side in (*row.small, *row.large))


def test_what_grows_is_named() -> None:
    quick = Measurement(1, [1.0, 1.0, 2.0], 1, 1)
    slow = replace(quick, times=[1.0, 1.0, 3.0])
    rows = [Row("steady", [quick], [quick]), Row("growing", [quick], [slow])]

    page = report(Result(rows, {"orders": 2}, ["get: orders"]), Filled(1, 2, 3, 4, 1.0, [], None), Plan())  # type: ignore[arg-type] # nobody sells

    assert "Above 1.3: growing.\n" in page
    assert "meanwhile: orders 2 times." in page
    assert "Plans that would: get: orders." in page
