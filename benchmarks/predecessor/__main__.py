"""Measures the servers in turn; ``make bench-predecessor`` writes ``results/predecessor.md``."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
from rich.console import Console

from benchmarks.predecessor.answers import bodies, differences
from benchmarks.predecessor.house import audit, moved_in
from benchmarks.predecessor.report import ASKED, OURS, THEIRS, Plan, Result, Row, report
from benchmarks.predecessor.server import Server, Store, build, missing, served
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
    """One of the servers: the market that is held on it, its process, and its database's owner."""

    name: str
    market: Market
    port: int
    pid: int
    owner: asyncpg.Connection[asyncpg.Record]

    async def stock(self) -> None:
        await asyncio.gather(*(self._stock(pair) for pair in self.market.crowd.pairs))

    async def _stock(self, pair: Pair) -> None:
        connection = await Connection.open(self.port)
        try:
            await self.market.stock(connection, pair)
        finally:
            connection.close()


async def measure(program: Program, plan: Plan) -> Result:
    """Fill all databases alike, see that all servers answer alike, and measure them in turn.

    :raises RuntimeError: when they answer differently, or another server's books are wrong in the end.
    """
    settings = load_settings(environment="test", environ=program.environment())
    configure_logging(settings.logging)
    market = await open_market(program.cluster.dsn(Role.OWNER, program.database), settings, pairs=plan.pairs)
    async with AsyncExitStack() as running:
        sides = [await _ours(running, program, market)]
        for store in Store:
            name = f"{program.database}_{store}"
            server = Server(program.cluster, free_port(), program.folder, name, settings, store)
            sides.append(await _theirs(running, server, market))
        sizes = await _prepare(sides)
        rows = await _rounds(sides, plan)
        memory = {side.name: memory_of(side.pid) for side in sides}
        return Result(rows, memory, sizes, {side.name: await audit(side.owner) for side in sides[1:]})


async def _ours(running: AsyncExitStack, program: Program, market: Market) -> _Side:
    owner = await asyncpg.connect(program.cluster.dsn(Role.OWNER, program.database))
    running.push_async_callback(owner.close)
    return _Side(OURS, market, program.port, running.enter_context(serving(program)), owner)


async def _theirs(running: AsyncExitStack, server: Server, market: Market) -> _Side:
    owner = await running.enter_async_context(moved_in(server.cluster, server.database, market.crowd))
    own = Market(market.crowd, market.webhook_key, market.references)
    return _Side(THEIRS[server.store], own, server.port, running.enter_context(served(server)), owner)


async def _prepare(sides: list[_Side]) -> dict[str, tuple[int, ...]]:
    for side in sides:
        await side.stock()
    ours, *others = [await bodies(side.market, side.port, _SCENES) for side in sides]
    for side, theirs in zip(sides[1:], others, strict=True):
        if found := differences(ours, theirs):
            raise RuntimeError(f"{side.name} answers differently:\n" + "\n".join(found))
    for side in sides:
        await side.owner.execute("ANALYZE")
    return {name: tuple(len(one[name][0]) for one in (ours, *others)) for name in ("create", "get", "list 20")}


async def _rounds(sides: list[_Side], plan: Plan) -> list[Row]:
    postmaster = parent_of(await sides[0].owner.fetchval("SELECT pg_backend_pid()"))
    assert postmaster is not None  # noqa: S101 - it answers on this connection
    rows = [Row(name) for name in _SCENES]
    for turn in range(plan.rounds + 1):
        sides[0].market.crowd.log_in()
        first = turn % len(sides)
        for row in rows:
            for side in sides[first:] + sides[:first]:
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
                    row.of[side.name].append(measured)
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
