"""Indexes that rest while rows are copied: adding rows to all of them costs more than making them anew from all rows.

They are not dropped, so that nothing can come back different: the catalogue says that they are not kept up, which is
what it says while one is made beside traffic, and ``REINDEX`` makes them whole. Unique ones find out then whether all
rows are. Needs a superuser, and nobody else at work in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import asyncpg

_REST: Final = """
UPDATE pg_index AS x SET indisready = false, indisvalid = false FROM pg_class AS i
WHERE i.oid = x.indexrelid AND i.relkind = 'i' AND x.indrelid IN (
    SELECT to_regclass(name) FROM unnest($1::text[]) AS name
    UNION SELECT t.relid FROM unnest($1::text[]) AS name, pg_partition_tree(name::regclass) AS t)"""
# Those of words take the longest by far.
_RESTING: Final = """
SELECT format('REINDEX INDEX %s', x.indexrelid::regclass)
FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid JOIN pg_am AS m ON m.oid = i.relam
WHERE NOT x.indisready ORDER BY m.amname <> 'gin', pg_relation_size(x.indrelid) DESC, x.indexrelid"""


async def rest(connection: asyncpg.Connection[asyncpg.Record], tables: Sequence[str]) -> None:
    """Stop keeping up the indexes of these tables and of their partitions."""
    await connection.execute(_REST, tables)


async def making(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    """Return the statements that make what rests whole again, in any order and at once, the longest first."""
    return [row[0] for row in await connection.fetch(_RESTING)]
