"""Measures every scenario, product and floor in turn; ``make bench-requests`` writes ``results/requests.md``."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import asyncpg
from rich.console import Console

from benchmarks.drivers import PgBench, find_pgbench
from benchmarks.processes import Program, cold_start, free_port, memory_of, serving
from benchmarks.requests.floor import Floor, prepare
from benchmarks.requests.load import Measurement, drive, parent_of
from benchmarks.requests.market import open_market
from benchmarks.requests.recording import Recorder, recording
from benchmarks.requests.scenarios import SCENARIOS, Market
from kro.bootstrap import build
from kro.core.config import load_settings
from kro.core.database.embedded import EmbeddedPostgres, Role, find_binaries
from kro.core.database.embedded.cluster import DATABASE
from kro.core.database.migrate import migrate
from kro.core.telemetry import configure_logging
from kro.main import create_api

RESULTS: Final = Path(__file__).parents[1] / "results" / "requests.md"
_GUESS: Final = 3
"""How much faster the floor may be, before it was measured once."""
_MOST: Final = 20_000
_FLOOR_SHARE: Final = {"create": 0.30, "lifecycle": 0.30, "get": 0.18, "list 20": 0.25, "webhook": 0.40}


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how often, over how many connections, for how many pairs of people."""

    seconds: float = 4.0
    rounds: int = 3
    connections: int = 32
    pairs: int = 32
    starts: int = 5
    scenes: tuple[str, ...] = tuple(SCENARIOS)


@dataclass(slots=True)
class Row:
    """What one scenario came to, round by round."""

    name: str
    trips: int | None
    product: list[Measurement]
    floor: list[float]

    def ratio(self) -> float:
        return median(one.rate / floor for one, floor in zip(self.product, self.floor, strict=True))

    def cells(self) -> list[str]:
        middle = sorted(self.product, key=lambda one: one.rate)[len(self.product) // 2]
        asked = _FLOOR_SHARE.get(self.name)
        return [
            self.name,
            f"{middle.rate:.0f}",
            *(f"{median(one.percentile(p) for one in self.product):.1f}" for p in (50, 95, 99)),
            f"{median(one.server for one in self.product):.2f}",
            f"{median(one.database for one in self.product):.2f}",
            "-" if self.trips is None else str(self.trips),
            f"{median(self.floor):.0f}" if self.floor else "-",
            f"{self.ratio():.2f}" if self.floor else "-",
            f"{asked:.2f}" if asked else "-",
        ]


_COLUMNS: Final = (
    *("scenario", "a second", "p50 ms", "p95 ms", "p99 ms", "server CPU ms", "database CPU ms", "trips"),
    *("floor a second", "share", "at least"),
)


@dataclass(frozen=True, slots=True)
class Result:
    """All rows, the seconds of several cold starts, and the server's MB after the load."""

    rows: list[Row]
    starts: list[float]
    memory: float


@dataclass(frozen=True, slots=True)
class Bench:
    """A filled database, the scenarios' floors on it, and how it is measured."""

    program: Program
    plan: Plan
    market: Market
    floors: dict[str, Floor]
    postmaster: int

    async def run(self) -> Result:
        """Measure every scenario in turn, round after round; the first round only warms up."""
        plan, floors = self.plan, self.floors
        rows = [Row(name, floors[name].trips if name in floors else None, [], []) for name in plan.scenes]
        with serving(self.program) as server:
            for turn in range(plan.rounds + 1):
                self.market.crowd.log_in()
                for row in rows:
                    await self._turn(row, server, seconds=plan.seconds if turn else 1.0, kept=turn > 0)
            memory = memory_of(server)
        return Result(rows, [cold_start(self.program) for _ in range(plan.starts)], memory)

    async def _turn(self, row: Row, server: int, *, seconds: float, kept: bool) -> None:
        product = await drive(
            self.market,
            SCENARIOS[row.name],
            port=self.program.port,
            connections=self.plan.connections,
            seconds=seconds,
            server=server,
            postmaster=self.postmaster,
        )
        if kept:
            row.product.append(product)
        if row.name in self.floors:
            expected = (median(row.floor) if row.floor else _GUESS * product.rate) * seconds
            operations = min(_MOST, int(expected))
            rate = await self.floors[row.name].rate(operations=operations, connections=self.plan.connections)
            if kept:
                row.floor.append(rate)


async def measure(program: Program, plan: Plan, *, pgbench: PgBench | None) -> Result:
    """Fill the database, record each scenario, and measure them in turn."""
    settings = load_settings(environment="test", environ=program.environment())
    configure_logging(settings.logging)
    dsn = program.cluster.dsn(Role.OWNER, program.database)
    market, owner = await open_market(dsn, settings, pairs=plan.pairs), await asyncpg.connect(dsn)
    application = build(settings)
    floors: dict[str, Floor] = {}
    async with recording(create_api(application), application.database) as recorder:
        for pair in market.crowd.pairs:
            await market.stock(recorder, pair)
        if pgbench is not None:
            await prepare(owner)
            for name in plan.scenes:
                floors[name] = await _floor(name, market, recorder, pgbench, owner)
    postmaster = parent_of(await owner.fetchval("SELECT pg_backend_pid()"))
    assert postmaster is not None  # noqa: S101 - it answers on this connection
    try:
        return await Bench(program, plan, market, floors, postmaster).run()
    finally:
        await owner.close()


async def _floor(
    name: str, market: Market, recorder: Recorder, pgbench: PgBench, owner: asyncpg.Connection[asyncpg.Record]
) -> Floor:
    lives = []
    for pair in market.crowd.pairs:
        twice = []
        for _ in range(2):
            recorder.requests = []
            await SCENARIOS[name](market, recorder, pair)
            twice.append(recorder.requests)
        lives.append((twice[0], twice[1]))
    floor = Floor(pgbench, owner, name, lives)
    await floor.lay()
    return floor


def report(result: Result, plan: Plan) -> str:
    """Return the page that is kept."""
    conditions = (
        f"{plan.connections} connections to one API process with everything on, {plan.pairs} pairs of people; "
        f"{plan.rounds} rounds of {plan.seconds:g} s, product and floor in turn, medians; a share is the median of the "
        f"rounds' shares. The floor is pgbench calling one PL/pgSQL function a request with the same statements. "
        f"PostgreSQL {find_binaries().major} with fsync, full_page_writes and synchronous_commit on, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores shared by server, database and clients. Load average at "
        f"the end: {os.getloadavg()[0]:.1f}."
    )
    process = (
        f"Cold start to the first answer of `/health/ready`: {median(result.starts):.2f} s (median of {plan.starts}). "
        f"Memory of the API process after the load: {result.memory:.0f} MB."
    )
    table = [f"| {' | '.join(_COLUMNS)} |", "| --- " * len(_COLUMNS) + "|"]
    return "\n".join(
        [
            "# Whole requests",
            "",
            conditions,
            "",
            *table,
            *(f"| {' | '.join(row.cells())} |" for row in result.rows),
            "",
            process,
            "",
        ]
    )


def main() -> None:
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--connections", type=int, default=usual.connections)
    parser.add_argument("--scene", action="append", choices=list(SCENARIOS), help="only these")
    parser.add_argument("--no-floor", action="store_true", help="only the product")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the report is written")
    options = parser.parse_args()
    plan = Plan(options.seconds, options.rounds, options.connections, scenes=tuple(options.scene or SCENARIOS))
    with tempfile.TemporaryDirectory(prefix="kro-bench-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "server", disposable=True) as cluster:
            migrate(cluster.dsn(Role.OWNER))
            program = find_pgbench()
            other = PgBench(program, cluster, DATABASE, folder) if program and not options.no_floor else None
            result = asyncio.run(measure(Program(cluster, free_port(), folder), plan, pgbench=other))
    page = report(result, plan)
    options.output.write_text(page)
    Console().print(page, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
