"""Changes of phone and mail address under way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.management.database.contact_records import ContactBasis, ContactChange
from kro.verification.domain import REDEEM_CODE

_TAKEN: Final = """
EXISTS (SELECT FROM users AS x WHERE x.id <> {user} AND ((x.phone = {value} AND x.status <> 'invited')
        OR (x.email = {value} AND x.email_verified_at IS NOT NULL)))"""

_LOAD: Final = f"""
SELECT u.phone, u.email, u.email_verified_at IS NOT NULL AS email_verified, u.password_hash,
       {_TAKEN.format(user="$1", value="$2")} AS taken
FROM users AS u WHERE u.id = $1 AND u.status = 'active'"""  # noqa: S608 - built from constants only

_START: Final = """
WITH replaced AS (
    UPDATE contact_changes SET status = 'replaced', settled_at = now()
    WHERE user_id = $1 AND kind = $2 AND status = 'open' RETURNING id
), counted AS (SELECT count(*) FROM replaced)
SELECT apply_decision($3::text::jsonb) FROM counted"""

_OPEN: Final = """
SELECT * FROM contact_changes WHERE user_id = $1 AND status = 'open' AND expires_at > now() ORDER BY id LIMIT 10"""
_FIND: Final = "SELECT * FROM contact_changes WHERE id = $1 AND user_id = $2 AND status = 'open' AND expires_at > now()"

# Once the new one is proven the change lives until it takes effect; a day more is for the worker to come round.
_PROVE: Final = f"""
WITH {REDEEM_CODE}
UPDATE contact_changes AS c
SET new_proven_at = CASE WHEN $4 THEN now() ELSE c.new_proven_at END,
    old_proven_at = CASE WHEN $4 THEN c.old_proven_at ELSE now() END,
    expires_at = CASE WHEN $4 THEN greatest(c.expires_at, c.takes_effect_at + interval '1 day') ELSE c.expires_at END
FROM redeemed WHERE c.id = $2 AND c.user_id = $3 AND c.status = 'open' AND c.expires_at > now()
RETURNING c.*"""  # noqa: S608 - built from constants only

# Somebody invited by the new number has no account yet and gets none by it: their orders lapse with the number.
_TAKE_EFFECT: Final = f"""
WITH settled AS (
    UPDATE contact_changes AS c SET status = 'done', settled_at = now()
    WHERE c.id = $1 AND c.status = 'open' AND c.new_proven_at IS NOT NULL
      AND (c.old_value IS NULL OR c.old_proven_at IS NOT NULL OR c.takes_effect_at <= now())
      AND NOT {_TAKEN.format(user="c.user_id", value="c.new_value")}
    RETURNING c.*
), freed AS (
    UPDATE users AS i SET phone = NULL, updated_at = now() FROM settled AS s
    WHERE i.phone = s.new_value AND i.status = 'invited' RETURNING i.id
), waited AS (SELECT count(*) FROM freed), moved AS (
    UPDATE users AS u
    SET phone = CASE s.kind WHEN 'phone' THEN s.new_value ELSE u.phone END,
        phone_verified_at = CASE s.kind WHEN 'phone' THEN now() ELSE u.phone_verified_at END,
        kyc_tier = CASE s.kind WHEN 'phone' THEN greatest(u.kyc_tier, 1) ELSE u.kyc_tier END,
        email = CASE s.kind WHEN 'email' THEN s.new_value ELSE u.email END,
        email_verified_at = CASE s.kind WHEN 'email' THEN now() ELSE u.email_verified_at END,
        credentials_changed_at = now(), version = u.version + 1, updated_at = now()
    FROM settled AS s, waited WHERE u.id = s.user_id AND u.status = 'active' RETURNING u.id
), ended AS (
    UPDATE sessions AS s SET revoked_at = now(), revoke_reason = 'contact_changed' FROM moved AS m
    WHERE s.user_id = m.id AND s.revoked_at IS NULL AND s.id IS DISTINCT FROM $2::uuid
)
SELECT apply_decision($3::text::jsonb) FROM moved"""  # noqa: S608 - built from constants only

_STOP: Final = """
WITH stopped AS (
    UPDATE contact_changes SET status = 'stopped', settled_at = now()
    WHERE id = $1 AND user_id = $2 AND status = 'open' RETURNING user_id
), ended AS (
    UPDATE sessions AS s SET revoked_at = now(), revoke_reason = 'change_stopped' FROM stopped AS t
    WHERE $4 AND s.user_id = t.user_id AND s.revoked_at IS NULL
)
SELECT apply_decision($3::text::jsonb) FROM stopped"""

_DUE: Final = """
SELECT * FROM contact_changes WHERE status = 'open' AND new_proven_at IS NOT NULL
  AND (takes_effect_at <= now() OR old_value IS NULL OR old_proven_at IS NOT NULL)
ORDER BY takes_effect_at LIMIT $1"""
_LAPSE: Final = "UPDATE contact_changes SET status = 'lapsed', settled_at = now() WHERE id = $1 AND status = 'open'"
_LAPSE_UNPROVEN: Final = """
UPDATE contact_changes SET status = 'lapsed', settled_at = now()
WHERE status = 'open' AND new_proven_at IS NULL AND expires_at <= now()"""


class ContactChangeStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, user_id: UUID, *, new_value: str) -> ContactBasis | None:
        row = await self._database.row(_LOAD, user_id, new_value)
        return ContactBasis(**row) if row is not None else None

    async def start(self, user_id: UUID, *, kind: str, document: str) -> None:
        """Write a change in place of the one of its kind that was under way."""
        await self._database.row(_START, user_id, kind, document)

    async def open_of(self, user_id: UUID) -> Sequence[ContactChange]:
        return [_change(row) for row in await self._database.rows(_OPEN, user_id)]

    async def find(self, change_id: UUID, *, user_id: UUID) -> ContactChange | None:
        row = await self._database.row(_FIND, change_id, user_id)
        return _change(row) if row is not None else None

    async def prove(self, change: ContactChange, *, challenge_id: UUID, new: bool) -> ContactChange | None:
        """Redeem a challenge for one side of a change; ``None`` when either is over."""
        row = await self._database.row(_PROVE, challenge_id, change.id, change.user_id, new)
        return _change(row) if row is not None else None

    async def take_effect(self, change_id: UUID, *, keep: UUID | None, document: str) -> bool:
        """Put the new one in place of the old; ``False`` when it is too early, over, or taken by somebody meanwhile."""
        return await self._database.row(_TAKE_EFFECT, change_id, keep, document) is not None

    async def stop(self, change_id: UUID, *, user_id: UUID, document: str, end_sessions: bool) -> bool:
        row = await self._database.row(_STOP, change_id, user_id, document, end_sessions)
        return row is not None

    async def due(self, *, limit: int) -> Sequence[ContactChange]:
        """Return changes nobody has objected to in time."""
        return [_change(row) for row in await self._database.rows(_DUE, limit)]

    async def lapse(self, change_id: UUID) -> None:
        await self._database.execute(_LAPSE, change_id)

    async def lapse_unproven(self) -> int:
        return await self._database.execute(_LAPSE_UNPROVEN)


def _change(row: Any) -> ContactChange:  # noqa: ANN401 - a driver row
    return ContactChange(**{name: row[name] for name in ContactChange.__slots__})
