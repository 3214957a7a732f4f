"""What a run is, what came of it, and the page that is kept."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from benchmarks.predecessor.server import Store
from benchmarks.requests.load import Measurement
from kro.core.database.embedded import find_binaries

ASKED: Final = {"create": 2.0, "lifecycle": 2.0, "get": 1.5, "list 20": 1.4, "webhook": 1.8}
"""How many times the other servers' throughput is asked for."""
_CPU: Final = 0.5
_TAIL: Final = 1.0
OURS: Final = "KRO"
THEIRS: Final = {store: f"NestJS {store}" for store in Store}
SIDES: Final = (OURS, *THEIRS.values())


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how often, over how many connections, for how many pairs of people."""

    seconds: float = 4.0
    rounds: int = 3
    connections: int = 32
    pairs: int = 32


@dataclass(frozen=True, slots=True)
class Row:
    """What one scenario came to on each side, round by round."""

    name: str
    of: dict[str, list[Measurement]] = field(default_factory=lambda: {side: [] for side in SIDES})

    def ratio(self, other: str, figure: Callable[[Measurement], float]) -> float:
        """Return the median of the rounds' ratios, ours to another's."""
        pairs = zip(self.of[OURS], self.of[other], strict=True)
        return median(figure(mine) / max(figure(theirs), 1e-9) for mine, theirs in pairs)


@dataclass(frozen=True, slots=True)
class Result:
    """All rows, MB of each process after the load, sizes of single answers by side, and orders the others closed."""

    rows: list[Row]
    memory: dict[str, float]
    sizes: dict[str, tuple[int, ...]]
    closed: dict[str, int]


_FIGURES: Final[dict[str, Callable[[Measurement], float]]] = {
    "a second": lambda one: one.rate,
    "p50 ms": lambda one: one.percentile(50),
    "p95 ms": lambda one: one.percentile(95),
    "p99 ms": lambda one: one.percentile(99),
    "server CPU ms": lambda one: one.server,
    "database CPU ms": lambda one: one.database,
}


def _measured(row: Row, side: str) -> list[str]:
    medians = [median(figure(one) for one in row.of[side]) for figure in _FIGURES.values()]
    rate, *times = medians
    return [row.name, side, f"{rate:.0f}", *(f"{one:.1f}" for one in times[:3]), *(f"{one:.2f}" for one in times[3:])]


def _compared(row: Row, other: str) -> list[str]:
    rate, tail, cpu, database = (
        row.ratio(other, _FIGURES[name]) for name in ("a second", "p99 ms", "server CPU ms", "database CPU ms")
    )
    asked = ASKED[row.name]
    missed = [
        name
        for name, holds in (("throughput", rate >= asked), ("p99", tail <= _TAIL), ("CPU", cpu <= _CPU))
        if not holds
    ]
    return [
        *(row.name, other, f"{rate:.2f}", f"{asked:g}", f"{tail:.2f}", f"{_TAIL:g}", f"{cpu:.2f}", f"{_CPU:g}"),
        *(f"{database:.2f}", ", ".join(missed) or "-"),
    ]


def _table(columns: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|", *(f"| {' | '.join(row)} |" for row in rows)]


_WORK: Final = (
    "The other servers are one program, `benchmarks/predecessor/nest`: NestJS 10 on Express, TypeORM 0.3, one process "
    "each, `NODE_ENV=production`, no logging, a pool as large as ours that stays open, the same tokens, commands, "
    "Idempotency-Keys, checks, double-entry books and answers; one transaction and `FOR UPDATE` for each command, "
    "and no balance that everybody writes. They have no outbox, timers, audit log, rate limits, security headers, "
    "blocks, limits of tiers or sealing of what providers send; KRO does all of that while it is measured."
)
_DIFFERENCE: Final = {
    Store.LEAN: (
        "writes by `insert` and `update`, joins just what it needs in one statement, pages by a query written for its "
        "indexes, and keeps a webhook by `INSERT … ON CONFLICT DO NOTHING`: TypeORM without what makes it slow."
    ),
    Store.IDIOMATIC: (
        "is written as TypeORM's documentation shows, as such servers usually are. Rows are written by `save`, which "
        "reads again what has an id, and takes a transaction where there is none. Orders are read by `findOne` and "
        "`find` with `relations`, which become one statement for the ids and one for the rows, with all columns. A "
        "webhook takes `findOneBy`, then `save`. Ids are generated, so that most new rows are not looked for; several "
        "rows of an entity are saved at once. Idempotency-Keys are inserted: `save` would overwrite an earlier answer."
    ),
}


def _ratios(result: Result) -> list[str]:
    columns = ("throughput", "at least", "p99", "at most", "server CPU", "at most", "database CPU", "missed")
    rows = [_compared(row, other) for row in result.rows for other in THEIRS.values()]
    return _table(("scenario", "KRO beside", *columns), rows)


def report(result: Result, plan: Plan) -> str:
    """Return the page that is kept."""
    conditions = (
        f"{plan.connections} connections to one process of each server, {plan.pairs} pairs of people, "
        f"{plan.rounds} rounds of {plan.seconds:g} s after one that warms up, the servers in turn and another one "
        f"first in every round; medians, and medians of the rounds' ratios. PostgreSQL {find_binaries().major} with "
        f"fsync, full_page_writes and synchronous_commit on serves all, each from a database of its own; Python "
        f"{platform.python_version()}; {os.cpu_count()} cores shared by servers, database and clients. Load average at "
        f"the end: {os.getloadavg()[0]:.1f}."
    )
    sizes = "; ".join(f"{name} {', '.join(map(str, bytes_))}" for name, bytes_ in result.sizes.items())
    ended = (
        f"Before the rounds all answered every request alike, but for ids, hashes and moments (bytes of an answer of "
        f"{', '.join(SIDES)}: {sizes}). Afterwards every journal of the other servers summed to zero, every balance "
        f"was the sum of its entries, and every escrow held what its order says; orders that had lived to their end: "
        f"{_listed(result.closed)}. Memory after the load in MB: {_listed(result.memory)}."
    )
    return "\n".join(
        [
            "# Beside a NestJS and TypeORM server",
            "",
            *(f"- **{name}** {_DIFFERENCE[store]}" for store, name in THEIRS.items()),
            "",
            *_ratios(result),
            "",
            *_table(("scenario", "server", *_FIGURES), [_measured(row, side) for row in result.rows for side in SIDES]),
            "",
            conditions,
            "",
            _WORK,
            "",
            ended,
            "",
        ]
    )


def _listed(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {figure:.0f}" for name, figure in figures.items())
