"""The benchmark beside the other servers runs: all answer alike, and the others' books are sound in the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.predecessor.__main__ import measure
from benchmarks.predecessor.answers import differences
from benchmarks.predecessor.report import ASKED, SIDES, THEIRS, Plan, Result, Row, report
from benchmarks.predecessor.server import build, is_installed, missing
from benchmarks.processes import Program, free_port
from benchmarks.requests.load import Measurement, Spent, backends


@pytest.mark.timeout(300)
@pytest.mark.skipif(missing() is not None, reason="there is no Node.js with npm here")
@pytest.mark.skipif(not is_installed(), reason="its packages are not installed: run `make bench-predecessor` once")
async def test_it_measures_all_servers(fresh_database: Any, tmp_path: Path) -> None:
    build()
    plan = Plan(seconds=0.3, rounds=1, connections=2, pairs=2)

    result = await measure(Program(fresh_database.cluster, free_port(), tmp_path, fresh_database.name), plan)

    assert [row.name for row in result.rows] == list(ASKED)
    assert all(one.rate > 0 and one.server > 0 for row in result.rows for side in SIDES for one in row.of[side])
    assert list(result.closed) == list(THEIRS.values())
    assert all(result.closed.values())
    page = report(result, plan)
    assert all(page.count(f"| {name} | ") == len(SIDES) + len(THEIRS) for name in ASKED)


def test_the_report_compares_with_each_of_the_others() -> None:
    """The rates are 200 a second here, 100 and 50 there; the time and the processor's are the other way round."""
    rows = [Row(name) for name in ASKED]
    for row in rows:
        for side, cost in zip(SIDES, (1.0, 2.0, 4.0), strict=True):
            row.of[side].append(Measurement(200 / cost, [cost, cost], cost, cost))

    page = report(Result(rows, {}, {}, {}), Plan())

    assert "| create | NestJS lean | 2.00 | 2 | 0.50 | 1 | 0.50 | 0.5 | 0.50 | - |" in page
    assert "| create | NestJS idiomatic | 4.00 | 2 | 0.25 | 1 | 0.25 | 0.5 | 0.25 | - |" in page
    rows[0].of["NestJS lean"][0] = Measurement(101, [0.5, 0.5], 1.9, 2.0)
    page = report(Result(rows, {}, {}, {}), Plan())
    assert "| create | NestJS lean | 1.98 | 2 | 2.00 | 1 | 0.53 | 0.5 | 0.50 | throughput, p99, CPU |" in page


def test_what_connections_spent_that_have_ended_is_counted() -> None:
    busy = "import time; until = time.process_time() + 0.2\nwhile time.process_time() < until: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}]); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()

        spent = Spent.by(backends(process.pid))

        process.communicate(b"\n")
    assert spent.seconds >= 0.2


def test_another_answer_is_told_and_another_id_is_not() -> None:
    ours = {"get": [b'{"id":"ord_01m8g6vmd6ef5bftf5pvxx13yf","at":"2026-11-28T04:33:17.725467Z","held":5}']}
    same = b'{"at":"2026-11-28T04:33:18.125Z","held":5,"id":"01a2206d-d1a6-43ca-b7e9-e5b6fbd08fcf"}'

    assert differences(ours, {"get": [same]}) == []
    assert len(differences(ours, {"get": [same.replace(b"5,", b"6,")]})) == 1
