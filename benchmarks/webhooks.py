"""How fast events of a provider are acknowledged while the worker runs, and while nothing looks into them.

What a provider waits for is only that its event is stored, so a stopped worker must not be felt. Figures of one machine
say little about another, the ratio does. ``make bench-webhooks`` writes them to ``results/webhooks.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Final

from rich.console import Console

from benchmarks.events import Events, settled_payments
from benchmarks.processes import Program, free_port, serving, working
from kro.core.database.embedded import EmbeddedPostgres, Role, find_binaries
from kro.core.database.migrate import migrate
from kro.core.database.pool import Database, PoolOptions

RESULTS: Final = Path(__file__).parent / "results" / "webhooks.md"
MOST: Final = 3.0
"""How many times longer than usual an acknowledgement may take, at the 99th percentile, while the worker stands."""
_HEAD_END: Final = b"\r\n\r\n"
_OK: Final = b"HTTP/1.1 200"
_WAITING: Final = "SELECT count(*) FROM payment_webhook_state WHERE state = 'received'"
_PAUSE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each phase takes, over how many connections, and how long the backlog may take to clear."""

    seconds: float = 60.0
    connections: int = 32
    payments: int = 100
    patience_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Phase:
    """Acknowledgements of one phase in milliseconds, and what was left to look into at its end."""

    name: str
    times: list[float]
    seconds: float
    backlog: int
    cleared_seconds: float

    def percentile(self, of_hundred: int) -> float:
        return quantiles(self.times, n=100, method="inclusive")[of_hundred - 1]

    def row(self) -> str:
        return (
            f"| {self.name} | {len(self.times):,} | {len(self.times) / self.seconds:.0f} | {self.percentile(50):.1f} "
            f"| {self.percentile(99):.1f} | {self.backlog:,} | {self.cleared_seconds:.0f} |"
        )


async def measure(program: Program, database: Database, plan: Plan) -> list[Phase]:
    """Post events with the worker running and with the worker stopped; each time the backlog has to clear.

    :raises RuntimeError: when an event was not acknowledged, or the backlog does not clear in time.
    """
    events = Events(await settled_payments(database, count=plan.payments))
    with serving(program):
        with working(program):
            await _post(program.port, events, plan.connections, seconds=min(3.0, plan.seconds))
            await _clear(database, plan)
            times = await _post(program.port, events, plan.connections, seconds=plan.seconds)
            running = await _ended("worker running", times, database, plan)
        times = await _post(program.port, events, plan.connections, seconds=plan.seconds)
        left = await database.value(_WAITING)
        with working(program):
            stopped = await _ended("worker stopped", times, database, plan, backlog=left)
    return [running, stopped]


async def _ended(name: str, times: list[float], database: Database, plan: Plan, *, backlog: int | None = None) -> Phase:
    left = await database.value(_WAITING) if backlog is None else backlog
    return Phase(name, times, plan.seconds, left, await _clear(database, plan))


async def _post(port: int, events: Events, connections: int, *, seconds: float) -> list[float]:
    until = time.perf_counter() + seconds
    taken = await asyncio.gather(*(_client(port, events, until) for _ in range(connections)))
    return [one for times in taken for one in times]


async def _client(port: int, events: Events, until: float) -> list[float]:
    """Post one event after the other over one connection; nothing but bytes, so that little is spent on this side."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    try:
        while time.perf_counter() < until:
            request = events.request(port)
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(_HEAD_END)
            times.append((time.perf_counter() - begun) * 1000)
            if not head.startswith(_OK) or b"content-length: 0" not in head.lower():
                raise RuntimeError(f"an event was not acknowledged: {head!r}")
    finally:
        writer.close()
    return times


async def _clear(database: Database, plan: Plan) -> float:
    """Wait until every event was looked into; return how long that took in seconds."""
    begun = time.perf_counter()
    while left := await database.value(_WAITING):
        if time.perf_counter() - begun > plan.patience_seconds:
            raise RuntimeError(f"{left} events still wait after {plan.patience_seconds:g} s")
        await asyncio.sleep(_PAUSE_SECONDS)
    return time.perf_counter() - begun


async def _run(program: Program, plan: Plan) -> list[Phase]:
    database = await Database.connect(PoolOptions(dsn=program.cluster.dsn(Role.OWNER), size=2))
    try:
        return await measure(program, database, plan)
    finally:
        await database.close()


def report(phases: list[Phase], plan: Plan) -> str:
    """Return the page that is kept."""
    running, stopped = phases
    conditions = (
        f"{plan.connections} connections post signed events to one API process over sockets, each about one of "
        f"{plan.payments} settled payments, {plan.seconds:g} s a phase. PostgreSQL {find_binaries().major} with fsync "
        f"and synchronous_commit on, Python {platform.python_version()}, {os.cpu_count()} cores shared by everything. "
        f"Load average at the end: {os.getloadavg()[0]:.1f}."
    )
    verdict = (
        f"p99 stopped / running: {ratio(phases):.2f}; at most {MOST:g} is asked for. Every event was acknowledged, and "
        "both times the backlog cleared."
    )
    table = ["| | events | per second | p50 ms | p99 ms | backlog | cleared after s |", "| --- " * 7 + "|"]
    rows = [running.row(), stopped.row()]
    return "\n".join(["# Acknowledging webhooks", "", conditions, "", *table, *rows, "", verdict, ""])


def ratio(phases: list[Phase]) -> float:
    """Return how much slower the slowest hundredth is while the worker stands."""
    running, stopped = phases
    return stopped.percentile(99) / running.percentile(99)


def main() -> None:
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="length of each phase")
    parser.add_argument("--connections", type=int, default=usual.connections)
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the report is written")
    options = parser.parse_args()
    plan = Plan(options.seconds, options.connections)
    with tempfile.TemporaryDirectory(prefix="kro-bench-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "server", disposable=True) as cluster:
            migrate(cluster.dsn(Role.OWNER))
            phases = asyncio.run(_run(Program(cluster, free_port(), folder), plan))
    page = report(phases, plan)
    options.output.write_text(page)
    Console().print(page, markup=False, highlight=False, soft_wrap=True)
    if ratio(phases) > MOST:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
