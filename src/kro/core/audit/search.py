from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.audit.canonical import Columns
from kro.core.database.pool import Database
from kro.core.paging import NEWEST, Position

# Each condition stands only when it is asked for, so that the planner sees which index serves.
_CONDITIONS: Final = {
    "actor_id": "a.actor_id = {value}::uuid",
    "actor_kind": "a.actor_kind = {value}::text",
    "action": "a.action = {value}::text",
    "target_type": "a.target_type = {value}::text",
    "target_id": "a.target_id = {value}::uuid",
    "result": "a.result = {value}::text",
    "request_id": "a.request_id = {value}::text",
    "ip": "a.ip = {value}::text",
}


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to find; everything that is given must match. ``since`` is included, ``until`` is not."""

    since: datetime
    until: datetime
    actor_id: UUID | None = None
    actor_kind: str | None = None
    action: str | None = None
    target_type: str | None = None
    target_id: UUID | None = None
    result: str | None = None
    request_id: str | None = None
    ip: str | None = None

    def scope(self) -> dict[str, str | None]:
        """Return the filters as texts: for a cursor's scope, and for the row that tells of the search."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            **{name: None if (value := getattr(self, name)) is None else str(value) for name in _CONDITIONS},
        }


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A row of the audit log; ``position`` is its place in the chain once it is sealed."""

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    session_id: UUID | None
    action: str
    target_type: str
    target_id: UUID | None
    result: str
    reason: str | None
    detail: dict[str, Any]
    request_id: str | None
    ip: str | None
    position: int | None


# Either index gives its newest rows in order; a row about oneself is in both.
_INVOLVING: Final = """
SELECT f.*, s.position FROM (
    SELECT DISTINCT ON (e.at, e.id) e.* FROM (
        (SELECT a.* FROM audit_log AS a WHERE a.actor_id = $1 AND (a.at, a.id) < ($2, $3)
         ORDER BY a.at DESC, a.id DESC LIMIT $4)
        UNION ALL
        (SELECT a.* FROM audit_log AS a WHERE a.target_id = $1 AND (a.at, a.id) < ($2, $3)
         ORDER BY a.at DESC, a.id DESC LIMIT $4)) AS e
    ORDER BY e.at DESC, e.id DESC LIMIT $4) AS f
LEFT JOIN audit_seals AS s ON s.audit_id = f.id ORDER BY f.at DESC, f.id DESC"""


class AuditSearch:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: AuditFilter, *, before: Position | None, limit: int) -> Sequence[AuditEntry]:
        """Return matching rows, newest first, older than ``before``."""
        sql, values = search_query(wanted, before=before, limit=limit)
        return [_entry(row) for row in await self._database.rows(sql, *values)]

    async def involving(self, principal_id: UUID, *, before: Position | None, limit: int) -> Sequence[AuditEntry]:
        """Return what somebody did and what was done to them, newest first, older than ``before``."""
        start = before or NEWEST
        rows = await self._database.rows(_INVOLVING, principal_id, start.created_at, start.id, limit)
        return [_entry(row) for row in rows]


def search_query(wanted: AuditFilter, *, before: Position | None, limit: int) -> tuple[str, Sequence[object]]:
    """Return the text and the arguments of one page."""
    start = before or NEWEST
    values: list[object] = [wanted.since, wanted.until, start.created_at, start.id, limit]
    conditions = ["a.at >= $1", "a.at < $2", "(a.at, a.id) < ($3, $4)"]
    for name, condition in _CONDITIONS.items():
        value = getattr(wanted, name)
        if value is not None:
            values.append(value)
            conditions.append(condition.format(value=f"${len(values)}"))
    sql = f"""
SELECT f.*, s.position FROM (
    SELECT a.* FROM audit_log AS a WHERE {" AND ".join(conditions)} ORDER BY a.at DESC, a.id DESC LIMIT $5) AS f
LEFT JOIN audit_seals AS s ON s.audit_id = f.id ORDER BY f.at DESC, f.id DESC"""  # noqa: S608 - built from constants only
    return sql, values


def _entry(row: Columns) -> AuditEntry:
    return AuditEntry(**{name: row[name] for name in AuditEntry.__slots__})
