"""What the next release's migrations may do to tables while this release still serves (expand, then contract)."""

from __future__ import annotations

from typing import Final

import asyncpg

_TABLES: Final = """
SELECT c.oid::regclass::text FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relname <> 'alembic_version'"""


async def add_columns(dsn: str) -> None:
    """Give every table a column that this program does not know."""
    connection = await asyncpg.connect(dsn)
    try:
        for record in await connection.fetch(_TABLES):
            await connection.execute(f"ALTER TABLE {record[0]} ADD COLUMN of_the_next_release text")
    finally:
        await connection.close()
