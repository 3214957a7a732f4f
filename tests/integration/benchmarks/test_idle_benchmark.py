"""The benchmark of idle workers runs; what it measures is nobody's business here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from benchmarks.idle import Plan, measure, report
from benchmarks.processes import Program, free_port, working

from kro.core.database.pool import Database


@pytest.mark.timeout(300)
async def test_it_counts_statements_and_times_deliveries(
    fresh_database: Any, owner_database: Database, tmp_path: Path
) -> None:
    plan = Plan(seconds=1.0, messages=3, patience_seconds=200)

    with working(Program(fresh_database.cluster, free_port(), tmp_path, fresh_database.name)):
        figures = await measure(owner_database, plan)

    assert len(figures.delays) == 3
    assert "| 1 |" in report(figures, plan)
