"""Measures every scenario, product and floor in turn; ``make bench-requests`` writes ``results/requests.md``."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import asyncpg
from rich.console import Console

from benchmarks.drivers import PgBench, find_pgbench
from benchmarks.processes import Program, cold_start, free_port, memory_of, serving
from benchmarks.requests.floor import Floor, prepare
from benchmarks.requests.load import drive, parent_of
from benchmarks.requests.market import open_market
from benchmarks.requests.recording import Recorder, recording
from benchmarks.requests.report import Plan, Result, Row, plot, report
from benchmarks.requests.scenarios import SCENARIOS, Market
from kro.bootstrap import build
from kro.core.config import load_settings
from kro.core.database.embedded import EmbeddedPostgres, Role
from kro.core.database.embedded.cluster import DATABASE
from kro.core.database.migrate import migrate
from kro.core.telemetry import configure_logging
from kro.main import create_api

RESULTS: Final = Path(__file__).parents[1] / "results" / "requests.md"
_GUESS: Final = 3
"""How much faster the floor may be, before it was measured once."""
_MOST: Final = 20_000


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
        with serving(self.program) as server, _watched(server, plan):
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


@contextmanager
def _watched(server: int, plan: Plan) -> Iterator[None]:
    """Look at what the server does while the block runs, when that is what the run is for."""
    if plan.profile is None:
        yield
        return
    program = shutil.which("py-spy", path=str(Path(sys.executable).parent))
    assert program is not None  # noqa: S101 - it is among the development dependencies
    command = [program, "record", "--pid", str(server), "--rate", "200", "--duration", "86400", "--output"]
    watcher = subprocess.Popen([*command, str(plan.profile)], stdout=subprocess.DEVNULL)  # noqa: S603 - a program of ours
    try:
        yield
    finally:
        watcher.send_signal(signal.SIGINT)
        watcher.wait(timeout=60)


def main() -> None:
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--connections", type=int, default=usual.connections)
    parser.add_argument("--scene", action="append", choices=list(SCENARIOS), help="only these")
    parser.add_argument("--no-floor", action="store_true", help="only the product")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the report is written")
    parser.add_argument("--profile", type=Path, help="write a flame graph of the API process here, and nothing else")
    options = parser.parse_args()
    scenes = tuple(options.scene or SCENARIOS)
    plan = Plan(options.seconds, options.rounds, options.connections, scenes=scenes, profile=options.profile)
    with tempfile.TemporaryDirectory(prefix="kro-bench-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "server", disposable=True) as cluster:
            migrate(cluster.dsn(Role.OWNER))
            program = find_pgbench()
            other = PgBench(program, cluster, DATABASE, folder) if program and not options.no_floor else None
            result = asyncio.run(measure(Program(cluster, free_port(), folder), plan, pgbench=other))
    page = report(result, plan)
    if plan.profile is None:
        options.output.write_text(page)
        options.output.with_suffix(".svg").write_text(plot(result))
    Console().print(page, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
