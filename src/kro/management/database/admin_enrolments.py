"""Invitations of admins and new authenticators for them, found by the hash of their token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.core.two_factor.factor import MAX_FAILURES
from kro.management.database.user_factors import NewCodes

LIFE: Final = "interval '72 hours'"

_COLUMNS: Final = """
e.id, e.purpose, e.subject_id, e.email, e.name, e.role_code AS role, e.asked_by, e.agreed_by, e.reason, e.created_at,
e.expires_at, e.ended_at, e.end_reason"""
_LIST: Final = f"SELECT {_COLUMNS} FROM admin_enrolments AS e ORDER BY e.created_at DESC, e.id DESC LIMIT 500"  # noqa: S608 - built from constants only
_ONE: Final = f"SELECT {_COLUMNS} FROM admin_enrolments AS e WHERE e.id = $1"  # noqa: S608 - built from constants only

_INVITE: Final = f"""
WITH asked AS (
    INSERT INTO admin_enrolments (id, purpose, subject_id, email, name, role_code, asked_by, reason, token_hash,
                                  expires_at)
    SELECT $1, 'invite', $1, $2, $3, $4, $5, $6, $7, now() + {LIFE}
    WHERE NOT EXISTS (SELECT FROM admins WHERE email = $2)
    RETURNING id
)
SELECT apply_decision($8::text::jsonb) FROM asked"""  # noqa: S608 - built from constants only

_ASK_RESET: Final = f"""
WITH asked AS (
    INSERT INTO admin_enrolments (id, purpose, subject_id, email, name, role_code, asked_by, reason, expires_at)
    SELECT $1, 'reset', a.id, a.email, a.name, a.role_code, $3, $4, now() + {LIFE}
    FROM admins AS a WHERE a.id = $2 AND a.id <> $3 AND a.status = 'active'
      AND NOT EXISTS (SELECT FROM admin_enrolments AS o WHERE o.subject_id = a.id AND o.purpose = 'reset'
                      AND o.ended_at IS NULL AND o.expires_at > now())
    RETURNING id
)
SELECT apply_decision($5::text::jsonb) FROM asked"""  # noqa: S608 - built from constants only

# From here on the old authenticator, its recovery codes and every open session are worth nothing.
_AGREE: Final = f"""
WITH agreed AS (
    UPDATE admin_enrolments SET agreed_by = $2, token_hash = $3, expires_at = now() + {LIFE}
    WHERE id = $1 AND purpose = 'reset' AND agreed_by IS NULL AND ended_at IS NULL AND expires_at > now()
      AND asked_by <> $2 AND subject_id <> $2
    RETURNING subject_id
), off AS (
    UPDATE two_factor_admin AS f SET confirmed_at = NULL FROM agreed AS g WHERE f.admin_id = g.subject_id
), gone AS (
    DELETE FROM recovery_codes AS r USING agreed AS g WHERE r.admin_id = g.subject_id
), ended AS (
    UPDATE sessions AS s SET revoked_at = now(), revoke_reason = 'two_factor_reset' FROM agreed AS g
    WHERE s.admin_id = g.subject_id AND s.revoked_at IS NULL
)
SELECT apply_decision($4::text::jsonb) FROM agreed"""  # noqa: S608 - built from constants only

_REVOKE: Final = """
WITH ended AS (
    UPDATE admin_enrolments SET ended_at = now(), end_reason = 'revoked' WHERE id = $1 AND ended_at IS NULL RETURNING id
)
SELECT apply_decision($2::text::jsonb) FROM ended"""

# It counts only while whoever asked for it is still an admin.
_OPEN: Final = """
e.token_hash = $1 AND e.ended_at IS NULL AND e.expires_at > now()
AND EXISTS (SELECT FROM admins AS i WHERE i.id = e.asked_by AND i.status = 'active')"""
_LIVE: Final = f"""
SELECT {_COLUMNS}, a.password_hash FROM admin_enrolments AS e
LEFT JOIN admins AS a ON a.id = e.subject_id AND a.status = 'active'
WHERE {_OPEN} AND (e.purpose = 'invite' OR a.id IS NOT NULL)"""  # noqa: S608 - built from constants only
_START: Final = f"""
UPDATE admin_enrolments AS e SET password_hash = $2, secret_sealed = $3, tries = 0 WHERE {_OPEN} RETURNING e.id"""  # noqa: S608 - built from constants only
_COUNT_TRY: Final = f"""
UPDATE admin_enrolments AS e SET tries = e.tries + 1
WHERE {_OPEN} AND e.secret_sealed IS NOT NULL AND e.tries < $2 RETURNING e.subject_id, e.secret_sealed"""  # noqa: S608 - built from constants only
_FINISH: Final = f"""
WITH ended AS (
    UPDATE admin_enrolments AS e SET ended_at = now(), end_reason = 'accepted'
    WHERE {_OPEN} AND e.secret_sealed = $2 RETURNING e.*
), made AS (
    INSERT INTO admins (id, email, name, password_hash, status, role_code)
    SELECT n.subject_id, n.email, n.name, n.password_hash, 'active', n.role_code FROM ended AS n
    WHERE n.purpose = 'invite'
), kept AS (
    INSERT INTO two_factor_admin AS f (admin_id, secret_sealed, confirmed_at, last_used_step)
    SELECT n.subject_id, n.secret_sealed, now(), $3 FROM ended AS n
    ON CONFLICT (admin_id) DO UPDATE
        SET (secret_sealed, confirmed_at, last_used_step, failures, locked_until)
            = (excluded.secret_sealed, excluded.confirmed_at, excluded.last_used_step, 0, NULL)
    RETURNING f.admin_id
), drawn AS (
    INSERT INTO recovery_codes (id, admin_id, code_mac)
    SELECT c.id, k.admin_id, c.mac FROM kept AS k, unnest($4::uuid[], $5::bytea[]) AS c (id, mac)
)
SELECT apply_decision($6::text::jsonb) FROM kept"""  # noqa: S608 - built from constants only


@dataclass(frozen=True, slots=True)
class Enrolment:
    """``subject_id`` is the admin it is about, or the one it will make."""

    id: UUID
    purpose: str
    subject_id: UUID
    email: str = field(repr=False)
    name: str
    role: str
    asked_by: UUID
    agreed_by: UUID | None
    reason: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class NewInvite:
    id: UUID
    email: str = field(repr=False)
    name: str
    role: str
    reason: str
    digest: bytes = field(repr=False)


class AdminEnrolmentStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_all(self) -> Sequence[Enrolment]:
        return [Enrolment(**row) for row in await self._database.rows(_LIST)]

    async def find(self, enrolment_id: UUID) -> Enrolment | None:
        row = await self._database.row(_ONE, enrolment_id)
        return Enrolment(**row) if row is not None else None

    async def invite(self, new: NewInvite, *, by: UUID, record: str) -> bool:
        """Write an invitation; ``False`` when the address has an admin."""
        row = await self._database.row(
            _INVITE, new.id, new.email, new.name, new.role, by, new.reason, new.digest, record
        )
        return row is not None

    async def ask_reset(self, enrolment_id: UUID, *, admin_id: UUID, by: UUID, reason: str, record: str) -> bool:
        """Ask for a new authenticator for another active admin; ``False`` when there is none or it is asked for."""
        return await self._database.row(_ASK_RESET, enrolment_id, admin_id, by, reason, record) is not None

    async def agree(self, enrolment_id: UUID, *, by: UUID, digest: bytes, record: str) -> bool:
        """Agree as the second person; ``False`` unless it waits for one, who neither asked nor is whom it is about."""
        return await self._database.row(_AGREE, enrolment_id, by, digest, record) is not None

    async def revoke(self, enrolment_id: UUID, *, record: str) -> bool:
        return await self._database.row(_REVOKE, enrolment_id, record) is not None

    async def live(self, digest: bytes) -> tuple[Enrolment, str | None] | None:
        """Return what a token opens, and the present password's hash where there is an admin already."""
        row = await self._database.row(_LIVE, digest)
        if row is None:
            return None
        columns = {name: row[name] for name in Enrolment.__slots__}
        return Enrolment(**columns), row["password_hash"]

    async def start(self, digest: bytes, *, password_hash: str | None, sealed: str) -> bool:
        return await self._database.row(_START, digest, password_hash, sealed) is not None

    async def count_try(self, digest: bytes) -> tuple[UUID, str] | None:
        """Count a try to confirm and return whose authenticator it is, and its sealed secret."""
        row = await self._database.row(_COUNT_TRY, digest, MAX_FAILURES)
        return (row["subject_id"], row["secret_sealed"]) if row is not None else None

    async def finish(self, digest: bytes, *, sealed: str, step: int, codes: NewCodes, record: str) -> bool:
        """Make the admin, or give them the new authenticator, spend the code's step and keep the recovery codes."""
        return await self._database.row(_FINISH, digest, sealed, step, codes.ids, codes.macs, record) is not None
