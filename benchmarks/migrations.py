"""Runs the newest migrations on a filled database while the API is used: nothing may fail, nobody may wait for long.

``make migrations-under-traffic ORDERS=1000000`` writes ``results/migrations.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.checkouts import ROOT, NoHistoryError, before_migration
from benchmarks.fill import Copying, forget, multiply, take
from benchmarks.processes import Program, free_port, serving
from benchmarks.requests.__main__ import SETTINGS
from benchmarks.requests.market import open_market
from benchmarks.requests.people import Pair
from benchmarks.requests.recording import recording
from benchmarks.requests.scenarios import SCENARIOS, Market
from benchmarks.requests.wire import Connection, UnexpectedAnswerError
from kro.bootstrap import build
from kro.core.config import load_settings
from kro.core.database.embedded import EmbeddedPostgres, Role
from kro.core.database.migrate import migrate, scripts
from kro.core.telemetry import configure_logging
from kro.main import create_api

RESULTS: Final = Path(__file__).parent / "results" / "migrations.md"
BEFORE: Final = "0048"
"""The oldest revision that this program can serve on: from here on it keeps what providers sent by the month."""
MOST_SECONDS: Final = 1.0
_GLANCE_SECONDS: Final = 0.02

# How long each of the API's sessions has waited for a lock, by the lock itself: a statement may wait for several.
_WAITING: Final = """
SELECT l.pid, coalesce(extract(epoch FROM clock_timestamp() - l.waitstart), 0)::float8 AS seconds
FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE NOT l.granted AND a.usename = 'kro_app' AND a.datname = current_database()"""


@dataclass(slots=True)
class Seen:
    """What the clients and the observer saw."""

    answered: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    """The longest a whole operation took, in seconds."""
    blocked: float = 0.0
    """The longest a session of the API was seen waiting for a lock, in seconds."""
    glances: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One migration: how long it took, and what was seen meanwhile."""

    name: str
    seconds: float
    seen: Seen


@dataclass(slots=True)
class Traffic:
    """People who go on and on, and an observer of who waits for a lock."""

    market: Market
    port: int
    watch: asyncpg.Connection[asyncpg.Record]
    seen: Seen = field(default_factory=Seen)

    @asynccontextmanager
    async def flowing(self, connections: int) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._client(n, connections)) for n in range(connections)]
        tasks.append(asyncio.create_task(self._observe()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Exception):
                    raise result

    async def _client(self, number: int, step: int) -> None:
        pairs = itertools.cycle(self.market.crowd.pairs[number::step])
        while True:
            wire = await Connection.open(self.port)
            try:
                while True:
                    await self._operate(wire, next(pairs))
            except (UnexpectedAnswerError, OSError) as failure:
                self.seen.failures[str(failure)[:200]] += 1
            finally:
                wire.close()

    async def _operate(self, wire: Connection, pair: Pair) -> None:
        for scenario in SCENARIOS.values():
            begun = time.perf_counter()
            await scenario(self.market, wire, pair)
            self.seen.answered += 1
            self.seen.slowest = max(self.seen.slowest, time.perf_counter() - begun)

    async def _observe(self) -> None:
        while True:
            for row in await self.watch.fetch(_WAITING):
                self.seen.blocked = max(self.seen.blocked, row["seconds"])
            self.seen.glances += 1
            await asyncio.sleep(_GLANCE_SECONDS)

    async def during(self, revision: str, dsn: str, *, calm: float) -> Step:
        """Migrate, and go on watching until those who had to wait have had their answers."""
        self.seen = Seen()
        begun = time.perf_counter()
        await asyncio.to_thread(migrate, dsn, revision=revision)
        took = time.perf_counter() - begun
        await asyncio.sleep(calm)
        return Step(revision, took, self.seen)


async def measure(
    program: Program, *, orders: int, pairs: int, connections: int, calm: float, before: str = BEFORE
) -> tuple[int, list[Step]]:
    """Fill a migrated database, with its newest migrations undone, and make them again; return how many orders.

    :param before: the revision to begin with. A program from another checkout is started on it as it stands.
    """
    program = replace(program, settings=SETTINGS)
    settings = load_settings(environment="test", environ=program.environment())
    configure_logging(settings.logging)
    owner = program.cluster.dsn(Role.OWNER, program.database)
    market = await open_market(owner, settings, pairs=pairs)
    application = build(settings)
    async with recording(create_api(application), application.database) as recorder:
        for pair in market.crowd.pairs:
            await market.stock(recorder, pair)
    revisions = sorted(script.revision for script in scripts().walk_revisions() if script.revision > before)
    for _ in revisions:
        await asyncio.to_thread(migrate, owner, revision="-1")
    admin = await asyncpg.connect(program.cluster.dsn(Role.ADMIN, program.database))
    try:
        made = await admin.fetchval("SELECT count(*) FROM orders")
        copying = Copying(await take(admin, "market"), max(1, orders // made))
        total = await multiply(program.cluster.dsn(Role.ADMIN, program.database), [copying])
        await forget(admin, [copying.world.name])
        async with AsyncExitStack() as running:
            if program.source == ROOT:
                # This program may start on the older schema as the release before would. Schema and code ship apart,
                # so what is served works on both; what does not is seen as a failed request.
                await admin.execute("UPDATE alembic_version SET version_num = $1", revisions[-1])
            running.enter_context(serving(program))
            await admin.execute("UPDATE alembic_version SET version_num = $1", before)
            market.crowd.log_in()
            traffic = Traffic(market, program.port, admin)
            await running.enter_async_context(traffic.flowing(connections))
            await asyncio.sleep(calm)
            return total, [await traffic.during(revision, owner, calm=calm) for revision in revisions]
    finally:
        await admin.close()


def report(total: int, steps: list[Step], *, served_by: str = "this program") -> str:
    """Return the page that is kept."""
    conditions = (
        f"{total:,} orders; the API of {served_by} serves every scenario of `benchmarks.requests` while each migration"
        f" is made."
        f" Waiting for locks is looked at every {_GLANCE_SECONDS * 1000:.0f} ms, by what PostgreSQL says of each lock."
    )
    lines = [
        "# Migrations under traffic",
        "",
        conditions,
        "",
        "| migration | seconds | operations meanwhile | failed | longest operation s | longest wait for a lock s |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for step in steps:
        seen = step.seen
        lines.append(
            f"| {step.name} | {step.seconds:.1f} | {seen.answered} | {seen.failures.total()} |"
            f" {seen.slowest:.2f} | {seen.blocked:.2f} |"
        )
    return "\n".join([*lines, ""])


def _earlier(leaving: ExitStack, folder: Path, since: str) -> tuple[Path, str]:
    try:
        return leaving.enter_context(before_migration(folder, since))
    except NoHistoryError as missing:
        raise SystemExit(f"There is no earlier version ({missing}); --this measures without one.") from missing


def main() -> None:
    """Measure on an embedded server of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument(
        "--this",
        action="store_true",
        help="all newer migrations under this program, not the newest under the one before",
    )
    parser.add_argument("--since", default="head", help="the first of the migrations, under the program before it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kro-bench-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "server", disposable=True) as cluster:
            migrate(cluster.dsn(Role.OWNER))
            program, before = Program(cluster, free_port(), folder), BEFORE
            with ExitStack() as leaving:
                if not given.this:
                    source, before = _earlier(leaving, folder, given.since)
                    program = replace(program, source=source)
                measured = measure(program, orders=given.orders, pairs=32, connections=8, calm=3.0, before=before)
                total, steps = asyncio.run(measured)
    page = report(total, steps, served_by="this program" if given.this else f"the program of revision {before}")
    RESULTS.write_text(page)
    print(page)  # noqa: T201 - for whoever started it


if __name__ == "__main__":
    main()
