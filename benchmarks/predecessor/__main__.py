"""Measures both servers in turn; ``make bench-predecessor`` writes ``results/predecessor.md``."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
from rich.console import Console

from benchmarks.predecessor.answers import bodies, differences
from benchmarks.predecessor.house import audit, moved_in
from benchmarks.predecessor.report import ASKED, SIDES, Plan, Result, Row, report
from benchmarks.predecessor.server import Server, build, missing, served
from benchmarks.processes import Program, free_port, memory_of, serving
from benchmarks.requests.load import drive, parent_of
from benchmarks.requests.market import open_market
from benchmarks.requests.people import Pair
from benchmarks.requests.scenarios import SCENARIOS, Market
from benchmarks.requests.wire import Connection
from kro.core.config import load_settings
from kro.core.database.embedded import EmbeddedPostgres, Role
from kro.core.database.migrate import migrate
from kro.core.telemetry import configure_logging

RESULTS: Final = Path(__file__).parents[1] / "results" / "predecessor.md"
_SCENES: Final = tuple(ASKED)


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two servers: its process, and the market that is held on it."""

    name: str
    market: Market
    port: int
    pid: int

    async def stock(self) -> None:
        await asyncio.gather(*(self._stock(pair) for pair in self.market.crowd.pairs))

    async def _stock(self, pair: Pair) -> None:
        connection = await Connection.open(self.port)
        try:
            await self.market.stock(connection, pair)
        finally:
            connection.close()


async def measure(program: Program, plan: Plan) -> Result:
    """Fill both databases alike, see that both servers answer alike, and measure them in turn.

    :raises RuntimeError: when they answer differently, or the other server's books are wrong in the end.
    """
    settings = load_settings(environment="test", environ=program.environment())
    configure_logging(settings.logging)
    market = await open_market(program.cluster.dsn(Role.OWNER, program.database), settings, pairs=plan.pairs)
    other = Market(market.crowd, market.webhook_key, market.references)
    name = f"{program.database}_predecessor"
    async with moved_in(program.cluster, name, market.crowd) as owner:
        server = Server(program.cluster, free_port(), program.folder, name, settings)
        with serving(program) as pid, served(server) as other_pid:
            sides = (
                _Side(SIDES[0], market, program.port, pid),
                _Side(SIDES[1], other, server.port, other_pid),
            )
            sizes = await _prepare(sides)
            await _analyze(program)
            await owner.execute("ANALYZE")
            postmaster = parent_of(await owner.fetchval("SELECT pg_backend_pid()"))
            assert postmaster is not None  # noqa: S101 - it answers on this connection
            rows = await _rounds(sides, plan, postmaster)
            memory = {side.name: memory_of(side.pid) for side in sides}
        return Result(rows, memory, sizes, await audit(owner))


async def _prepare(sides: tuple[_Side, _Side]) -> dict[str, tuple[int, int]]:
    for side in sides:
        await side.stock()
    ours, theirs = [await bodies(side.market, side.port, _SCENES) for side in sides]
    if found := differences(ours, theirs):
        raise RuntimeError("the servers answer differently:\n" + "\n".join(found))
    return {name: (len(ours[name][0]), len(theirs[name][0])) for name in ("create", "get", "list 20")}


async def _analyze(program: Program) -> None:
    owner = await asyncpg.connect(program.cluster.dsn(Role.OWNER, program.database))
    try:
        await owner.execute("ANALYZE")
    finally:
        await owner.close()


async def _rounds(sides: tuple[_Side, _Side], plan: Plan, postmaster: int) -> list[Row]:
    rows = [Row(name) for name in _SCENES]
    for turn in range(plan.rounds + 1):
        sides[0].market.crowd.log_in()
        for row in rows:
            for side in sides if turn % 2 else sides[::-1]:
                measured = await drive(
                    side.market,
                    SCENARIOS[row.name],
                    port=side.port,
                    connections=plan.connections,
                    seconds=plan.seconds,
                    server=side.pid,
                    postmaster=postmaster,
                )
                # The first round only warms up.
                if turn:
                    row.of(side.name).append(measured)
    return rows


def main() -> None:
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--connections", type=int, default=usual.connections)
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the report is written")
    options = parser.parse_args()
    if (why := missing()) is not None:
        sys.exit(why)
    build()
    plan = Plan(options.seconds, options.rounds, options.connections)
    with tempfile.TemporaryDirectory(prefix="kro-bench-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "server", disposable=True) as cluster:
            migrate(cluster.dsn(Role.OWNER))
            result = asyncio.run(measure(Program(cluster, free_port(), folder), plan))
    page = report(result, plan)
    options.output.write_text(page)
    Console().print(page, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
