"""The benchmark of acknowledgements runs; what it measures is nobody's business here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from benchmarks.processes import Program, free_port
from benchmarks.webhooks import Plan, measure, report

from kro.core.database.pool import Database

SMALLEST = Plan(seconds=1.0, connections=2, payments=3, patience_seconds=60)


@pytest.mark.timeout(300)
async def test_it_posts_with_and_without_a_worker_and_the_backlog_clears(
    fresh_database: Any, owner_database: Database, tmp_path: Path
) -> None:
    program = Program(fresh_database.cluster, free_port(), tmp_path, fresh_database.name)

    running, stopped = await measure(program, owner_database, SMALLEST)

    assert stopped.backlog == len(stopped.times) > 0
    assert len(running.times) > 0
    states = await owner_database.rows("SELECT state FROM payment_webhook_state GROUP BY state")
    assert [row["state"] for row in states] == ["processed"]
    assert "p99 stopped / running" in report([running, stopped], SMALLEST)
