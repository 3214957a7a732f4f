"""What a worker with nothing to do asks of the database, and how soon it notices that there is something.

Every statement of a worker is a transaction of its own, so PostgreSQL's count of those tells both: statements a second
while nothing happens, and the time from an effect's row to its delivery. ``make bench-idle`` writes the figures to
``results/idle.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from rich.console import Console
from uuid_utils.compat import uuid7

from benchmarks.processes import Program, free_port, working
from kro.core.database.embedded import EmbeddedPostgres, Role, find_binaries
from kro.core.database.migrate import migrate
from kro.core.database.pool import Database, PoolOptions
from kro.verification.database import VOID_TOPIC

RESULTS: Final = Path(__file__).parent / "results" / "idle.md"
_STARTED_SECONDS: Final = 15.0
_BEFORE: Final = "Before one watch woke the relays, each of them polled: 89.2 statements a second, 108 ms, 254 ms."
# The server counts what a connection did up to a second later.
_COUNTED: Final = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
_POST: Final = "INSERT INTO outbox (id, topic, payload) VALUES ($1, $2, '{}')"
_DELAYS: Final = """
SELECT extract(epoch FROM delivered_at - created_at)::float8 * 1000 FROM outbox
WHERE topic = $1 AND state = 'delivered'"""


@dataclass(frozen=True, slots=True)
class Plan:
    seconds: float = 60.0
    messages: int = 200
    workers: int = 1
    patience_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Statements a second of all workers together, and the delay of each delivery in milliseconds."""

    statements: float
    delays: Sequence[float]

    def row(self, workers: int) -> str:
        slow = quantiles(self.delays, n=100, method="inclusive")[98]
        return f"| {workers} | {self.statements / workers:.1f} | {median(self.delays):.0f} | {slow:.0f} |"


async def measure(database: Database, plan: Plan) -> Figures:
    """Count statements of workers that run already, then post messages now and then.

    :raises TimeoutError: when a message is not delivered.
    """
    before = await database.value(_COUNTED)
    await asyncio.sleep(plan.seconds)
    # The first question is the only statement of this side that was counted.
    statements = (await database.value(_COUNTED) - before - 1) / plan.seconds
    for _ in range(plan.messages):
        await database.execute(_POST, uuid7(), VOID_TOPIC)
        await asyncio.sleep(random.uniform(0.05, 0.15))  # noqa: S311 - no secret
    async with asyncio.timeout(plan.patience_seconds):
        # The worker is another process, so there is nothing else to wait for.
        while len(delays := await database.rows(_DELAYS, VOID_TOPIC)) < plan.messages:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    return Figures(statements, [row[0] for row in delays])


async def _run(program: Program, plan: Plan) -> Figures:
    database = await Database.connect(PoolOptions(dsn=program.cluster.dsn(Role.OWNER), size=1))
    try:
        await asyncio.sleep(_STARTED_SECONDS)
        return await measure(database, plan)
    finally:
        await database.close()


def report(figures: Figures, plan: Plan) -> str:
    """Return the page that is kept."""
    conditions = (
        f"Statements over {plan.seconds:g} s with nothing to do, then {plan.messages} messages one after the other. "
        f"PostgreSQL {find_binaries().major}, Python {platform.python_version()}, {os.cpu_count()} cores shared by "
        f"everything. Load average at the end: {os.getloadavg()[0]:.1f}."
    )
    table = ["| workers | statements a second, each | delivered after ms, median | p99 ms |", "| --- " * 4 + "|"]
    return "\n".join(["# An idle worker", "", conditions, "", *table, figures.row(plan.workers), "", _BEFORE, ""])


def main() -> None:
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="how long statements are counted")
    parser.add_argument("--workers", type=int, default=usual.workers)
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the report is written")
    options = parser.parse_args()
    plan = Plan(options.seconds, workers=options.workers)
    with tempfile.TemporaryDirectory(prefix="kro-bench-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "server", disposable=True) as cluster:
            migrate(cluster.dsn(Role.OWNER))
            program = Program(cluster, free_port(), folder)
            with ExitStack() as workers:
                for _ in range(plan.workers):
                    workers.enter_context(working(program))
                figures = asyncio.run(_run(program, plan))
    page = report(figures, plan)
    options.output.write_text(page)
    Console().print(page, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
