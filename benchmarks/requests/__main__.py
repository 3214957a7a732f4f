"""Measures every scenario, product and floor in turn; ``make bench-requests`` writes ``results/requests.md``."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
import time
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
from benchmarks.requests import fanout
from benchmarks.requests.floor import Floor, Life, prepare
from benchmarks.requests.load import Measurement, drive, parent_of
from benchmarks.requests.market import open_market
from benchmarks.requests.people import PASSWORD, gather_crowd
from benchmarks.requests.recording import Recorder, recording
from benchmarks.requests.report import SCENES, WITHOUT_FLOOR, Plan, Result, Row, plot, report
from benchmarks.requests.scenarios import SCENARIOS, Market
from kro.bootstrap import build
from kro.core.auth.passwords import PasswordHasher
from kro.core.config import load_settings
from kro.core.database.embedded import EmbeddedPostgres, Role
from kro.core.database.embedded.cluster import DATABASE
from kro.core.database.migrate import migrate
from kro.core.database.pool import Database, PoolOptions
from kro.core.telemetry import configure_logging
from kro.main import create_api

RESULTS: Final = Path(__file__).parents[1] / "results" / "requests.md"
_HASHES: Final = 5
_GUESS: Final = 3
"""How much faster the floor may be, before it was measured once."""
_MOST: Final = {"payout": 640}
_MOST_OF_OTHERS: Final = 20_000
"""How many operations a floor is measured by; nobody asks for more than twenty payouts a day."""
# What somebody asks for on one day counts together, and is numbered.
_ANOTHER_DAY: Final = """
UPDATE transactions SET created_at = created_at - interval '2 days', reference = id::text
WHERE kind = 'payout' AND created_at > now() - interval '2 days'"""
SETTINGS: Final = {"payouts": {"maxPerHour": 100_000, "maxPerDay": 100_000}}


@dataclass(frozen=True, slots=True)
class Bench:
    """A filled database, the scenarios' floors on it, and how it is measured."""

    program: Program
    plan: Plan
    market: Market
    trips: dict[str, int]
    floors: dict[str, Floor]
    owner: asyncpg.Connection[asyncpg.Record]
    postmaster: int

    async def run(self) -> Result:
        """Measure every scenario in turn, round after round; the first round only warms up."""
        plan = self.plan
        rows = [Row(name, self.trips.get(name), [], []) for name in plan.scenes]
        with serving(self.program) as server, _watched(server, plan):
            for turn in range(plan.rounds + 1):
                self.market.crowd.log_in()
                for row in rows:
                    if row.name != fanout.NAME:
                        await self._turn(row, server, seconds=plan.seconds if turn else 1.0, kept=turn > 0)
            memory = memory_of(server)
            for row in rows:
                if row.name == fanout.NAME:
                    row.product += await self._fan_out(server)
        starts = [cold_start(self.program) for _ in range(plan.starts)]
        return Result(rows, starts, memory, await asyncio.to_thread(hashing_ms))

    async def _fan_out(self, server: int) -> list[Measurement]:
        plan = self.plan
        dsn = self.program.cluster.dsn(Role.OWNER, self.program.database)
        database = await Database.connect(PoolOptions(dsn=dsn, size=2))
        pairs = max(1, plan.listeners // 2)
        try:
            crowd = await gather_crowd(database, self.market.crowd.issuer, pairs=pairs, first=plan.pairs)
        finally:
            await database.close()
        crowd.log_in()
        fan_out = fanout.FanOut(self.program, crowd, self.owner, server, self.postmaster)
        return await fan_out.measure(rounds=plan.rounds, seconds=plan.seconds)

    async def _turn(self, row: Row, server: int, *, seconds: float, kept: bool) -> None:
        await self.owner.execute(_ANOTHER_DAY)
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
            operations = min(_MOST.get(row.name, _MOST_OF_OTHERS), int(expected))
            await self.owner.execute(_ANOTHER_DAY)
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
    trips: dict[str, int] = {}
    floors: dict[str, Floor] = {}
    async with recording(create_api(application), application.database) as recorder:
        for pair in market.crowd.pairs:
            await market.stock(recorder, pair)
        if pgbench is not None:
            await prepare(owner)
            for name in (one for one in plan.scenes if one in SCENARIOS):
                floor = Floor(pgbench, owner, name, await _lives(name, market, recorder))
                trips[name] = floor.trips
                if name not in WITHOUT_FLOOR:
                    await floor.lay()
                    floors[name] = floor
    postmaster = parent_of(await owner.fetchval("SELECT pg_backend_pid()"))
    assert postmaster is not None  # noqa: S101 - it answers on this connection
    try:
        return await Bench(program, plan, market, trips, floors, owner, postmaster).run()
    finally:
        await owner.close()


async def _lives(name: str, market: Market, recorder: Recorder) -> list[tuple[Life, Life]]:
    # The first time may also ask what is remembered for a while from then on.
    await SCENARIOS[name](market, recorder, market.crowd.pairs[0])
    lives: list[tuple[Life, Life]] = []
    for pair in market.crowd.pairs:
        twice = []
        for _ in range(2):
            recorder.requests = []
            await SCENARIOS[name](market, recorder, pair)
            twice.append(recorder.requests)
        lives.append((twice[0], twice[1]))
    return lives


def hashing_ms() -> float:
    """Return what comparing one password costs of processor, in milliseconds: the median of several."""
    hasher, spent = PasswordHasher(), []
    stored = asyncio.run(hasher.hash(PASSWORD))
    for _ in range(_HASHES):
        begun = time.process_time()
        asyncio.run(hasher.verify(PASSWORD, stored))
        spent.append(time.process_time() - begun)
    return median(spent) * 1000


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
    parser.add_argument("--scene", action="append", choices=list(SCENES), help="only these")
    parser.add_argument("--no-floor", action="store_true", help="only the product")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the report is written")
    parser.add_argument("--profile", type=Path, help="write a flame graph of the API process here, and nothing else")
    options = parser.parse_args()
    scenes = tuple(options.scene or SCENES)
    plan = Plan(options.seconds, options.rounds, options.connections, scenes=scenes, profile=options.profile)
    with tempfile.TemporaryDirectory(prefix="kro-bench-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "server", disposable=True) as cluster:
            migrate(cluster.dsn(Role.OWNER))
            program = find_pgbench()
            other = PgBench(program, cluster, DATABASE, folder) if program and not options.no_floor else None
            result = asyncio.run(measure(Program(cluster, free_port(), folder, settings=SETTINGS), plan, pgbench=other))
    page = report(result, plan)
    if plan.profile is None:
        options.output.write_text(page)
        options.output.with_suffix(".svg").write_text(plot(result))
    Console().print(page, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
