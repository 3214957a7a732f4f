"""How many journals a second the ledger takes, beside pgbench sending the same statements in the same run.

Rates of one machine say little about another; the ratios do. ``make bench`` writes them to ``results/ledger.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import platform
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from rich.console import Console

from benchmarks.drivers import PgBench, find_pgbench, pgbench_rate, prepare, product_rate
from benchmarks.scenes import Scene, fund, hot_seller, locked_fee_accounts, own_fee_accounts, spread
from kro.core.database.embedded import Cluster, EmbeddedPostgres, Role, find_binaries
from kro.core.database.embedded.cluster import DATABASE
from kro.core.database.invariants import Invariants
from kro.core.database.migrate import migrate
from kro.core.database.pool import Database, PoolOptions
from kro.kro_balance.domain import LEDGER_INVARIANTS, LedgerReads, Rollups
from kro.kro_balance.domain.chart import fee_revenue

RESULTS: Final = Path(__file__).parent / "results" / "ledger.md"
SCENES: Final[tuple[Scene, ...]] = (spread, hot_seller)
FEE_SCENES: Final[tuple[Scene, ...]] = (own_fee_accounts, spread, locked_fee_accounts)
NO_PGBENCH: Final = (
    "There was no pgbench to compare with: it comes with the locked dependencies on Linux, "
    "and elsewhere with PostgreSQL itself (on Debian: apt install postgresql)."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often each rate is taken, over how many connections, on how many orders."""

    seconds: float = 3.0
    rounds: int = 5
    connections: tuple[int, ...] = (8, 32)
    orders: int = 2000


@dataclass(frozen=True, slots=True)
class Bench:
    """One database with funded orders on it, and the two ways to post to it."""

    database: Database
    plan: Plan
    other: PgBench | None

    async def product(self, scene: Scene, connections: int) -> float:
        plan = self.plan
        return await product_rate(
            self.database, scene, orders=plan.orders, connections=connections, seconds=plan.seconds
        )

    async def pgbench(self, scene: Scene, connections: int) -> float:
        assert self.other is not None  # noqa: S101 - only asked for when there is one
        plan = self.plan
        return await asyncio.to_thread(
            pgbench_rate, self.other, scene, orders=plan.orders, connections=connections, seconds=plan.seconds
        )

    async def columns(self, *rates: Callable[[], Awaitable[float]]) -> list[Sequence[float]]:
        """Take the rates in turn, round after round, so that a slow minute of the machine falls on all of them."""
        taken = [[await rate() for rate in rates] for _ in range(self.plan.rounds)]
        return list(zip(*taken, strict=True))


async def of_posting(bench: Bench) -> list[str]:
    """Return the table of both ways to post, on many sellers and on one; without pgbench only the product's."""
    lines = ["| journals per second | connections | product | pgbench | ratio |", "| --- | --- | --- | --- | --- |"]
    for scene, connections in itertools.product(SCENES, bench.plan.connections):
        ways = (bench.product, bench.pgbench) if bench.other else (bench.product,)
        ours, *theirs = await bench.columns(*(partial(way, scene, connections) for way in ways))
        against = f"{median(theirs[0]):.0f} | {_ratio(ours, theirs[0])}" if theirs else "- | -"
        lines.append(f"| {scene.__name__.replace('_', ' ')} | {connections} | {median(ours):.0f} | {against} |")
    return lines


async def of_a_shared_fee_account(bench: Bench) -> list[str]:
    """Return what sharing the accounts of fee and VAT costs, and what a running balance on them would."""
    connections = bench.plan.connections[-1]
    # pgbench costs least beside the server, so what the server does differently shows most.
    way = bench.pgbench if bench.other else bench.product
    own, shared, locked = await bench.columns(*(partial(way, scene, connections) for scene in FEE_SCENES))
    return [
        f"| fee and VAT accounts, {connections} connections | journals per second | ratio |",
        "| --- | --- | --- |",
        f"| one of each order | {median(own):.0f} | 1.00 |",
        f"| shared by all, as in the product | {median(shared):.0f} | {_ratio(shared, own)} |",
        f"| shared by all, with a running balance | {median(locked):.0f} | {_ratio(locked, own)} |",
    ]


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return the median of the ratios within each round; what slowed a whole round down cancels out."""
    return f"{median(one / other for one, other in zip(ours, theirs, strict=True)):.2f}"


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
    return median(times), value


async def measure(cluster: Cluster, name: str, folder: Path, *, plan: Plan, program: Path | None) -> list[str]:
    """Run everything on a fresh, migrated database and return the report's lines.

    :param program: pgbench; without it the comparison is left out.
    :raises RuntimeError: when a journal failed, a deadlock happened, or the books are not sound afterwards.
    """
    owner = await Database.connect(PoolOptions(dsn=cluster.dsn(Role.OWNER, name), size=1, statement_timeout_seconds=60))
    most = max(plan.connections)
    patient = PoolOptions(dsn=cluster.dsn(Role.APP, name), size=most, wait_seconds=30, lock_timeout_seconds=30)
    database = await Database.connect(patient)
    try:
        await prepare(owner, {*SCENES, *FEE_SCENES}, orders=plan.orders)
        await fund(database, orders=plan.orders)
        bench = Bench(database, plan, PgBench(program, cluster, name, folder) if program else None)
        await bench.product(spread, most)
        posting, reading = await of_posting(bench), await of_reading(bench)
        # The next scenes post to accounts that are not the product's, which its invariants would rightly report.
        await _require_sound(database)
        fees = await of_a_shared_fee_account(bench)
        deadlocks = await owner.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        if deadlocks:
            raise RuntimeError(f"{deadlocks} deadlocks")
    finally:
        await database.close()
        await owner.close()
    missing = [] if program else [NO_PGBENCH, ""]
    return [*missing, *posting, "", *fees, "", *reading, "", "No journal failed, no deadlock, every invariant held."]


async def _require_sound(database: Database) -> None:
    broken = [check.name for check in await Invariants(database, LEDGER_INVARIANTS).check() if not check.holds]
    if broken:
        raise RuntimeError(f"the books are not sound: {', '.join(broken)}")


def main() -> None:
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="measurements of each kind")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the report is written")
    options = parser.parse_args()
    plan = Plan(options.seconds, options.rounds)
    with tempfile.TemporaryDirectory(prefix="kro-bench-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "server", disposable=True) as cluster:
            migrate(cluster.dsn(Role.OWNER))
            lines = asyncio.run(measure(cluster, DATABASE, folder, plan=plan, program=find_pgbench()))
    report = "\n".join(["# Ledger throughput", "", _conditions(plan), "", *lines, ""])
    options.output.write_text(report)
    Console().print(report, markup=False, highlight=False, soft_wrap=True)


def _conditions(plan: Plan) -> str:
    load = os.getloadavg()[0]
    return (
        f"PostgreSQL {find_binaries().major} with fsync, full_page_writes and synchronous_commit on, "
        f"Python {platform.python_version()}, {os.cpu_count()} cores shared by server and clients, "
        f"{plan.rounds} rounds of {plan.seconds:g} s each, medians; a ratio is the median of the rounds' ratios. "
        f"Load average at the end: {load:.1f}."
    )


if __name__ == "__main__":
    main()
