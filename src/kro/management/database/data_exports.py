"""Copies of everything about a person. Each section names its columns, so that a new one never leaks by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kro.core.database.pool import Database

MAX_ROWS: Final = 50_000
"""The most of one section; nobody has more, and one statement stays within its time."""

# One statement per section, each by an index of its owner. Secrets, sealed values and what others wrote are left out.
_SECTIONS: Final = {
    "profile": "SELECT id, phone, email, email_verified_at, phone_verified_at, first_name, last_name, status, "
    "kyc_tier, created_at, updated_at, credentials_changed_at FROM users WHERE id = $1",
    "sessions": "SELECT created_at, last_used_at, expires_at, revoked_at, revoke_reason, ip, user_agent, country "
    "FROM sessions WHERE user_id = $1",
    "links": "SELECT purpose, channel, created_at, used_at, ip, user_agent, country, used_ip, used_user_agent "
    "FROM magic_link_logs WHERE user_id = $1",
    "contact_changes": "SELECT kind, old_value, new_value, status, created_at, settled_at "
    "FROM contact_changes WHERE user_id = $1",
    "bank_accounts": "SELECT bank_code, bank_name, account_number_last4, account_name, currency, created_at, "
    "removed_at FROM bank_accounts WHERE user_id = $1",
    "orders": "SELECT id, CASE WHEN buyer_id = $1 THEN 'buyer' ELSE 'seller' END AS role, status, order_type, title, "
    "description, currency, amount, created_at, ended_at FROM orders WHERE buyer_id = $1 OR seller_id = $1",
    "payments": "SELECT id, order_id, provider, reference, currency, amount, fee, status, created_at, settled_at "
    "FROM transactions WHERE user_id = $1 AND kind = 'payment'",
    "payouts": "SELECT id, provider, reference, currency, amount, fee, status, created_at, settled_at, "
    "destination ->> 'bank_name' AS bank, destination ->> 'account_number_last4' AS account_number_last4 "
    "FROM transactions WHERE user_id = $1 AND kind = 'payout'",
    "refunds": "SELECT id, order_id, currency, amount, destination, status, reason, created_at, processed_at "
    "FROM refunds WHERE user_id = $1",
    "messages_written": "SELECT order_id, original AS text, created_at FROM order_messages WHERE author_id = $1",
    "evidence_handed_in": "SELECT order_id, file_name, content_type, size_bytes, created_at "
    "FROM evidence WHERE uploaded_by = $1",
    "notices": "SELECT template, title, body, created_at, read_at FROM notifications WHERE user_id = $1",
    "consents": "SELECT purpose, text_version, given_at, ip FROM consents WHERE user_id = $1",
    "identity_checks": "SELECT kind, status, last4, first_name, last_name, decided_at "
    "FROM identity_checks WHERE user_id = $1",
    "blocked_people": "SELECT blocked_id, created_at FROM user_blocks WHERE user_id = $1",
    "what_was_done": "SELECT at, action, target_type, target_id, result, ip FROM audit_log "
    "WHERE actor_kind = 'user' AND actor_id = $1",
}

_REQUEST: Final = """
WITH requested AS (
    INSERT INTO data_exports (id, user_id, status, requested_at, expires_at)
    VALUES ($1, $2, 'pending', now(), now() + interval '1 day') RETURNING id
)
SELECT apply_decision($3::text::jsonb) FROM requested"""
_LIST: Final = """
SELECT id, status, object_key, size_bytes, requested_at, ready_at, expires_at FROM data_exports
WHERE user_id = $1 ORDER BY requested_at DESC, id DESC LIMIT 20"""
_FIND: Final = """
SELECT id, status, object_key, size_bytes, requested_at, ready_at, expires_at FROM data_exports
WHERE id = $1 AND user_id = $2"""
_PENDING: Final = """
SELECT e.user_id FROM data_exports AS e JOIN users AS u ON u.id = e.user_id
WHERE e.id = $1 AND e.status = 'pending' AND u.status = 'active'"""
_READY: Final = """
WITH ready AS (
    UPDATE data_exports SET status = 'ready', object_key = $2, size_bytes = $3, ready_at = now(),
                            expires_at = now() + $4::interval
    WHERE id = $1 AND status = 'pending' RETURNING id
)
SELECT apply_decision($5::text::jsonb) FROM ready"""
_EXPIRED: Final = """
SELECT id, object_key FROM data_exports WHERE status <> 'expired' AND expires_at <= now()
ORDER BY expires_at LIMIT $1"""
_EXPIRE: Final = "UPDATE data_exports SET status = 'expired', object_key = NULL WHERE id = $1"


@dataclass(frozen=True, slots=True)
class DataExport:
    id: UUID
    status: str
    object_key: str | None = field(repr=False)
    size_bytes: int | None
    requested_at: datetime
    ready_at: datetime | None
    expires_at: datetime


class DataExportStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def request(self, export_id: UUID, *, user_id: UUID, document: str) -> None:
        """Write a request and the message that has it built."""
        await self._database.row(_REQUEST, export_id, user_id, document)

    async def list_of(self, user_id: UUID) -> Sequence[DataExport]:
        return [DataExport(**row) for row in await self._database.rows(_LIST, user_id)]

    async def find(self, export_id: UUID, *, user_id: UUID) -> DataExport | None:
        row = await self._database.row(_FIND, export_id, user_id)
        return DataExport(**row) if row is not None else None

    async def pending(self, export_id: UUID) -> UUID | None:
        """Return whose copy is to be built; ``None`` when it was built, or its owner is gone."""
        found: UUID | None = await self._database.value(_PENDING, export_id)
        return found

    async def everything_about(self, user_id: UUID) -> dict[str, list[dict[str, Any]]]:
        """Return what is kept about a person, section by section."""
        return {
            name: [dict(row) for row in await self._database.rows(f"{section} LIMIT {MAX_ROWS}", user_id)]
            for name, section in _SECTIONS.items()
        }

    async def ready(self, export_id: UUID, *, key: str, size: int, kept: timedelta, document: str) -> bool:
        return await self._database.row(_READY, export_id, key, size, kept, document) is not None

    async def record(self, document: str) -> None:
        """Write an audit row that rides in nothing else."""
        await self._database.apply(document)

    async def expired(self, *, limit: int) -> Sequence[tuple[UUID, str | None]]:
        return [(row["id"], row["object_key"]) for row in await self._database.rows(_EXPIRED, limit)]

    async def expire(self, export_id: UUID) -> None:
        await self._database.execute(_EXPIRE, export_id)
