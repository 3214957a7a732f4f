"""Who wants nothing more of whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.core.paging import Position
from kro.order.database.thread_records import Block

_PUT: Final = """
WITH other AS (SELECT u.id FROM users AS u WHERE u.id = $2 AND u.id <> $1 AND have_traded($1, u.id)),
     put AS (INSERT INTO user_blocks (user_id, blocked_id, created_at) SELECT $1, id, $3 FROM other
             ON CONFLICT DO NOTHING)
SELECT EXISTS (SELECT FROM other)
"""
_REMOVE: Final = "DELETE FROM user_blocks WHERE user_id = $1 AND blocked_id = $2"
_LIST: Final = """
SELECT b.blocked_id AS user_id, u.first_name || ' ' || left(u.last_name, 1) || '.' AS display_name, b.created_at
FROM user_blocks AS b JOIN users AS u ON u.id = b.blocked_id
WHERE b.user_id = $1 AND (b.created_at, b.blocked_id) < ($2, $3)
ORDER BY b.created_at DESC, b.blocked_id DESC LIMIT $4
"""


class BlockRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, user_id: UUID, blocked_id: UUID, *, at: datetime) -> bool:
        """Block somebody; ``False`` when the two never had an order with each other."""
        found: bool = await self._database.value(_PUT, user_id, blocked_id, at)
        return found

    async def remove(self, user_id: UUID, blocked_id: UUID) -> bool:
        """Unblock somebody; ``False`` when they were not blocked."""
        return await self._database.execute(_REMOVE, user_id, blocked_id) > 0

    async def list(self, user_id: UUID, *, before: Position, limit: int) -> Sequence[Block]:
        """Return whom a user has blocked, the latest first."""
        rows = await self._database.rows(_LIST, user_id, before.created_at, before.id, limit)
        return tuple(Block(**row) for row in rows)
