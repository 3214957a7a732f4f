"""How each column of a table is put aside, and what a copy of a row has in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

_COLUMNS: Final = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attidentity <> '' AS is_identity, EXISTS (
    SELECT FROM pg_index AS x
    WHERE x.indrelid = a.attrelid AND x.indisunique AND a.attnum = ANY(x.indkey) AND NOT EXISTS (
        SELECT FROM pg_attribute AS u
        WHERE u.attrelid = a.attrelid AND u.attnum = ANY(x.indkey) AND u.atttypid = 'uuid'::regtype)) AS alone
FROM pg_attribute AS a
WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attnum"""
_KEYS: Final = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type
FROM pg_index AS x JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = ANY(x.indkey)
WHERE x.indrelid = $1::text::regclass AND x.indisprimary ORDER BY a.attnum"""
_SUFFIXES: Final = {"text": "c.tag", "bytea": "convert_to(c.tag, 'UTF8')"}
_WORDS: Final = frozenset({"provider", "kind"})
"""In unique keys beside a reference, but no reference themselves."""
_DELIVERED: Final = {
    ("outbox", "state"): "'delivered'",
    ("outbox", "attempts"): "1",
    ("outbox", "delivered_at"): "o.created_at - c.back",
}
"""What was sent once is sent in every copy."""

COPIES: Final = """
(SELECT n AS copy, lpad(to_hex(n), 6, '0') AS hex, '~' || n AS tag, n * $3::bigint AS ms,
        make_interval(secs => n * $3::bigint / 1000.0) AS back, $4::bigint - n * $5::bigint AS number
 FROM generate_series($1::int, $2::int, -1) AS n OFFSET 0) AS c"""
"""What is the same in all rows of a copy: oldest first, so that keys that begin with a time come in their order.

Takes the first and the last copy, the milliseconds between two, the number of copy 0, and how many numbers a copy has.
"""


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Column:
    table: str
    name: str
    type: str
    is_identity: bool
    alone: bool
    """Whether a unique index holds it and no id: then a copy must differ in it."""

    def taken(self) -> Sequence[str]:
        """Return what is put aside: the value, and of an id that changes its time and the rest, or its text.

        A UUIDv7 begins with its time, and a copy's has to, or every insert would fall on another page. Other ids, as
        those of accounts, are made from what they stand for and lie everywhere.
        """
        value = f'o."{self.name}"'
        if self.type != "uuid":
            return [value]
        moves = f"NOT EXISTS (SELECT FROM benchmark_kept AS k WHERE k.id = {value})"
        digits = f"replace({value}::text, '-', '')"
        ordered = f"substr({digits}, 13, 1) = '7'"
        time = f"('x' || left({digits}, 12))::bit(48)::bigint"
        rest = f"CASE WHEN {ordered} THEN substr({digits}, 13, 14) ELSE {digits} END"
        return [
            value,
            f'CASE WHEN {ordered} AND {moves} THEN {time} END AS "{self.name}@ms"',
            f'CASE WHEN {value} IS NOT NULL AND {moves} THEN {rest} END AS "{self.name}@rest"',
        ]

    def copied(self) -> str:
        """Return the value in copy ``c`` of the row ``o``."""
        value = f'o."{self.name}"'
        if (self.table, self.name) in _DELIVERED:
            return _DELIVERED[self.table, self.name]
        if self.type == "uuid":
            ms, rest = f'o."{self.name}@ms"', f'o."{self.name}@rest"'
            return (
                f"CASE WHEN {ms} IS NOT NULL THEN ('0' || to_hex({ms} - c.ms) || {rest} || c.hex)::uuid"
                f" WHEN {rest} IS NOT NULL THEN md5({rest} || c.hex)::uuid ELSE {value} END"
            )
        if self.is_identity or self.name == "entry_id":
            return f"{value} + c.number"
        if self.type == "timestamp with time zone":
            return f"{value} - c.back"
        drawn = (self.alone and self.name not in _WORDS) or (self.table, self.name) == ("idempotency_keys", "key")
        return f"{value} || {_SUFFIXES[self.type]}" if drawn and self.type in _SUFFIXES else value


async def columns_of(connection: asyncpg.Connection[asyncpg.Record], table: str) -> list[Column]:
    return [Column(table, **row) for row in await connection.fetch(_COLUMNS, table)]


async def keys_of(connection: asyncpg.Connection[asyncpg.Record], table: str) -> list[Key]:
    """Return the columns of a table's primary key."""
    return [Key(**row) for row in await connection.fetch(_KEYS, table)]
