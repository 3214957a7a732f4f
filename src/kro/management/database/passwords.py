"""New passwords. Each ends the other sessions and changes of address under way in its own statement.

Whoever knew the old one is out at once, and what they began is over.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.verification.domain import REDEEM_CODE

# `credentials_changed_at` starts the rest of payouts and ends every link and code that was sent before.
_SET: Final = """
UPDATE users AS u
SET password_hash = $2, credentials_changed_at = now(), version = u.version + 1, updated_at = now()"""
_END_SESSIONS: Final = """
ended AS (
    UPDATE sessions AS s SET revoked_at = now(), revoke_reason = 'password_changed' FROM changed AS c
    WHERE s.user_id = c.id AND s.revoked_at IS NULL AND s.id IS DISTINCT FROM $4::uuid
), dropped AS (
    UPDATE contact_changes AS d SET status = 'stopped', settled_at = now() FROM changed AS c
    WHERE d.user_id = c.id AND d.status = 'open'
)
SELECT apply_decision($3::text::jsonb) FROM changed"""

_BY_CODE: Final = f"""
WITH {REDEEM_CODE}, changed AS (
    {_SET} FROM redeemed AS r
    WHERE u.id = r.user_id AND u.status = 'active' AND r.created_at > coalesce(u.credentials_changed_at, '-infinity')
    RETURNING u.id
), {_END_SESSIONS}"""

_BY_OWNER: Final = f"""
WITH changed AS (
    {_SET} WHERE u.id = $1 AND u.status = 'active' AND u.password_hash = coalesce($5, u.password_hash) RETURNING u.id
), {_END_SESSIONS}"""

_OWN: Final = """
SELECT password_hash, phone, email, first_name, last_name FROM users WHERE id = $1 AND status = 'active'"""


class PasswordStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self, user_id: UUID) -> tuple[str, tuple[str, ...]] | None:
        """Return the hash of an active user's password, and the words about them that must not be the next one."""
        row = await self._database.row(_OWN, user_id)
        if row is None:
            return None
        known = (row[name] or "" for name in ("phone", "email", "first_name", "last_name"))
        return row["password_hash"], tuple(known)

    async def set_by_code(self, challenge_id: UUID, *, password_hash: str, document: str) -> bool:
        """Redeem a challenge and set the password of whom it was sent to; ``False`` when either is too late."""
        return await self._database.row(_BY_CODE, challenge_id, password_hash, document, None) is not None

    async def set(
        self,
        user_id: UUID,
        *,
        password_hash: str,
        document: str,
        keep: UUID | None = None,
        instead_of: str | None = None,
    ) -> bool:
        """Set an active user's password and end all sessions but ``keep``.

        ``False`` when the account is not active, or its password is not ``instead_of`` any more.
        """
        row = await self._database.row(_BY_OWNER, user_id, password_hash, document, keep, instead_of)
        return row is not None
