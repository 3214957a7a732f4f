"""Drives one scenario over many connections for a while, and tells what it cost."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Final

from benchmarks.requests.scenarios import Market, Scenario
from benchmarks.requests.wire import Connection

_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds of a group of processes."""

    seconds: float

    @classmethod
    def by(cls, pids: Iterable[int]) -> Spent:
        return cls(sum(_cpu(pid) for pid in pids))


@dataclass(frozen=True, slots=True)
class Measurement:
    """Operations a second, the milliseconds each took, and the CPU milliseconds an operation cost on either side."""

    rate: float
    times: list[float]
    server: float
    database: float

    def percentile(self, of_hundred: int) -> float:
        return quantiles(self.times, n=100, method="inclusive")[of_hundred - 1]


async def drive(
    market: Market, scenario: Scenario, *, port: int, connections: int, seconds: float, server: int, postmaster: int
) -> Measurement:
    """Repeat the scenario on every connection until the time is over, each connection with pairs of its own."""
    opened = [await Connection.open(port) for _ in range(connections)]
    begun, spent, stored = time.perf_counter(), Spent.by([server]), Spent.by(backends(postmaster))
    until = begun + seconds
    try:
        taken = await asyncio.gather(
            *(_repeat(market, scenario, opened[i], i, connections, until) for i in range(connections))
        )
    finally:
        for connection in opened:
            connection.close()
    elapsed = time.perf_counter() - begun
    times = [one for part in taken for one in part]
    server_cpu = Spent.by([server]).seconds - spent.seconds
    database_cpu = Spent.by(backends(postmaster)).seconds - stored.seconds
    return Measurement(len(times) / elapsed, times, server_cpu / len(times) * 1000, database_cpu / len(times) * 1000)


async def _repeat(
    market: Market, scenario: Scenario, connection: Connection, start: int, step: int, until: float
) -> list[float]:
    pairs = market.crowd.pairs[start::step]
    times: list[float] = []
    # On a busy machine the time may be over before anything was asked.
    while not times or time.perf_counter() < until:
        pair = pairs[len(times) % len(pairs)]
        begun = time.perf_counter()
        counted = await scenario(market, connection, pair)
        times.append((time.perf_counter() - begun) * 1000 if counted is None else counted)
    return times


def backends(postmaster: int) -> list[int]:
    """Return the server's processes: the postmaster and its children."""
    children = [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if parent_of(int(entry.name)) == postmaster]
    return [postmaster, *children]


def parent_of(pid: int) -> int | None:
    """Return a process's parent, or nothing when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    # With those of children that have ended: a pool may close connections at any time, and their work stays done.
    return sum(int(field) for field in fields[11:15]) / _TICKS
