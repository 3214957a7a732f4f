"""The benchmark of the ledger runs; what it measures is nobody's business here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.drivers import find_pgbench
from benchmarks.ledger import NO_PGBENCH, Plan, measure

SMALLEST = Plan(seconds=0.2, rounds=1, connections=(2,), orders=20)


async def test_it_compares_with_pgbench_and_ends_with_sound_books(fresh_database: Any, tmp_path: Path) -> None:
    program = find_pgbench()
    assert program is not None

    lines = await measure(fresh_database.cluster, fresh_database.name, tmp_path, plan=SMALLEST, program=program)

    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    posted = {row[0]: [float(cell) for cell in row[1:]] for row in rows if row[0] in {"spread", "hot seller"}}
    assert set(posted) == {"spread", "hot seller"}
    assert all(figure > 0 for row in posted.values() for figure in row)
    shared = next(row for row in rows if row[0].startswith("shared by all, as"))
    assert float(shared[1]) > 0
    assert lines[-1] == "No journal failed, no deadlock, every invariant held."


async def test_without_pgbench_it_says_so_and_measures_the_product(fresh_database: Any, tmp_path: Path) -> None:
    lines = await measure(fresh_database.cluster, fresh_database.name, tmp_path, plan=SMALLEST, program=None)

    assert lines[0] == NO_PGBENCH
    assert sum(line.endswith("| - | - |") for line in lines) == 2
