"""The page that is kept."""

from __future__ import annotations

import os
import platform
from statistics import median, quantiles
from typing import Final

from benchmarks.requests.load import Measurement
from benchmarks.scale.filling import Filled
from benchmarks.scale.measuring import Plan, Result, Row
from kro.core.database.embedded import find_binaries

MOST: Final = 1.3
"""How much more the 95th percentile of the large database may be."""
_COLUMNS: Final = (
    *("scene", "small p50 ms", "p95 ms", "large p50 ms", "p95 ms", "ratio of p95", "ratio of p50"),
    *("small database CPU ms", "large database CPU ms"),
)


def percentile(measured: list[Measurement], of_hundred: int) -> float:
    """Return a percentile over the operations of all rounds."""
    times = [one for part in measured for one in part.times]
    return quantiles(times, n=100, method="inclusive")[of_hundred - 1]


def ratio(row: Row, of_hundred: int = 95) -> float:
    return percentile(row.large, of_hundred) / percentile(row.small, of_hundred)


def report(result: Result, filled: Filled, plan: Plan) -> str:
    """Return the page as Markdown."""
    conditions = (
        f"{filled.small:,} and {filled.large:,} orders on one server, the latter with {filled.entries:,} entries of the"
        f" ledger and {filled.size / 1e9:.1f} GB, filled in {filled.seconds / 60:.0f} minutes. One order in ten is one"
        f" seller's. {plan.connections} connections, {plan.rounds} rounds of {plan.seconds:g} s on each"
        f" side in turn, percentiles over all rounds; a ratio is the large database's to the small one's, and wanted is"
        f" at most {MOST} at the 95th percentile. PostgreSQL {find_binaries().major} with fsync, full_page_writes and"
        f" synchronous_commit on, Python {platform.python_version()}, {os.cpu_count()} cores shared by server, database"
        f" and clients. Load average at the end: {os.getloadavg()[0]:.1f}."
    )
    above = [row.name for row in result.rows if ratio(row) > MOST]
    read = ", ".join(f"{table} {times} times" for table, times in result.read_whole.items())
    return "\n".join(
        [
            "# Cost by size",
            "",
            conditions,
            "",
            f"| {' | '.join(_COLUMNS)} |",
            "| --- " * len(_COLUMNS) + "|",
            *(f"| {' | '.join(_cells(row))} |" for row in result.rows),
            "",
            f"Above {MOST}: {', '.join(above) or 'none'}.",
            "",
            f"Large tables read from end to end meanwhile: {read or 'none'}.",
            "",
            f"Plans that would: {'; '.join(result.bad_plans) or 'none'}.",
            "",
        ]
    )


def _cells(row: Row) -> list[str]:
    sides = row.small, row.large
    return [
        row.name,
        *(f"{percentile(side, p):.1f}" for side in sides for p in (50, 95)),
        f"{ratio(row):.2f}",
        f"{ratio(row, 50):.2f}",
        *(f"{median(one.database for one in side):.2f}" for side in sides),
    ]
