"""The benchmark beside the other server runs: both answer alike, and the other one's books are sound in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from benchmarks.predecessor.__main__ import measure
from benchmarks.predecessor.answers import differences
from benchmarks.predecessor.report import ASKED, Plan, report
from benchmarks.predecessor.server import build, is_installed, missing
from benchmarks.processes import Program, free_port


@pytest.mark.timeout(300)
@pytest.mark.skipif(missing() is not None, reason="there is no Node.js with npm here")
@pytest.mark.skipif(not is_installed(), reason="its packages are not installed: run `make bench-predecessor` once")
async def test_it_measures_both_servers(fresh_database: Any, tmp_path: Path) -> None:
    build()
    plan = Plan(seconds=0.3, rounds=1, connections=2, pairs=2)

    result = await measure(Program(fresh_database.cluster, free_port(), tmp_path, fresh_database.name), plan)

    assert [row.name for row in result.rows] == list(ASKED)
    assert all(one.rate > 0 and one.server > 0 for row in result.rows for one in (*row.ours, *row.theirs))
    assert result.closed > 0
    page = report(result, plan)
    assert all(page.count(f"| {name} | ") == 3 for name in ASKED)


def test_another_answer_is_told_and_another_id_is_not() -> None:
    ours = {"get": [b'{"id":"ord_01m8g6vmd6ef5bftf5pvxx13yf","at":"2026-11-28T04:33:17.725467Z","held":5}']}
    same = b'{"at":"2026-11-28T04:33:18.125Z","held":5,"id":"01a2206d-d1a6-43ca-b7e9-e5b6fbd08fcf"}'

    assert differences(ours, {"get": [same]}) == []
    assert len(differences(ours, {"get": [same.replace(b"5,", b"6,")]})) == 1
