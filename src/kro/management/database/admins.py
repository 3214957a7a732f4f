"""Admins: entered by password and second factor together."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.actor import SessionEndedError
from kro.core.auth.refresh import RefreshToken
from kro.core.auth.sessions import Client, SessionPolicy
from kro.core.auth.standing import Columns
from kro.core.database.pool import Database
from kro.management.database.records import AdminView, Credentials

_COLUMNS: Final = "a.id, a.email, a.name, a.role_code AS role, r.permissions"
_JOINED: Final = "admins AS a JOIN user_roles AS r ON r.code = a.role_code"

_CREDENTIALS: Final = "SELECT id, status, password_hash FROM admins WHERE email = $1"
_VIEW: Final = f"SELECT {_COLUMNS} FROM {_JOINED} WHERE a.id = $1"  # noqa: S608 - built from constants only

# The code is spent and the session opened together: of two logins with one code, one finds its step taken.
_OPEN_SESSION: Final = f"""
WITH spent AS (
    UPDATE two_factor_admin SET last_used_step = $3, failures = 0
    WHERE admin_id = $1 AND confirmed_at IS NOT NULL AND last_used_step < $3 RETURNING admin_id
), recovered AS (
    UPDATE recovery_codes SET used_at = now() WHERE admin_id = $1 AND code_mac = $12 AND used_at IS NULL
    RETURNING admin_id
), holder AS (
    SELECT {_COLUMNS} FROM {_JOINED}
    JOIN (SELECT admin_id FROM spent UNION SELECT admin_id FROM recovered) AS s ON s.admin_id = a.id
    WHERE a.status = 'active' AND a.password_hash = $2
), renewed AS (
    UPDATE admins AS x SET password_hash = $4 FROM holder AS h WHERE x.id = h.id AND $4::text IS NOT NULL
), opened AS (
    INSERT INTO sessions (id, audience, admin_id, refresh_hash, ip, user_agent, expires_at, country)
    SELECT $5, 'admin', h.id, $6, $7, $8, now() + $9::interval, $11 FROM holder AS h RETURNING admin_id
)
SELECT h.*, apply_decision($10::text::jsonb)::text FROM holder AS h JOIN opened AS o ON o.admin_id = h.id"""  # noqa: S608 - built from constants only

_SEED: Final = """
INSERT INTO admins (id, email, name, password_hash, status, role_code) VALUES ($1, $2, $3, $4, 'active', $5)
ON CONFLICT (email) DO NOTHING"""


class AdminAccounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def credentials(self, email: str) -> Credentials | None:
        row = await self._database.row(_CREDENTIALS, email)
        return Credentials(**row) if row is not None else None

    async def open_session(
        self,
        credentials: Credentials,
        *,
        step: int | None,
        token: RefreshToken,
        policy: SessionPolicy,
        client: Client,
        renewed_hash: str | None,
        record: str,
        recovery_mac: bytes | None = None,
    ) -> AdminView | None:
        """Use up the step or the recovery code and open a session; ``None`` when it or the credentials are gone."""
        row = await self._database.row(
            _OPEN_SESSION,
            credentials.id,
            credentials.password_hash,
            step,
            renewed_hash,
            token.session_id,
            token.digest,
            client.ip,
            client.user_agent,
            policy.first_life,
            record,
            client.country,
            recovery_mac,
        )
        return _view(row) if row is not None else None

    async def view(self, admin_id: UUID) -> AdminView:
        """Load an admin whose standing was just checked."""
        return _view(await self._database.row(_VIEW, admin_id))

    async def seed(self, *, admin_id: UUID, email: str, name: str, password_hash: str, role: str) -> UUID:
        """Write an active admin unless the address has one; return whose it is."""
        await self._database.execute(_SEED, admin_id, email, name, password_hash, role)
        found = await self.credentials(email)
        return found.id if found is not None else admin_id


def _view(row: Columns | None) -> AdminView:
    if row is None:
        raise SessionEndedError
    return AdminView(
        id=row["id"], email=row["email"], name=row["name"], role=row["role"], permissions=tuple(row["permissions"])
    )
