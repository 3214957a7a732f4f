"""Months before the first one, as a database has that was started years ago."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import asyncpg

_PARENTS: Final = "SELECT DISTINCT parent, key FROM month_partitions ORDER BY parent"
_FIRST: Final = (
    "SELECT partition, until_id FROM month_partitions WHERE parent = $1 AND from_id IS NULL AND NOT is_default"
)
_MISSING: Final = """
SELECT make_month($1, $2, NULL, month, 0)
FROM generate_series(date_trunc('month', $3::timestamptz, 'UTC'), moment_of_id($4) - interval '1 day', '1 month')
    AS month ORDER BY month"""


async def part_the_past(owner: asyncpg.Connection[asyncpg.Record], *, since: datetime) -> None:
    """Give every table of months one for each month since then, in the place of its first partition, which is empty."""
    await owner.execute("SET timezone = 'UTC'")
    for parent, key in await owner.fetch(_PARENTS):
        [(first, until)] = await owner.fetch(_FIRST, parent)
        await owner.execute(f'ALTER TABLE "{parent}" DETACH PARTITION "{first}"')
        await owner.execute(f'DROP TABLE "{first}"')
        await owner.execute(_MISSING, parent, key, since, until)
