"""Makes a database as large as wanted out of one that was filled by the product: the same people and orders, again.

What came since the last :func:`take` is a world. Its copies are whole: their ids are functions of the originals, so
rows that belonged together belong together again, and their balances are those of their entries. Each copy lies one
step further in the past. Whatever was there before the world is shared by all of its copies: configuration, the
platform's accounts, and people who trade in every copy, whose balances are added up in the end.

Every function takes a superuser's connection, for rows are taken over without asking the triggers that watch over new
ones. Lists of ids stay as they are; nobody in these worlds hands in a file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

import asyncpg

from benchmarks.columns import COPIES, columns_of, keys_of
from benchmarks.indexes import making, rest

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

TABLES: Final = (
    *("users", "sessions", "fee_quotes", "orders", "order_terms", "conditions", "order_codes", "order_events"),
    *("issues", "kro_balance", "ledger_journals", "ledger_entries", "balance_lines", "transactions"),
    *("idempotency_keys", "payment_webhook_info", "payment_webhook_bodies", "payment_webhook_state", "timers"),
    *("outbox", "audit_log", "notifications", "notice_receipts"),
)
"""What grows with use. Everything else is configuration, or of so few rows that it makes no difference."""

_DAYS_KEPT: Final = {"idempotency_keys": 1, "fee_quotes": 1, "outbox": 30, "sessions": 180, "payment_webhook_info": 180}
"""How old rows get before they are deleted, or before nobody asks for them: no copy lies further back."""
_PLATFORM: Final = "00000000-0000-0000-0000-000000000000"
_OF_THE_PLATFORM: Final = f"SELECT id FROM kro_balance WHERE owner_id = '{_PLATFORM}' UNION SELECT '{_PLATFORM}'"  # noqa: S608 - a constant
_CONFIGURATION: Final = ("admins", "fee_configuration", "tax_rules")
_BATCH_ROWS: Final = 200_000

_CLEAN_EVERY: Final = 8
"""After how many batches a worker cleans up: what is still in memory then is written once, and not again later."""

# Those who trade in every copy: one line after another, over all copies.
_SETTLE: Final = """
WITH shared AS MATERIALIZED (
    SELECT id FROM kro_balance WHERE code = 'user_available' AND id IN ({accounts})
), lines AS (
    SELECT l.account_id, l.at, l.entry_id, sum(l.amount) OVER (PARTITION BY l.account_id ORDER BY l.at, l.entry_id)
        AS total
    FROM balance_lines AS l JOIN shared AS s ON s.id = l.account_id
), told AS (
    UPDATE balance_lines AS l SET balance_after = n.total FROM lines AS n
    WHERE (l.account_id, l.at, l.entry_id) = (n.account_id, n.at, n.entry_id) AND l.balance_after <> n.total)
UPDATE kro_balance AS b SET balance = n.total
FROM (SELECT account_id, sum(amount) AS total FROM balance_lines JOIN shared ON id = account_id GROUP BY 1) AS n
WHERE b.id = n.account_id"""
_SHARED: Final = 'SELECT account_id FROM "{entries}" WHERE "account_id@rest" IS NULL'
# The worker would take its time over so many; what it leaves behind is this.
_ROLL_UP: Final = """
WITH marked AS (
    UPDATE ledger_rollup_mark SET through_id = (SELECT max(id) FROM ledger_entries), xid = pg_current_xact_id())
INSERT INTO ledger_rollups (account_id, through_id, total, recorded_through)
SELECT e.account_id, max(e.id), sum(e.amount)::bigint, now() FROM ledger_entries AS e
JOIN kro_balance AS b ON b.id = e.account_id WHERE NOT b.tracked GROUP BY 1"""


@dataclass(frozen=True, slots=True)
class World:
    """What is copied: its name, and how many orders and rows it has."""

    name: str
    orders: int
    rows: int


@dataclass(frozen=True, slots=True)
class Copying:
    """How often a world is copied, and how far its copies lie apart."""

    world: World
    copies: int
    step: timedelta = timedelta(minutes=1)

    def oldest(self, table: str) -> int:
        """Return the last copy whose rows of this table are there still."""
        kept = _DAYS_KEPT.get(table)
        return self.copies if kept is None else min(self.copies, timedelta(days=kept) // self.step)

    def batches(self) -> Iterator[tuple[int, int]]:
        """Return first and last copy of every batch, the oldest first."""
        each = max(1, _BATCH_ROWS // max(1, self.world.rows))
        for first in range(self.copies, 0, -each):
            yield first, max(1, first - each + 1)


async def take(connection: Connection, name: str) -> World:
    """Put aside what came since the last time, as a world to be copied."""
    await connection.execute("CREATE TABLE IF NOT EXISTS benchmark_kept (id uuid PRIMARY KEY)")
    for table in _CONFIGURATION:
        await _keep(connection, f'SELECT id FROM "{table}"')  # noqa: S608 - a name from above
    await _keep(connection, _OF_THE_PLATFORM)
    tables = await _present(connection)
    rows = sum([await _put_aside(connection, name, table) for table in tables])
    for table in tables:
        for key in await keys_of(connection, table):
            if key.type == "uuid":
                await _keep(connection, f'SELECT "{key.name}" FROM "{_aside(name, table)}"')  # noqa: S608 - the catalogue's
    return World(name, await connection.fetchval(f'SELECT count(*) FROM "{_aside(name, "orders")}"'), rows)  # noqa: S608


async def multiply(
    dsn: str, copyings: Sequence[Copying], *, workers: int = 2, told: Callable[[str], None] = lambda _: None
) -> int:
    """Make all copies over so many connections at once, and return the number of orders there are then.

    :param dsn: a superuser's.
    :param told: is given a sentence whenever there is something to say about how far it is.
    """
    async with AsyncExitStack() as closing:
        connections = [await _open(dsn, closing) for _ in range(workers)]
        first = connections[0]
        tables = await _present(first)
        await rest(first, tables)
        for copying in copyings:
            await _copy(connections, copying, told)
        told("making indexes, and adding up those who trade in every copy")
        # Nothing is known of what came, and without indexes a wrong guess sorts all lines there are.
        await first.execute("ANALYZE kro_balance, balance_lines, ledger_entries")
        shared = " UNION ".join(_SHARED.format(entries=_aside(one.world.name, "ledger_entries")) for one in copyings)
        adding_up = [_SETTLE.format(accounts=shared)]
        if await first.fetchval("SELECT to_regclass('ledger_rollups') IS NOT NULL"):
            adding_up.append(_ROLL_UP)
        await _in_turn(connections, [*adding_up, *await making(first)])
        told("cleaning up, counting")
        await _in_turn(connections, [f'VACUUM ANALYZE "{table}"' for table in tables])
        total: int = await first.fetchval("SELECT count(*) FROM orders")
    return total


async def forget(connection: Connection, worlds: Sequence[str]) -> None:
    """Drop what was put aside."""
    for table in await _present(connection):
        names = [f'"benchmark_seen_{table}"', *(f'"{_aside(world, table)}"' for world in worlds)]
        await connection.execute(f"DROP TABLE {', '.join(names)}")
    await connection.execute("DROP TABLE benchmark_kept")


async def _present(connection: Connection) -> list[str]:
    """Return the tables there are, of a schema that may be an older one."""
    there = {row["tablename"] for row in await connection.fetch("SELECT tablename FROM pg_tables")}
    return [table for table in TABLES if table in there]


async def _open(dsn: str, closing: AsyncExitStack) -> Connection:
    connection = await asyncpg.connect(dsn)
    closing.push_async_callback(connection.close)
    for setting in ("session_replication_role = replica", "synchronous_commit = off", "maintenance_work_mem = '1GB'"):
        await connection.execute(f"SET {setting}")
    return connection


async def _copy(connections: Sequence[Connection], copying: Copying, told: Callable[[str], None]) -> None:
    world, first = copying.world, connections[0]
    statements = {table: await _statement(first, world.name, table) for table in await _present(first)}
    entries = _aside(world.name, "ledger_entries")
    [(low, high)] = await first.fetch(f'SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM "{entries}"')  # noqa: S608
    base = await first.fetchval("SELECT nextval(pg_get_serial_sequence('ledger_entries', 'id'))")
    numbers = high - low + 1
    # Older copies have the smaller numbers, and every number is above all that there were.
    origin = base - low + 1 + copying.copies * numbers
    step = copying.step // timedelta(milliseconds=1)
    batches, begun = copying.batches(), time.monotonic()

    async def work(connection: Connection) -> None:
        for number, (newest, oldest) in enumerate(batches, start=1):
            for table, statement in statements.items():
                start = min(newest, copying.oldest(table))
                if start >= oldest:
                    await connection.execute(statement, start, oldest, step, origin, numbers)
            if number % _CLEAN_EVERY == 0:
                await connection.execute(f"VACUUM (SKIP_LOCKED, PROCESS_TOAST FALSE) {', '.join(statements)}")
            told(_progress(copying, oldest, time.monotonic() - begun))

    await asyncio.gather(*(work(connection) for connection in connections))
    last = base + copying.copies * numbers
    await first.execute("SELECT setval(pg_get_serial_sequence('ledger_entries', 'id'), $1)", last)


def _progress(copying: Copying, left: int, seconds: float) -> str:
    done = (copying.copies - left + 1) * copying.world.orders
    rate = done / max(seconds, 0.001)
    remaining = (left - 1) * copying.world.orders / max(rate, 0.001)
    return f"{copying.world.name}: {done:,} orders, {rate:,.0f} a second, {remaining / 60:.1f} minutes left"


async def _in_turn(connections: Sequence[Connection], statements: Sequence[str]) -> None:
    waiting = iter(statements)

    async def work(connection: Connection) -> None:
        for statement in waiting:
            await connection.execute(statement)

    await asyncio.gather(*(work(connection) for connection in connections))


async def _statement(connection: Connection, world: str, table: str) -> str:
    columns = await columns_of(connection, table)
    names = ", ".join(f'"{column.name}"' for column in columns)
    values = ", ".join(column.copied() for column in columns)
    return (
        f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE SELECT {values} '  # noqa: S608 - the catalogue's
        f'FROM {COPIES}, "{_aside(world, table)}" AS o'
    )


async def _keep(connection: Connection, ids: str) -> None:
    await connection.execute(f"INSERT INTO benchmark_kept {ids} ON CONFLICT DO NOTHING")


async def _put_aside(connection: Connection, world: str, table: str) -> int:
    keys = [f'"{key.name}"' for key in await keys_of(connection, table)]
    names, seen, aside = ", ".join(keys), f'"benchmark_seen_{table}"', f'"{_aside(world, table)}"'
    same = " AND ".join(f"s.{key} = o.{key}" for key in keys)
    parts = ", ".join(part for column in await columns_of(connection, table) for part in column.taken())
    ours = f"AND o.owner_id <> '{_PLATFORM}'" if table == "kro_balance" else ""
    new = f'"{table}" AS o WHERE NOT EXISTS (SELECT FROM {seen} AS s WHERE {same}) {ours}'
    await connection.execute(f'CREATE TABLE IF NOT EXISTS {seen} AS SELECT {names} FROM "{table}" LIMIT 0')  # noqa: S608
    await connection.execute(f"CREATE TABLE {aside} AS SELECT {parts} FROM {new}")  # noqa: S608
    await connection.execute(f"INSERT INTO {seen} SELECT {names} FROM {aside}")  # noqa: S608
    await connection.execute(f"ANALYZE {aside}")
    return int(await connection.fetchval(f"SELECT count(*) FROM {aside}"))  # noqa: S608 - the catalogue's


def _aside(world: str, table: str) -> str:
    return f"benchmark_{world}_{table}"
