from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import asyncpg

from kro.core.audit.canonical import ROW, canonical_line, seal
from kro.core.database.pool import Database

if TYPE_CHECKING:
    from kro.core.database.pool import Connection

# The point is older than the next statement's view of the table: whatever was written before it is visible there.
_HEAD: Final = """
SELECT position, hash, horizon::text AS horizon,
       greatest(horizon, pg_snapshot_xmin(pg_current_snapshot()))::text AS ended_before
FROM audit_head FOR UPDATE SKIP LOCKED"""

_UNSEALED: Final = f"""
SELECT {ROW}, a.xid::text AS xid FROM audit_log AS a
WHERE a.xid >= $1::text::xid8 AND a.xid < $2::text::xid8
  AND NOT EXISTS (SELECT FROM audit_seals AS s WHERE s.audit_id = a.id)
ORDER BY a.xid, a.id LIMIT $3"""  # noqa: S608 - built from constants only

_SEAL: Final = """
WITH sealed AS (
    INSERT INTO audit_seals (position, audit_id, hash)
    SELECT n.position, n.audit_id, n.hash FROM unnest($1::bigint[], $2::uuid[], $3::bytea[])
        AS n (position, audit_id, hash))
UPDATE audit_head SET position = $4, hash = $5, horizon = $6::text::xid8, sealed_at = now()"""


class AuditSealer:
    """Carries the chain of the audit log on, behind the transactions that write it and without holding them up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seal_due(self, *, limit: int = 500) -> int:
        """Seal rows whose order is final, at most ``limit``, and return how many; 0 while another worker seals.

        A transaction that stays open holds back the sealing of everything written since it began, and nothing else.
        """
        async with self._database.connection() as connection, connection.transaction():
            head = await connection.fetchrow(_HEAD)
            if head is None:
                return 0
            rows = await connection.fetch(_UNSEALED, head["horizon"], head["ended_before"], limit)
            if rows:
                horizon = rows[-1]["xid"] if len(rows) == limit else head["ended_before"]
                await _write(connection, rows, head=head, horizon=horizon)
            return len(rows)


async def _write(connection: Connection, rows: Sequence[asyncpg.Record], *, head: asyncpg.Record, horizon: str) -> None:
    hashes = []
    current = head["hash"]
    for row in rows:
        current = seal(current, canonical_line(row))
        hashes.append(current)
    first = head["position"] + 1
    positions = list(range(first, first + len(rows)))
    await connection.execute(_SEAL, positions, [row["id"] for row in rows], hashes, positions[-1], current, horizon)
