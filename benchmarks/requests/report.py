"""What a run is, what came of it, and the page and the picture that are kept."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.requests import fanout
from benchmarks.requests.load import Measurement
from benchmarks.requests.scenarios import SCENARIOS
from kro.core.database.embedded import find_binaries

_FLOOR_SHARE: Final = {"create": 0.30, "lifecycle": 0.30, "get": 0.18, "list 20": 0.25, "webhook": 0.40}
_HOT_SHARE: Final = 0.7
_BAR: Final = 18
SCENES: Final = (*SCENARIOS, fanout.NAME)
WITHOUT_FLOOR: Final = frozenset({"login", fanout.NAME})
"""A login is the hashing of a password, which no database does; fan-out is no request."""
_WIDTH: Final = 400


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how often, over how many connections, for how many pairs of people."""

    seconds: float = 4.0
    rounds: int = 3
    connections: int = 32
    pairs: int = 32
    starts: int = 5
    listeners: int = 200
    """How many people are connected while events are sent to all of them."""
    scenes: tuple[str, ...] = SCENES
    profile: Path | None = None
    """Where to write a flame graph of the API process instead of comparing it with anything."""


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


_NOTES: Final = (
    "A login compares a password by argon2id (64 MiB, three passes), which alone takes {hashing:.0f} ms of processor:"
    " beside it a floor without hashing says nothing, so none is given. Fan-out: something happens to the orders of"
    " {listeners} people who are connected over Socket.IO, is written to the outbox, taken from there by a worker and"
    " told to everybody; then again. A second counts events heard, latency is from the event to its being heard, and"
    " the worker's own processor time is not counted."
)


@dataclass(frozen=True, slots=True)
class Result:
    """All rows, the seconds of several cold starts, and the server's MB after the load."""

    rows: list[Row]
    starts: list[float]
    memory: float
    hashing: float
    """CPU milliseconds of comparing one password with its hash."""


def hot_share(result: Result) -> float | None:
    """Return how the rate of deals with one seller compares with that of many sellers, if both were measured."""
    rows = {row.name: row for row in result.rows}
    if not {"lifecycle", "one seller"} <= set(rows):
        return None
    pairs = zip(rows["one seller"].product, rows["lifecycle"].product, strict=True)
    return median(one.rate / many.rate for one, many in pairs)


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
    hot = hot_share(result)
    compared = (
        [] if hot is None else [f"One seller in every deal: {hot:.2f} of the rate of many (at least {_HOT_SHARE}).", ""]
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
            *compared,
            _NOTES.format(hashing=result.hashing, listeners=plan.listeners),
            "",
            process,
            "",
        ]
    )


def plot(result: Result) -> str:
    """Return the shares of the floor as a picture (SVG), with a line where each has to be at least."""
    rows = [row for row in result.rows if row.floor]
    size = f'width="{_WIDTH + 200}" height="{len(rows) * 2 * _BAR + _BAR}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        "<title>Share of the floor</title>",
    ]
    for number, row in enumerate(rows):
        top, share, asked = number * 2 * _BAR + _BAR // 2, row.ratio(), _FLOOR_SHARE.get(row.name)
        lines.append(f'<text x="4" y="{top + 13}">{escape(row.name)}</text>')
        lines.append(f'<rect x="90" y="{top}" width="{share * _WIDTH:.0f}" height="{_BAR}" fill="#3b7dd8"/>')
        lines.append(f'<text x="{96 + share * _WIDTH:.0f}" y="{top + 13}">{share:.2f}</text>')
        if asked is not None:
            at = 90 + asked * _WIDTH
            lines.append(f'<path d="M{at:.0f} {top - 3}v{_BAR + 6}" stroke="#c0392b" stroke-width="2"/>')
    return "\n".join([*lines, "</svg>", ""])
