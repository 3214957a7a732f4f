"""The newest migrations run while people use the API: nothing fails, and nobody waits a second for a lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest
from benchmarks.checkouts import NoHistoryError, before_migration
from benchmarks.migrations import MOST_SECONDS, Seen, Traffic, measure, report
from benchmarks.processes import Program, free_port

from kro.core.database.embedded import Role
from kro.core.database.migrate import scripts

ORDERS = 3_000


@pytest.mark.timeout(300)
async def test_nothing_fails_and_nobody_waits_for_long(fresh_database: Any, tmp_path: Path) -> None:
    program = Program(fresh_database.cluster, free_port(), tmp_path, fresh_database.name)

    total, steps = await measure(program, orders=ORDERS, pairs=3, connections=3, calm=0.5)

    told = report(total, steps)
    assert total >= ORDERS, told
    assert steps, told
    # On a busy machine a migration may be over before anybody was answered.
    assert sum(step.seen.answered for step in steps) > len(steps), told
    for step in steps:
        assert step.seen.glances, told
        assert not step.seen.failures, (step.seen.failures, told)
        assert step.seen.blocked < MOST_SECONDS, told


def test_the_program_before_the_newest_migration_is_had(tmp_path: Path) -> None:
    head = scripts().get_revision("head")
    assert head is not None
    try:
        with before_migration(tmp_path) as (source, revision):
            names = [script.name for script in (source / "migrations" / "versions").glob("*.py")]
            program = (source / "src" / "kro" / "core" / "database" / "startup.py").read_text()
        left = source.exists()
    except NoHistoryError:
        pytest.skip("this checkout has no history")

    assert Path(head.path).name not in names
    assert any(f"_{revision}_" in name for name in names)
    assert f'"{revision}"' in program
    assert not left


async def test_who_waits_for_a_lock_is_seen(fresh_database: Any, app_dsn: str) -> None:
    admin, owner = [await asyncpg.connect(fresh_database.dsn(role)) for role in (Role.ADMIN, Role.OWNER)]
    waiting = await asyncpg.connect(app_dsn)
    traffic = Traffic(market=None, port=0, watch=admin, seen=Seen())  # type: ignore[arg-type] # nobody trades here
    try:
        async with traffic.flowing(0), owner.transaction():
            await owner.execute("LOCK TABLE rate_limits")
            with pytest.raises(TimeoutError):
                await waiting.execute("SELECT FROM rate_limits", timeout=1.2)
        assert traffic.seen.blocked > MOST_SECONDS
    finally:
        for connection in (admin, owner, waiting):
            await connection.close()
