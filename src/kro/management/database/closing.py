"""Accounts that end: closed by their owner, let go of by the calendar, erased when no law asks for them any more."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database

_LOAD: Final = """
SELECT password_hash, account_obligations(id) AS obligations FROM users WHERE id = $1 AND status = 'active'"""

# What stands in the way is looked at once more in the statement that closes.
_CLOSE: Final = """
WITH closed AS (
    UPDATE users SET status = 'closed', closed_at = now(), version = version + 1, updated_at = now()
    WHERE id = $1 AND status = 'active' AND password_hash = $2 AND account_obligations(id) = '{}'::jsonb RETURNING id
), ended AS (
    UPDATE sessions AS s SET revoked_at = now(), revoke_reason = 'account_closed' FROM closed AS c
    WHERE s.user_id = c.id AND s.revoked_at IS NULL
), stopped AS (
    UPDATE contact_changes AS d SET status = 'stopped', settled_at = now() FROM closed AS c
    WHERE d.user_id = c.id AND d.status = 'open'
)
SELECT apply_decision($3::text::jsonb) FROM closed"""

_RELEASE: Final = """
UPDATE users SET former_phone = phone, former_email = email, phone = NULL, email = NULL, email_verified_at = NULL,
                 version = version + 1, updated_at = now()
WHERE id IN (SELECT id FROM users
             WHERE closed_at < now() - $1::interval AND erased_at IS NULL AND status = 'closed'
               AND legal_hold_at IS NULL AND (phone IS NOT NULL OR email IS NOT NULL)
             LIMIT $2 FOR UPDATE SKIP LOCKED)"""

# Orders, payments and journals name people by ids alone and stay as they are.
_ERASE: Final = """
WITH due AS (
    SELECT id FROM users
    WHERE closed_at < now() - $1::interval AND erased_at IS NULL AND status = 'closed' AND legal_hold_at IS NULL
    LIMIT $2 FOR UPDATE SKIP LOCKED
), erased AS (
    UPDATE users AS u
    SET phone = NULL, email = NULL, email_verified_at = NULL, former_phone = NULL, former_email = NULL,
        first_name = 'Erased', last_name = 'Account', password_hash = '!', erased_at = now(),
        version = u.version + 1, updated_at = now()
    FROM due WHERE u.id = due.id RETURNING u.id
), devices AS (
    UPDATE sessions AS s SET ip = NULL, user_agent = NULL, country = NULL FROM erased AS e WHERE s.user_id = e.id
), links AS (
    UPDATE magic_link_logs AS m SET ip = NULL, user_agent = NULL, country = NULL, used_ip = NULL,
                                    used_user_agent = NULL, used_country = NULL
    FROM erased AS e WHERE m.user_id = e.id
), contacts AS (
    UPDATE contact_changes AS c SET old_value = NULL, new_value = NULL FROM erased AS e WHERE c.user_id = e.id
), banks AS (
    UPDATE bank_accounts AS b
    SET account_name = '', account_number_sealed = '', account_number_last4 = '', account_number_index = b.id::text,
        removed_at = coalesce(b.removed_at, now())
    FROM erased AS e WHERE b.user_id = e.id
)
SELECT count(*) FROM erased"""

_ERASE_INVITED: Final = """
UPDATE users SET phone = NULL, email = NULL, first_name = 'Erased', last_name = 'Account', password_hash = '!',
                 status = 'closed', closed_at = now(), erased_at = now(), version = version + 1, updated_at = now()
WHERE id IN (
    SELECT u.id FROM users AS u
    WHERE u.status = 'invited' AND u.updated_at < now() - $1::interval AND u.legal_hold_at IS NULL
      AND NOT EXISTS (SELECT FROM orders AS o WHERE (o.buyer_id = u.id OR o.seller_id = u.id)
                      AND (o.ended_at IS NULL OR o.ended_at > now() - $1::interval))
    LIMIT $2 FOR UPDATE OF u SKIP LOCKED)"""

_HOLD: Final = """
WITH held AS (
    UPDATE users SET legal_hold_at = CASE WHEN $2 THEN coalesce(legal_hold_at, now()) END
    WHERE id = $1 AND (legal_hold_at IS NULL) = $2 AND erased_at IS NULL RETURNING id
)
SELECT apply_decision($3::text::jsonb) FROM held"""
_HELD: Final = "SELECT legal_hold_at IS NOT NULL FROM users WHERE id = $1 AND erased_at IS NULL"


@dataclass(frozen=True, slots=True)
class ClosingBasis:
    """``obligations`` counts what stands in the way, by reason."""

    password_hash: str = field(repr=False)
    obligations: dict[str, int]


class ClosingStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, user_id: UUID) -> ClosingBasis | None:
        row = await self._database.row(_LOAD, user_id)
        return ClosingBasis(**row) if row is not None else None

    async def close(self, user_id: UUID, *, password_hash: str, document: str) -> bool:
        """Close an active account in whose way nothing stands, and end its sessions."""
        return await self._database.row(_CLOSE, user_id, password_hash, document) is not None

    async def release(self, *, after: timedelta, limit: int) -> int:
        """Let go of the numbers and addresses of accounts closed so long ago; return of how many."""
        return await self._database.execute(_RELEASE, after, limit)

    async def erase(self, *, after: timedelta, limit: int) -> int:
        """Erase what is personal about accounts closed so long ago, but for legal holds; return of how many."""
        return int(await self._database.value(_ERASE, after, limit))

    async def erase_invited(self, *, after: timedelta, limit: int) -> int:
        """Erase the numbers of people who were invited, never came, and have had no order for so long."""
        return await self._database.execute(_ERASE_INVITED, after, limit)

    async def hold(self, user_id: UUID, *, placed: bool, document: str) -> bool:
        """Place or lift a legal hold; ``False`` when it is so already, or there is nobody."""
        return await self._database.row(_HOLD, user_id, placed, document) is not None

    async def is_held(self, user_id: UUID) -> bool | None:
        """Say whether a person is under a legal hold; ``None`` when there is nobody to hold."""
        held: bool | None = await self._database.value(_HELD, user_id)
        return held
