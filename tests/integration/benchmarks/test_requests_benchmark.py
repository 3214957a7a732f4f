"""The benchmark of whole requests runs; what it measures is nobody's business here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from benchmarks.drivers import PgBench, find_pgbench
from benchmarks.processes import Program, free_port
from benchmarks.requests.__main__ import SETTINGS, measure
from benchmarks.requests.report import SCENES, WITHOUT_FLOOR, Plan, hot_share, plot, report
from benchmarks.requests.scenarios import SCENARIOS


@pytest.mark.timeout(300)
async def test_it_measures_every_scenario_beside_its_floor(fresh_database: Any, tmp_path: Path) -> None:
    found = find_pgbench()
    assert found is not None
    cluster, name = fresh_database.cluster, fresh_database.name
    plan = Plan(seconds=0.3, rounds=1, connections=2, pairs=2, starts=1, listeners=4)

    result = await measure(
        Program(cluster, free_port(), tmp_path, name, SETTINGS), plan, pgbench=PgBench(found, cluster, name, tmp_path)
    )

    assert [row.name for row in result.rows] == list(SCENES)
    assert {row.name: row.trips for row in result.rows} == {
        "create": 2,
        "lifecycle": 16,
        "one seller": 16,
        "get": 1,
        "list 20": 1,
        "webhook": 1,
        "balance": 1,
        "payout": 2,
        "login": 5,
        "fan-out": None,
    }
    assert all(row.product[0].rate > 0 for row in result.rows)
    assert all(row.product[0].server > 0 for row in result.rows if row.name in SCENARIOS)
    assert {row.name for row in result.rows if not row.floor} == WITHOUT_FLOOR
    assert all(row.ratio() > 0 for row in result.rows if row.floor)
    assert result.hashing > 0
    assert (hot_share(result) or 0) > 0
    assert all(f">{row.name}</text>" in plot(result) for row in result.rows if row.floor)
    assert all(f"| {row.name} | " in report(result, plan) for row in result.rows)
