"""What telemetry costs: the same requests to two API processes on one database, one of them exporting and scraped.

The two take turns within each round, so that whatever else the machine does meets both; told is the processor time of
the server a request, which depends less on neighbours than how many requests a second there are.
``python -m benchmarks.telemetry`` writes ``results/telemetry.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Final

import asyncpg
from rich.console import Console

from benchmarks.processes import Program, free_port, memory_of, serving
from benchmarks.requests.load import Measurement, drive, parent_of
from benchmarks.requests.market import open_market
from benchmarks.requests.recording import recording
from benchmarks.requests.scenarios import SCENARIOS, Market
from kro.bootstrap import build
from kro.core.config import load_settings
from kro.core.database.embedded import EmbeddedPostgres, Role
from kro.core.database.migrate import migrate
from kro.core.telemetry import configure_logging
from kro.main import create_api

RESULTS: Final = Path(__file__).parent / "results" / "telemetry.md"


@dataclass(frozen=True, slots=True)
class Unwatched(Program):
    """An API process that writes the log lines of an installation."""

    def environment(self) -> dict[str, str]:
        return Program.environment(self) | {"KRO_LOG_LEVEL": "info"}


@dataclass(frozen=True, slots=True)
class Watched(Unwatched):
    """An API process that exports to a collector and can be scraped."""

    collector: str = ""
    ratio: float = 0.05

    def environment(self) -> dict[str, str]:
        return Unwatched.environment(self) | {
            "KRO_HIGHLIGHT_ENDPOINT": self.collector,
            "KRO_HIGHLIGHT_PROJECT_ID": "bench",
            "KRO_TELEMETRY_SAMPLE_RATIO": str(self.ratio),
            "KRO_METRICS_PORT": str(free_port()),
            "KRO_METRICS_TOKEN": "only-for-measuring",
        }


@dataclass(slots=True)
class Row:
    name: str
    off: list[Measurement] = field(default_factory=list)
    on: list[Measurement] = field(default_factory=list)

    def ratio(self) -> float:
        """Return how much more processor time a request takes, as the median of the rounds' ratios."""
        return median(on.server / off.server for on, off in zip(self.on, self.off, strict=True))

    def cells(self) -> list[str]:
        off, on = (median(one.server for one in side) for side in (self.off, self.on))
        rates = [median(one.rate for one in side) for side in (self.off, self.on)]
        shares = sorted(on.server / off.server for on, off in zip(self.on, self.off, strict=True))
        spread = f"{shares[0]:.2f} to {shares[-1]:.2f}"
        return [self.name, f"{off:.2f}", f"{on:.2f}", f"{self.ratio():.2f}", spread, *(f"{rate:.0f}" for rate in rates)]


@contextmanager
def collecting() -> Iterator[str]:
    """Run a collector that takes everything and keeps nothing; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


async def measure(off: Program, on: Program, options: argparse.Namespace) -> tuple[list[Row], float, float]:
    """Fill the database and measure; return the rows and the memory of both processes in MB."""
    settings = load_settings(environment="test", environ=off.environment())
    configure_logging(settings.logging)
    dsn = off.cluster.dsn(Role.OWNER, off.database)
    market, owner = await open_market(dsn, settings, pairs=options.connections), await asyncpg.connect(dsn)
    application = build(settings)
    async with recording(create_api(application), application.database) as recorder:
        for pair in market.crowd.pairs:
            await market.stock(recorder, pair)
    postmaster = parent_of(await owner.fetchval("SELECT pg_backend_pid()"))
    assert postmaster is not None  # noqa: S101 - it answers on this connection
    rows = [Row(name) for name in options.scene]
    with serving(off) as plain, serving(on) as watched:
        for turn in range(options.rounds + 1):
            market.crowd.log_in()
            for row in rows:
                # Whoever is second finds a warmer machine, so they take turns in that too.
                sides = [(row.off, off, plain), (row.on, on, watched)]
                for kept, program, pid in sides if turn % 2 else reversed(sides):
                    one = await _drive(market, row.name, program, pid, postmaster, options, warming=turn == 0)
                    if turn:
                        kept.append(one)
        memory = memory_of(plain), memory_of(watched)
    await owner.close()
    return rows, *memory


async def _drive(
    market: Market,
    name: str,
    program: Program,
    pid: int,
    postmaster: int,
    options: argparse.Namespace,
    *,
    warming: bool,
) -> Measurement:
    return await drive(
        market,
        SCENARIOS[name],
        port=program.port,
        connections=options.connections,
        seconds=1.0 if warming else options.seconds,
        server=pid,
        postmaster=postmaster,
    )


def report(rows: list[Row], memory: tuple[float, float], options: argparse.Namespace) -> str:
    """Return the page that is kept."""
    columns = ("scenario", "ms of CPU off", "on", "ratio", "rounds", "requests/s off", "on")
    return "\n".join(
        [
            "# What telemetry costs",
            "",
            (
                f"Two API processes on one database take turns, {options.rounds} rounds of {options.seconds:g} s over "
                f"{options.connections} connections; medians, and the ratio is that of the rounds. On: OTLP "
                f"to a collector on this machine (traces with {options.ratio:.0%} sampled, metrics, log lines "
                f"from `info` on) and the page of metrics. Python {platform.python_version()}, {os.cpu_count()} "
                f"cores shared by all. Load average at the end: {os.getloadavg()[0]:.1f}."
            ),
            "",
            f"| {' | '.join(columns)} |",
            "| --- " * len(columns) + "|",
            *(f"| {' | '.join(row.cells())} |" for row in rows),
            "",
            f"Memory after the load: {memory[0]:.0f} MB off, {memory[1]:.0f} MB on.",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--ratio", type=float, default=0.05, help="share of requests that are sampled")
    parser.add_argument("--scene", action="append", choices=list(SCENARIOS), help="only these")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the report is written")
    options = parser.parse_args()
    options.scene = options.scene or ["get", "create"]
    with tempfile.TemporaryDirectory(prefix="kro-bench-") as name, collecting() as collector:
        folders = [Path(name) / side for side in ("off", "on")]
        for folder in folders:
            folder.mkdir()
        with EmbeddedPostgres(Path(name) / "server", disposable=True) as cluster:
            migrate(cluster.dsn(Role.OWNER))
            off = Unwatched(cluster, free_port(), folders[0])
            on = Watched(cluster, free_port(), folders[1], collector=collector, ratio=options.ratio)
            rows, *memory = asyncio.run(measure(off, on, options))
    page = report(rows, (memory[0], memory[1]), options)
    options.output.write_text(page)
    Console().print(page, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
