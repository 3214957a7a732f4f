"""What a database holds when its test is over, read as somebody would who got hold of a copy."""

from __future__ import annotations

import re
from typing import Final

import asyncpg

from canaries import leaks

# Only tables with something in them. The files' sizes are asked of the system: asking for a table's own opens it, which
# takes five times as long for all of them.
_TABLES: Final = """
SELECT c.oid::regclass::text AS place FROM pg_class AS c
WHERE c.relkind = 'r' AND c.oid >= 16384 AND (pg_stat_file(pg_relation_filepath(c.oid))).size > 0"""
_MOST: Final = 1_000
"""Of tables filled to measure something, whose rows are all alike."""
_ROWS: Final = "(SELECT '{table} ' || row_to_json(t) FROM {table} AS t LIMIT {most})"
_BYTES: Final = re.compile(r"\\\\x((?:[0-9a-f]{2})+)")


async def stored_secrets(dsn: str) -> list[str]:
    """Return the secrets that can be read in any row of any table, each with its row; ``dsn`` is a superuser's."""
    return leaks(await stored_text(dsn), sent=True)


async def stored_text(dsn: str) -> str:
    """Return every row on a line of its own: the table, then the columns as JSON; of each table the first thousand.

    Bytes are shown as the letters they would be, and JSON in a text as JSON, so that nothing hides in its form.
    """
    connection = await asyncpg.connect(dsn)
    try:
        tables = [row["place"] for row in await connection.fetch(_TABLES)]
        # One statement for all: most of the time of a small one is the way there and back.
        rows = " UNION ALL ".join(_ROWS.format(table=table, most=_MOST) for table in tables)
        text = "\n".join(row[0] for row in await connection.fetch(rows)) if tables else ""
    finally:
        await connection.close()
    return _BYTES.sub(_letters, text).replace("\\", "")


def _letters(found: re.Match[str]) -> str:
    return bytes.fromhex(found[1]).decode("latin-1").replace("\n", " ")
