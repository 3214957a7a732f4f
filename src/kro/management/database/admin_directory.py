"""Admins in the hands of those who may manage them. Every change ends the sessions of whom it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database

_COLUMNS: Final = """
a.id, a.email, a.name, a.status, a.role_code AS role, a.created_at,
EXISTS (SELECT FROM two_factor_admin AS f WHERE f.admin_id = a.id AND f.confirmed_at IS NOT NULL) AS has_factor,
(SELECT count(*) FROM recovery_codes AS r WHERE r.admin_id = a.id AND r.used_at IS NULL) AS codes_left"""
_LIST: Final = f"SELECT {_COLUMNS} FROM admins AS a ORDER BY a.created_at DESC, a.id DESC LIMIT 500"  # noqa: S608 - built from constants only
_ONE: Final = f"SELECT {_COLUMNS} FROM admins AS a WHERE a.id = $1"  # noqa: S608 - built from constants only

# Whoever changes an admin has to be an active super admin at this very moment, and somebody else: so one always stays.
# The lock, taken in one order by all, makes two who would remove each other take turns: the second is removed by then.
_SUPERS: Final = """
supers AS (SELECT id FROM admins WHERE role_code = 'super' AND status = 'active' ORDER BY id FOR UPDATE)"""
_MAY: Final = "a.id = $1 AND a.id <> $2 AND (SELECT count(*) FILTER (WHERE s.id = $2) FROM supers AS s) = 1"
_END: Final = """
ended AS (
    UPDATE sessions AS s SET revoked_at = now(), revoke_reason = 'admin_changed' FROM changed AS c
    WHERE s.admin_id = c.id AND s.revoked_at IS NULL
)
SELECT apply_decision($3::text::jsonb) FROM changed"""
_SET_STATUS: Final = f"""
WITH {_SUPERS}, changed AS (
    UPDATE admins AS a SET status = $4 WHERE {_MAY} AND a.status <> $4 RETURNING a.id
), {_END}"""  # noqa: S608 - built from constants only
_SET_ROLE: Final = f"""
WITH {_SUPERS}, changed AS (
    UPDATE admins AS a SET role_code = $4
    WHERE {_MAY} AND a.role_code <> $4 AND EXISTS (SELECT FROM user_roles WHERE code = $4 AND audience = 'admin')
    RETURNING a.id
), {_END}"""  # noqa: S608 - built from constants only


@dataclass(frozen=True, slots=True)
class AdminRecord:
    """An admin as those see them who manage admins."""

    id: UUID
    email: str = field(repr=False)
    name: str
    status: str
    role: str
    created_at: datetime
    has_factor: bool
    codes_left: int


class AdminDirectory:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_all(self) -> Sequence[AdminRecord]:
        """Return the admins, the newest first; there are at most a few hundred."""
        return [AdminRecord(**row) for row in await self._database.rows(_LIST)]

    async def find(self, admin_id: UUID) -> AdminRecord | None:
        row = await self._database.row(_ONE, admin_id)
        return AdminRecord(**row) if row is not None else None

    async def set_status(self, admin_id: UUID, status: str, *, by: UUID, record: str) -> bool:
        """Suspend or reinstate somebody else; ``False`` when it is so already, or the actor may not any more."""
        return await self._database.row(_SET_STATUS, admin_id, by, record, status) is not None

    async def set_role(self, admin_id: UUID, role: str, *, by: UUID, record: str) -> bool:
        """Change somebody else's role; ``False`` when it is that already, or the actor may not any more."""
        return await self._database.row(_SET_ROLE, admin_id, by, record, role) is not None
