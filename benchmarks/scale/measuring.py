"""Asks both databases the same, in turn, and the planner how it would answer on the large one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson

from benchmarks.processes import Program, free_port, serving
from benchmarks.requests.load import Measurement, drive, parent_of
from benchmarks.requests.people import Pair
from benchmarks.requests.recording import APPLY, recording
from benchmarks.requests.scenarios import Market
from benchmarks.requests.wire import Asking, Connection
from benchmarks.scale.filling import SMALL, Filled, Tell
from benchmarks.scale.people import give_tokens, log_in
from benchmarks.scale.scenes import SCENES, Side
from kro.bootstrap import build
from kro.core.config import load_settings
from kro.core.database.embedded import Cluster, Role
from kro.core.database.embedded.cluster import DATABASE
from kro.main import create_api

LARGE_ROWS: Final = 1_000
READ_WHOLE: Final = """
SELECT relname, seq_scan FROM pg_stat_user_tables WHERE seq_scan > 0 AND n_live_tup > $1 ORDER BY relname"""
"""Which large tables were read from end to end since statistics were reset."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often each scene is measured, over how many connections."""

    seconds: float = 2.0
    rounds: int = 5
    connections: int = 4
    scenes: tuple[str, ...] = tuple(SCENES)


@dataclass(slots=True)
class Row:
    """One scene on both sides, round by round."""

    name: str
    small: list[Measurement] = field(default_factory=list)
    large: list[Measurement] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Result:
    """All rows, which large tables were read from end to end, and plans that would do so, by their statements."""

    rows: list[Row]
    read_whole: dict[str, int]
    bad_plans: list[str]


async def measure(
    cluster: Cluster,
    folder: Path,
    filled: Filled,
    plan: Plan,
    told: Tell,
    *,
    names: tuple[str, str] = (SMALL, DATABASE),
) -> Result:
    """Measure two filled databases that were brought to the newest schema."""
    sides = {name: await log_in(Program(cluster, free_port(), folder, name), filled) for name in sorted({*names})}
    small, large = (sides[name] for name in names)
    admin = await asyncpg.connect(cluster.dsn(Role.ADMIN, names[1]))
    try:
        told("asking for plans")
        bad_plans = await _bad_plans(large, plan, admin)
        await admin.execute("SELECT pg_stat_reset()")
        postmaster = parent_of(await admin.fetchval("SELECT pg_backend_pid()"))
        assert postmaster is not None  # noqa: S101 - it answers on this connection
        rows = await _in_turn(small, large, plan, postmaster, told)
        # The connections are closed by now, and with that what they did is counted.
        found = await admin.fetch(READ_WHOLE, LARGE_ROWS)
        return Result(rows, {row["relname"]: row["seq_scan"] for row in found}, bad_plans)
    finally:
        await admin.close()


async def _in_turn(small: Side, large: Side, plan: Plan, postmaster: int, told: Tell) -> list[Row]:
    rows = [Row(name) for name in plan.scenes]
    with ExitStack() as running:
        sides = {side.name: side for side in (small, large)}
        pids = {name: running.enter_context(serving(side.program)) for name, side in sides.items()}
        for turn in range(plan.rounds + 1):
            told(f"round {turn} of {plan.rounds}" if turn else "warming up")
            for side in sides.values():
                await _prepare(side)
            for row in rows:
                # Whoever is second finds a warmer machine, so they take turns in that too.
                pair = ((row.small, small), (row.large, large))
                for kept, side in pair if turn % 2 else reversed(pair):
                    one = await _drive(side, row.name, plan, pids[side.name], postmaster)
                    if turn:
                        kept.append(one)
    return rows


async def _prepare(side: Side) -> None:
    give_tokens(side)
    wire = await Connection.open(side.program.port)
    try:
        for pair in side.market.crowd.pairs:
            side.market.orders.setdefault(pair, side.bought[pair.buyer][0])
            await side.market.stock(wire, pair)
    finally:
        wire.close()


async def _drive(side: Side, name: str, plan: Plan, server: int, postmaster: int) -> Measurement:
    async def scenario(_: Market, connection: Asking, pair: Pair) -> float | None:
        return await SCENES[name](side, connection, pair)

    return await drive(
        side.market,
        scenario,
        port=side.program.port,
        connections=plan.connections,
        seconds=plan.seconds,
        server=server,
        postmaster=postmaster,
    )


async def _bad_plans(side: Side, plan: Plan, admin: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    """Play every scene and return each statement whose plan reads a large table from end to end, with its scene."""
    large = {
        row["relname"]
        for row in await admin.fetch("SELECT relname FROM pg_stat_user_tables WHERE n_live_tup > $1", LARGE_ROWS)
    }
    application = build(load_settings(environment="test", environ=side.program.environment()))
    give_tokens(side)
    bad: dict[str, str] = {}
    async with recording(create_api(application), application.database) as recorder:
        pair = side.market.crowd.pairs[0]
        side.market.orders.setdefault(pair, side.bought[pair.buyer][0])
        await side.market.stock(recorder, pair)
        for name in plan.scenes:
            recorder.requests.clear()
            await SCENES[name](side, recorder, pair)
            statements = {one.sql for request in recorder.requests for one in request if one.sql != APPLY}
            for sql in statements - bad.keys():
                plan_of_all = await _plan_of_all(admin, sql)
                if whole := {node["Relation Name"] for node in _nodes(plan_of_all) if _is_whole(node, large)}:
                    bad[sql] = f"{name}: {', '.join(sorted(whole))}"
    return list(bad.values())


async def _plan_of_all(admin: asyncpg.Connection[asyncpg.Record], sql: str) -> dict[str, Any]:
    """Return the plan the server keeps for all arguments once a statement has run a few times."""
    types = ", ".join(kind.name for kind in (await admin.prepare(sql)).get_parameters())
    await admin.execute("SET plan_cache_mode = force_generic_plan")
    await admin.execute(f"PREPARE benchmark_plan {f'({types})' if types else ''} AS {sql}")
    nothing = ", ".join("NULL" for _ in types.split(", ")) if types else ""
    told = await admin.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE benchmark_plan {f'({nothing})' if nothing else ''}")
    await admin.execute("DEALLOCATE benchmark_plan")
    plan: dict[str, Any] = orjson.loads(told)[0]["Plan"]
    return plan


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _is_whole(node: dict[str, Any], large: set[str]) -> bool:
    return node["Node Type"] == "Seq Scan" and node["Relation Name"] in large
