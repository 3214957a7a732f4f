"""What people choose to hear, kept: one row for whoever has chosen anything."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import IdSource
from kro.core.notices import Preferences
from kro.core.notifications.person import preferences_of

_READ: Final = "SELECT language, muted, quiet_from, quiet_until FROM notification_preferences WHERE user_id = $1"
_PUT: Final = """
WITH put AS (
    INSERT INTO notification_preferences AS p (user_id, language, muted, quiet_from, quiet_until, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (user_id) DO UPDATE
    SET language = excluded.language, muted = excluded.muted, quiet_from = excluded.quiet_from,
        quiet_until = excluded.quiet_until, updated_at = excluded.updated_at
    WHERE (p.language, p.muted, p.quiet_from, p.quiet_until)
        IS DISTINCT FROM (excluded.language, excluded.muted, excluded.quiet_from, excluded.quiet_until)
    RETURNING user_id)
INSERT INTO audit_log (id, actor_kind, actor_id, session_id, action, target_type, target_id, result, detail, request_id,
                       ip)
SELECT $7, 'user', $1, $8, 'user.notification_preferences_changed', 'user', put.user_id, 'done',
       jsonb_build_object('language', $2::text, 'muted', $3::text[]), $9, $10
FROM put"""


class PreferenceLockedError(KroError):
    """What is about security, money or a deadline cannot be switched off."""

    kind = ErrorKind.INVALID
    code = "preference_locked"


class PreferenceStore:
    def __init__(self, database: Database, *, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    async def read(self, user_id: UUID) -> Preferences:
        """Return what a user chose, or what holds for everybody else."""
        row = await self._database.row(_READ, user_id)
        return Preferences() if row is None else preferences_of(dict(row))

    async def put(self, preferences: Preferences, *, actor: Actor) -> None:
        """Keep what a user chose instead of what they chose before; a change leaves an audit row."""
        quiet = preferences.quiet
        await self._database.execute(
            _PUT,
            actor.id,
            preferences.language,
            sorted(f"{group}.{channel}" for group, channel in preferences.muted),
            quiet.start if quiet else None,
            quiet.end if quiet else None,
            self._clock.now(),
            self._ids.new(),
            actor.session_id,
            actor.request_id,
            actor.ip,
        )
