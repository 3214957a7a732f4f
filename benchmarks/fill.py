"""Makes a database as large as wanted out of one that was filled by the product: the same people and orders, again.

Every copy is whole: its ids are functions of the originals, so rows that belonged together belong together again, and
its balances are those of its entries. It lies in the past by as many minutes as copies were made before it. What is
kept once, such as roles, prices and the platform's own accounts, is shared by all copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import asyncpg

TABLES: Final = (
    *("users", "sessions", "fee_quotes", "orders", "order_terms", "conditions", "order_codes", "order_events"),
    *("kro_balance", "ledger_journals", "ledger_entries", "balance_lines", "transactions", "idempotency_keys"),
    *("payment_webhook_info", "payment_webhook_bodies", "payment_webhook_state", "timers", "outbox", "audit_log"),
    *("notifications", "notice_receipts"),
)
"""What grows with use. Everything else is configuration, or of so few rows that it makes no difference."""

_COLUMNS: Final = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attidentity <> '' AS is_identity, EXISTS (
    SELECT FROM pg_index AS x
    WHERE x.indrelid = a.attrelid AND x.indisunique AND a.attnum = ANY(x.indkey) AND NOT EXISTS (
        SELECT FROM pg_attribute AS u
        WHERE u.attrelid = a.attrelid AND u.attnum = ANY(x.indkey) AND u.atttypid = 'uuid'::regtype)) AS alone
FROM pg_attribute AS a
WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped
  AND a.attgenerated = ''
ORDER BY a.attnum"""

_STRIDE: Final = 1_000_000_000
"""How far apart the numbers of copies lie: more than the original has."""

# A UUIDv7 begins with its time in milliseconds; a copy's has to, or every insert would fall on another page.
_COPY_ID: Final = """
CREATE FUNCTION benchmark_copy(original uuid, copy int) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$
SELECT CASE WHEN EXISTS (SELECT FROM benchmark_shared AS s WHERE s.id = original) THEN original ELSE (
    lpad(to_hex(greatest(0,
        ('x' || left(replace(original::text, '-', ''), 12))::bit(48)::bigint - copy * 60000::bigint)), 12, '0')
    || '7' || substr(md5(original::text || copy), 14, 3) || 'a' || substr(md5(copy || original::text), 18)
)::uuid END $body$"""
_SHARED: Final = """
CREATE TABLE benchmark_shared AS
SELECT id FROM kro_balance WHERE owner_id = '00000000-0000-0000-0000-000000000000'
UNION SELECT '00000000-0000-0000-0000-000000000000'::uuid UNION SELECT id FROM admins
UNION SELECT id FROM fee_configuration UNION SELECT id FROM tax_rules"""


_SUFFIXES: Final = {"text": "'~' || copy", "bytea": "convert_to('~' || copy, 'UTF8')"}


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    is_identity: bool
    alone: bool
    """Whether a unique index holds it and no id: then a copy must differ in it."""

    def copied(self) -> str:
        name = f'o."{self.name}"'
        if self.type == "uuid":
            return f"benchmark_copy({name}, copy)"
        if self.is_identity or self.name == "entry_id":
            return f"{name} + copy * {_STRIDE}::bigint"
        if self.type == "uuid[]":
            copied = f"ARRAY(SELECT benchmark_copy(one, copy) FROM unnest({name}) AS one)"  # noqa: S608 - a column
            return f"CASE WHEN {name} IS NOT NULL THEN {copied} END"
        if self.type == "timestamp with time zone":
            return f"{name} - make_interval(mins => copy)"
        suffix = _SUFFIXES.get(self.type) if self.alone and self.name not in {"provider", "kind"} else None
        return name if suffix is None else f"{name} || {suffix}"


async def multiply(connection: asyncpg.Connection[asyncpg.Record], *, copies: int, at_once: int = 50) -> int:
    """Add that many copies of everything in :data:`TABLES` and return the number of orders there are then.

    :param connection: a superuser's, for rows are taken over without asking the triggers that watch over new ones.
    """
    await connection.execute(_SHARED)
    await connection.execute("CREATE UNIQUE INDEX ON benchmark_shared (id)")
    await connection.execute(_COPY_ID)
    await connection.execute("SET session_replication_role = replica")
    statements = [await _statement(connection, table) for table in TABLES]
    for table in TABLES:
        await connection.execute(f'CREATE TABLE "benchmark_original_{table}" AS SELECT * FROM "{table}"')  # noqa: S608
    for first in range(1, copies + 1, at_once):
        for statement in statements:
            await connection.execute(statement, first, min(copies, first + at_once - 1))
    for table in TABLES:
        await connection.execute(f'DROP TABLE "benchmark_original_{table}"')
    await connection.execute(
        "SELECT setval(pg_get_serial_sequence('ledger_entries', 'id'), (SELECT max(id) FROM ledger_entries))"
    )
    await connection.execute("DROP FUNCTION benchmark_copy; DROP TABLE benchmark_shared")
    await connection.execute("RESET session_replication_role")
    await connection.execute("VACUUM ANALYZE")
    total: int = await connection.fetchval("SELECT count(*) FROM orders")
    return total


async def _statement(connection: asyncpg.Connection[asyncpg.Record], table: str) -> str:
    columns = [_Column(**row) for row in await connection.fetch(_COLUMNS, table)]
    names = ", ".join(f'"{column.name}"' for column in columns)
    values = ", ".join(column.copied() for column in columns)
    only_ours = "WHERE o.owner_id <> '00000000-0000-0000-0000-000000000000'" if table == "kro_balance" else ""
    return (
        f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE SELECT {values} '  # noqa: S608 - names from the catalogue
        f'FROM generate_series($1::int, $2::int) AS copy, "benchmark_original_{table}" AS o {only_ours}'
    )
