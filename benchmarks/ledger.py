"""How many journals a second the ledger takes, beside pgbench sending the same statements in the same run.

Rates of one machine say little about another; the ratios do. ``make bench`` writes them to ``results/ledger.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks.drivers import pgbench_rate, prepare, product_rate
from benchmarks.scenes import Scene, fund, hot_seller, locked_fee_accounts, own_fee_accounts, spread
from kro.core.database.embedded import Cluster, EmbeddedPostgres, Role, find_binaries
from kro.core.database.invariants import Invariants
from kro.core.database.migrate import migrate
from kro.core.database.pool import Database, PoolOptions
from kro.kro_balance.domain import LEDGER_INVARIANTS, LedgerReads, Rollups
from kro.kro_balance.domain.chart import fee_revenue

RESULTS: Final = Path(__file__).parent / "results" / "ledger.md"
CONNECTIONS: Final = (8, 32)
SCENES: Final[tuple[Scene, ...]] = (spread, hot_seller)
FEE_SCENES: Final[tuple[Scene, ...]] = (own_fee_accounts, spread, locked_fee_accounts)


@dataclass(frozen=True)
class Bench:
    """One server with funded orders on it, and how long and how often each rate is taken."""

    cluster: Cluster
    folder: Path
    database: Database
    seconds: float
    rounds: int

    async def product(self, scene: Scene, connections: int) -> float:
        return await product_rate(self.database, scene, connections=connections, seconds=self.seconds)

    async def pgbench(self, scene: Scene, connections: int) -> float:
        return await asyncio.to_thread(
            pgbench_rate, self.cluster, scene, connections=connections, seconds=self.seconds, folder=self.folder
        )

    async def medians(self, *rates: Callable[[], Awaitable[float]]) -> list[float]:
        """Take the rates in turn, round after round, so that a slow minute of the machine falls on all of them."""
        taken = [[await rate() for rate in rates] for _ in range(self.rounds)]
        return [statistics.median(column) for column in zip(*taken, strict=True)]


async def against_pgbench(bench: Bench) -> list[str]:
    """Return the table of both ways to post, on many sellers and on one."""
    lines = ["| journals per second | connections | product | pgbench | ratio |", "| --- | --- | --- | --- | --- |"]
    for scene in SCENES:
        for connections in CONNECTIONS:
            ours, theirs = await bench.medians(
                lambda scene=scene, n=connections: bench.product(scene, n),  # type: ignore[misc]
                lambda scene=scene, n=connections: bench.pgbench(scene, n),  # type: ignore[misc]
            )
            name = scene.__name__.replace("_", " ")
            lines.append(f"| {name} | {connections} | {ours:.0f} | {theirs:.0f} | {ours / theirs:.2f} |")
    return lines


async def of_a_shared_fee_account(bench: Bench) -> list[str]:
    """Return what sharing the accounts of fee and VAT costs, and what a running balance on them would."""
    connections = CONNECTIONS[-1]
    own, shared, locked = await bench.medians(
        *(lambda scene=scene: bench.pgbench(scene, connections) for scene in FEE_SCENES)  # type: ignore[misc]
    )
    return [
        f"| fee and VAT accounts, {connections} connections | journals per second | ratio |",
        "| --- | --- | --- |",
        f"| one of each order | {own:.0f} | 1.00 |",
        f"| shared by all, as in the product | {shared:.0f} | {shared / own:.2f} |",
        f"| shared by all, with a running balance | {locked:.0f} | {locked / own:.2f} |",
    ]


async def of_reading(bench: Bench) -> list[str]:
    """Return how long the balance of a shared account takes to read before and after its entries are rolled up."""
    account, reads, rollups = fee_revenue("escrow", "NGN"), LedgerReads(bench.database), Rollups(bench.database)
    count = await bench.database.value("SELECT count(*) FROM ledger_entries WHERE account_id = $1", account.id)
    before, value = await _timed(lambda: reads.balance(account.id))
    await rollups.advance()
    while await rollups.advance():
        pass
    after, same = await _timed(lambda: reads.balance(account.id))
    if value != same:
        raise RuntimeError(f"the roll-up changed the balance from {value} to {same}")
    subject = f"Reading the balance of the shared fee account, {count:,} entries"
    return [f"{subject}: {before:.1f} ms without a roll-up, {after:.1f} ms with one."]


async def _timed(read: Callable[[], Awaitable[int]]) -> tuple[float, int]:
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        value = await read()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times), value


async def measure(cluster: Cluster, folder: Path, *, seconds: float, rounds: int) -> list[str]:
    """Run everything on a fresh server and return the report's lines.

    :raises RuntimeError: when a journal failed, a deadlock happened, or the books are not sound afterwards.
    """
    owner = await Database.connect(PoolOptions(dsn=cluster.dsn(Role.OWNER), size=1, statement_timeout_seconds=60))
    patient = PoolOptions(dsn=cluster.dsn(Role.APP), size=max(CONNECTIONS), wait_seconds=30, lock_timeout_seconds=30)
    database = await Database.connect(patient)
    try:
        await prepare(owner, {*SCENES, *FEE_SCENES})
        await fund(database)
        bench = Bench(cluster, folder, database, seconds, rounds)
        await bench.product(spread, max(CONNECTIONS))
        posting, reading = await against_pgbench(bench), await of_reading(bench)
        await _require_sound(database)
        fees = await of_a_shared_fee_account(bench)
        deadlocks = await owner.value("SELECT sum(deadlocks)::int FROM pg_stat_database")
        if deadlocks:
            raise RuntimeError(f"{deadlocks} deadlocks")
    finally:
        await database.close()
        await owner.close()
    return [*posting, "", *fees, "", *reading, "", "No journal failed, no deadlock, every invariant held."]


async def _require_sound(database: Database) -> None:
    broken = [check.name for check in await Invariants(database, LEDGER_INVARIANTS).check() if not check.holds]
    if broken:
        raise RuntimeError(f"the books are not sound: {', '.join(broken)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each kind; the median counts")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kro-bench-"))
    with EmbeddedPostgres(folder / "server", disposable=True) as cluster:
        migrate(cluster.dsn(Role.OWNER))
        lines = asyncio.run(measure(cluster, folder, seconds=options.seconds, rounds=options.rounds))
    machine = (
        f"PostgreSQL {find_binaries().major}, Python {platform.python_version()}, {os.cpu_count()} cores shared by "
        f"server and clients, {options.rounds} rounds of {options.seconds:g} s each, medians."
    )
    report = "\n".join(["# Ledger throughput", "", machine, "", *lines, ""])
    RESULTS.write_text(report)
    Console().print(report, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
