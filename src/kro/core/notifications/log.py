"""For support: what a user was told, when and by which channel, and what became of it. Every look is on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.database.pool import Database
from kro.core.ids import IdSource
from kro.core.paging import NEWEST, Position

_LOOK: Final = """
WITH looked AS (
    INSERT INTO audit_log (id, actor_kind, actor_id, session_id, action, target_type, target_id, result, detail,
                           request_id, ip)
    SELECT $5, $6, $7, $8, 'notices.read', 'user', u.id, 'done', '{}'::jsonb, $9, $10 FROM users AS u WHERE u.id = $1)
SELECT r.message_id AS id, r.notice_id, r.template, n.title, r.channel, r.status, r.reason, r.tries, r.provider,
       r.provider_message_id, r.purpose, r.at
FROM notice_receipts AS r LEFT JOIN notifications AS n ON n.id = r.notice_id
WHERE r.user_id = $1 AND (r.at, r.message_id) < ($2, $3)
ORDER BY r.at DESC, r.message_id DESC LIMIT $4"""


@dataclass(frozen=True, slots=True)
class LoggedNotice:
    """One notice by one channel; ``at`` is when it came into its state. ``title`` is gone after two years."""

    id: UUID
    notice_id: UUID | None
    template: str | None
    title: str | None
    channel: str
    status: str
    reason: str | None
    tries: int
    provider: str | None
    provider_message_id: str | None
    purpose: str | None
    at: datetime


class NoticeLog:
    def __init__(self, database: Database, *, ids: IdSource) -> None:
        self._database = database
        self._ids = ids

    async def look(self, user_id: UUID, *, before: Position | None, limit: int, actor: Actor) -> Sequence[LoggedNotice]:
        """Return what a user was told, the latest first."""
        start = before or NEWEST
        rows = await self._database.rows(
            _LOOK,
            user_id,
            start.created_at,
            start.id,
            limit,
            self._ids.new(),
            actor.kind,
            actor.id,
            actor.session_id,
            actor.request_id,
            actor.ip,
        )
        return tuple(LoggedNotice(**row) for row in rows)
