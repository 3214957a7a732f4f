"""A person's inbox: what they were told, newest first, and what of it they have read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.errors import ErrorKind, KroError
from kro.core.paging import NEWEST, Position

UNREAD_SHOWN: Final = 1000

_LIST: Final = """
SELECT id, template, topic, weight, title, body, about, created_at, read_at FROM notifications
WHERE user_id = $1 AND (created_at, id) < ($2, $3) AND (NOT $4 OR read_at IS NULL)
ORDER BY created_at DESC, id DESC LIMIT $5"""
# The count stops where nobody reads it any more, so that it costs the same in a full inbox.
_UNREAD: Final = """
SELECT count(*) FROM (SELECT FROM notifications WHERE user_id = $1 AND read_at IS NULL LIMIT $2) AS unread"""
_READ_ONE: Final = """
UPDATE notifications SET read_at = coalesce(read_at, $3) WHERE id = $2 AND user_id = $1"""
_READ_ALL: Final = """
UPDATE notifications SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL AND created_at <= $2"""
_FORGET: Final = """
DELETE FROM notifications WHERE id IN (
    SELECT id FROM notifications
    WHERE id < (lpad(to_hex((extract(epoch FROM now() - make_interval(days => $1)) * 1000)::bigint), 12, '0')
                || repeat('0', 20))::uuid
    ORDER BY id LIMIT $2)"""


class NotificationNotFoundError(KroError):
    """There is no such notification."""

    kind = ErrorKind.NOT_FOUND
    code = "not_found"


@dataclass(frozen=True, slots=True)
class Notification:
    """``about`` is the shown id of the order, payout or refund it is about."""

    id: UUID
    template: str
    topic: str
    weight: str
    title: str
    body: str
    about: str | None
    created_at: datetime
    read_at: datetime | None


class Inbox:
    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(
        self, user_id: UUID, *, before: Position | None, limit: int, unread_only: bool = False
    ) -> Sequence[Notification]:
        """Return what a user was told, the newest first."""
        start = before or NEWEST
        rows = await self._database.rows(_LIST, user_id, start.created_at, start.id, unread_only, limit)
        return tuple(Notification(**row) for row in rows)

    async def unread(self, user_id: UUID) -> int:
        """Count what a user has not read, up to :data:`UNREAD_SHOWN`."""
        count: int = await self._database.value(_UNREAD, user_id, UNREAD_SHOWN)
        return count

    async def read(self, user_id: UUID, notification_id: UUID) -> None:
        """Mark one as read; again is fine.

        :raises NotificationNotFoundError: when it is not one of the user's.
        """
        if not await self._database.execute(_READ_ONE, user_id, notification_id, self._clock.now()):
            raise NotificationNotFoundError

    async def read_all(self, user_id: UUID) -> int:
        """Mark everything as read that has come until now; return how many."""
        return await self._database.execute(_READ_ALL, user_id, self._clock.now())

    async def forget(self, *, older_than_days: int, limit: int = 1000) -> int:
        """Delete what is older and return how many. That somebody was told stays on record."""
        return await self._database.execute(_FORGET, older_than_days, limit)
