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

# A frozen account is kept as it is: somebody on a list would want it forgotten.
_RELEASE: Final = """
WITH released AS (
    UPDATE users SET former_phone = phone, former_email = email, phone = NULL, email = NULL, email_verified_at = NULL,
                     version = version + 1, updated_at = now()
    WHERE id IN (SELECT id FROM users
                 WHERE closed_at < now() - $1::interval AND erased_at IS NULL AND status = 'closed'
                   AND num_nonnulls(legal_hold_at, frozen_at) = 0 AND (phone IS NOT NULL OR email IS NOT NULL)
                 LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING id
), read AS (
    DELETE FROM notifications AS n USING released AS r WHERE n.user_id = r.id
)
SELECT count(*) FROM released"""

# Orders, payments and journals name people by ids alone and stay as they are.
_ERASE: Final = """
WITH due AS (
    SELECT id, former_email FROM users
    WHERE closed_at < now() - $1::interval AND erased_at IS NULL AND status = 'closed'
      AND num_nonnulls(legal_hold_at, frozen_at) = 0
    LIMIT $2 FOR UPDATE SKIP LOCKED
), erased AS (
    UPDATE users AS u
    SET phone = NULL, email = NULL, email_verified_at = NULL, former_phone = NULL, former_email = NULL,
        first_name = 'Erased', last_name = 'Account', password_hash = '!', erased_at = now(),
        version = u.version + 1, updated_at = now()
    FROM due WHERE u.id = due.id RETURNING u.id
), mailboxes AS (
    DELETE FROM bad_addresses AS b USING due WHERE b.address = due.former_email
)
SELECT array_agg(id) FROM erased"""

# In this order, in the transaction that erases: what is append-only asks whether the account is erased already.
_AFTERWARDS: Final = (
    "UPDATE sessions SET ip = NULL, user_agent = NULL, country = NULL WHERE user_id = ANY($1)",
    """
UPDATE magic_link_logs SET ip = NULL, user_agent = NULL, country = NULL, used_ip = NULL, used_user_agent = NULL,
                           used_country = NULL
WHERE user_id = ANY($1)""",
    "UPDATE contact_changes SET old_value = NULL, new_value = NULL WHERE user_id = ANY($1)",
    """
UPDATE bank_accounts SET account_name = '', account_number_sealed = '', account_number_last4 = '',
                         account_number_index = id::text, removed_at = coalesce(removed_at, now())
WHERE user_id = ANY($1)""",
    """
UPDATE transactions SET destination = destination || '{"account_name": "", "account_number_sealed": "",
                                                       "account_number_last4": ""}'
WHERE user_id = ANY($1) AND kind = 'payout' AND destination IS NOT NULL""",
    "DELETE FROM payers WHERE payment_id IN (SELECT id FROM transactions WHERE user_id = ANY($1))",
    "DELETE FROM identity_checks WHERE user_id = ANY($1)",
    "DELETE FROM user_freezes WHERE user_id = ANY($1)",
    "DELETE FROM sanction_matches WHERE user_id = ANY($1)",
    "DELETE FROM user_notes WHERE user_id = ANY($1)",
    "DELETE FROM notifications WHERE user_id = ANY($1)",
    "DELETE FROM notification_preferences WHERE user_id = ANY($1)",
    """
UPDATE order_messages SET original = '', shown = '', version = version + 1
WHERE author_id = ANY($1) AND original <> ''
  AND order_id IN (SELECT id FROM orders WHERE buyer_id = ANY($1) OR seller_id = ANY($1))""",
)

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
        """Let go of numbers, addresses and inboxes of accounts closed so long ago; return of how many."""
        return int(await self._database.value(_RELEASE, after, limit))

    async def erase(self, *, after: timedelta, limit: int) -> int:
        """Erase what is personal about accounts closed so long ago, but for holds and freezes; return of how many."""
        async with self._database.connection() as connection, connection.transaction():
            erased: list[UUID] = await connection.fetchval(_ERASE, after, limit) or []
            for statement in _AFTERWARDS if erased else ():
                await connection.execute(statement, erased)
        return len(erased)

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
