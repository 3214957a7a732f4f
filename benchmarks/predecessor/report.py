"""What a run is, what came of it, and the page that is kept."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from benchmarks.requests.load import Measurement
from kro.core.database.embedded import find_binaries

ASKED: Final = {"create": 2.0, "lifecycle": 2.0, "get": 1.5, "list 20": 1.4, "webhook": 1.8}
"""How many times the other server's throughput is asked for."""
_CPU: Final = 0.5
_TAIL: Final = 1.0
SIDES: Final = ("KRO", "NestJS")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how often, over how many connections, for how many pairs of people."""

    seconds: float = 5.0
    rounds: int = 3
    connections: int = 32
    pairs: int = 32


@dataclass(slots=True)
class Row:
    """What one scenario came to on either side, round by round."""

    name: str
    ours: list[Measurement] = field(default_factory=list)
    theirs: list[Measurement] = field(default_factory=list)

    def of(self, side: str) -> list[Measurement]:
        return self.ours if side == SIDES[0] else self.theirs

    def ratio(self, figure: Callable[[Measurement], float]) -> float:
        """Return the median of the rounds' ratios, ours to theirs."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return median(figure(mine) / max(figure(other), 1e-9) for mine, other in pairs)


@dataclass(frozen=True, slots=True)
class Result:
    """All rows, MB of either process after the load, the sizes of single answers, and orders the other one closed."""

    rows: list[Row]
    memory: dict[str, float]
    sizes: dict[str, tuple[int, int]]
    closed: int


_FIGURES: Final[dict[str, Callable[[Measurement], float]]] = {
    "a second": lambda one: one.rate,
    "p50 ms": lambda one: one.percentile(50),
    "p95 ms": lambda one: one.percentile(95),
    "p99 ms": lambda one: one.percentile(99),
    "server CPU ms": lambda one: one.server,
    "database CPU ms": lambda one: one.database,
}


def _measured(row: Row, side: str) -> list[str]:
    medians = [median(figure(one) for one in row.of(side)) for figure in _FIGURES.values()]
    rate, *times = medians
    return [row.name, side, f"{rate:.0f}", *(f"{one:.1f}" for one in times[:3]), *(f"{one:.2f}" for one in times[3:])]


def _compared(row: Row) -> list[str]:
    rate, tail, cpu, database = (
        row.ratio(_FIGURES[name]) for name in ("a second", "p99 ms", "server CPU ms", "database CPU ms")
    )
    asked = ASKED[row.name]
    missed = [
        name
        for name, holds in (("throughput", rate >= asked), ("p99", tail <= _TAIL), ("CPU", cpu <= _CPU))
        if not holds
    ]
    return [
        *(row.name, f"{rate:.2f}", f"{asked:g}", f"{tail:.2f}", f"{_TAIL:g}", f"{cpu:.2f}", f"{_CPU:g}"),
        *(f"{database:.2f}", ", ".join(missed) or "-"),
    ]


def _table(columns: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|", *(f"| {' | '.join(row)} |" for row in rows)]


_WORK: Final = (
    "The other server is `benchmarks/predecessor/nest`: NestJS 10 on Express, TypeORM 0.3, one process, `NODE_ENV="
    "production`, a pool as large as ours, the same tokens, commands, Idempotency-Keys, checks, double-entry books and "
    "answers; one transaction and `FOR UPDATE` for each command. It is spared what an idiomatic one is often slow by: "
    "`save` with its reading again, a second statement for the first row of a join, balances that everybody writes. It "
    "has no outbox, timers, audit log, rate limits, security headers, blocks, limits of tiers or sealing of what "
    "providers send; KRO does all of that while it is measured."
)


def report(result: Result, plan: Plan) -> str:
    """Return the page that is kept."""
    conditions = (
        f"{plan.connections} connections to one process of either server, {plan.pairs} pairs of people, "
        f"{plan.rounds} rounds of {plan.seconds:g} s after one that warms up, both servers in turn and each first in "
        f"every other round; medians, and medians of the rounds' ratios. PostgreSQL {find_binaries().major} with "
        f"fsync, full_page_writes and synchronous_commit on serves both, each from a database of its own; Python "
        f"{platform.python_version()}; {os.cpu_count()} cores shared by server, database and clients. Load average at "
        f"the end: {os.getloadavg()[0]:.1f}."
    )
    sizes = ", ".join(f"{name} {ours} and {theirs}" for name, (ours, theirs) in result.sizes.items())
    ended = (
        f"Before the rounds both answered every request alike, but for ids, hashes and moments (bytes of an answer: "
        f"{sizes}). Afterwards {result.closed} orders had lived to their end on the other server, every journal summed "
        f"to zero, every balance was the sum of its entries, and every escrow held what its order says. Memory after "
        f"the load: {', '.join(f'{name} {size:.0f} MB' for name, size in result.memory.items())}."
    )
    measured = [_measured(row, side) for row in result.rows for side in SIDES]
    ratios = ("scenario", "throughput", "at least", "p99", "at most", "server CPU", "at most", "database CPU", "missed")
    return "\n".join(
        [
            "# Beside a NestJS and TypeORM server",
            "",
            conditions,
            "",
            *_table(ratios, [_compared(row) for row in result.rows]),
            "",
            *_table(("scenario", "server", *_FIGURES), measured),
            "",
            _WORK,
            "",
            ended,
            "",
        ]
    )
