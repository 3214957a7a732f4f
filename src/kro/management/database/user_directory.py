"""People, for admins: found, looked at, suspended, and written notes about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kro.core.auth.sessions import SessionView
from kro.core.auth.standing import Columns
from kro.core.database.pool import Database
from kro.core.paging import NEWEST, Position
from kro.management.database.user_records import UserFacts, UserFilter, UserNote, UserRecord

_COLUMNS: Final = "u.id, u.phone, u.email, u.first_name, u.last_name, u.status, u.kyc_tier, u.created_at"
# Each condition stands only when it is asked for, so that the planner sees which index serves.
_CONDITIONS: Final = {
    "id": "u.id = {value}::uuid",
    "phone": "u.phone = {value}::text",
    "email": "lower(u.email) = {value}::text",
    "name": "person_words(u.first_name, u.last_name) @@ person_search({value}::text)",
    "status": "u.status = {value}::text",
    "kyc_tier": "u.kyc_tier = {value}::smallint",
}

_READ: Final = f"SELECT {_COLUMNS} FROM users AS u WHERE u.id = $1"  # noqa: S608 - built from constants only

_FACTS: Final = """
SELECT (SELECT count(*) FROM user_notes AS n WHERE n.user_id = $1) AS notes,
       (SELECT count(*) FROM sessions AS s
        WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.expires_at > now()) AS sessions,
       orders_on_hold($1) AS orders_on_hold,
       (SELECT max(s.created_at) FROM sessions AS s WHERE s.user_id = $1 AND s.revoked_at IS NULL) AS last_login_at"""

# Sessions end with the account's standing, so that none of them is alive again when it is reinstated.
_CHANGE_STATUS: Final = """
WITH changed AS (
    UPDATE users SET status = $3, version = version + 1, updated_at = now()
    WHERE id = $1 AND status = $2 AND NOT is_same_person($4, id) RETURNING id
), ended AS (
    UPDATE sessions AS s SET revoked_at = now(), revoke_reason = $5 FROM changed AS c
    WHERE s.user_id = c.id AND s.revoked_at IS NULL RETURNING s.id
)
SELECT apply_decision($6::text::jsonb)::text, (SELECT count(*) FROM ended) AS ended FROM changed"""

_IS_SAME: Final = "SELECT is_same_person($1, $2)"

_SESSIONS: Final = f"""
SELECT {", ".join(f"s.{name}" for name in SessionView.__slots__)} FROM sessions AS s
WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.expires_at > now() ORDER BY s.last_used_at DESC LIMIT 100"""  # noqa: S608 - built from constants only

_END_SESSIONS: Final = """
WITH ended AS (
    UPDATE sessions SET revoked_at = now(), revoke_reason = 'ended_by_admin'
    WHERE user_id = $1 AND ($2::uuid IS NULL OR id = $2) AND revoked_at IS NULL AND expires_at > now() RETURNING id
), counted AS (SELECT count(*)::integer AS sessions FROM ended)
SELECT c.sessions, CASE WHEN c.sessions > 0 THEN apply_decision($3::text::jsonb)::text END FROM counted AS c"""

_NOTES: Final = """
SELECT n.id, n.user_id, n.admin_id, a.name AS admin_name, n.text, n.created_at
FROM user_notes AS n JOIN admins AS a ON a.id = n.admin_id
WHERE n.user_id = $1 AND (n.created_at, n.id) < ($2, $3) ORDER BY n.created_at DESC, n.id DESC LIMIT $4"""
_NOTE: Final = """
SELECT n.id, n.user_id, n.admin_id, a.name AS admin_name, n.text, n.created_at
FROM user_notes AS n JOIN admins AS a ON a.id = n.admin_id WHERE n.id = $1"""


class UserDirectory:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: UserFilter, *, before: Position | None, limit: int) -> Sequence[UserRecord]:
        """Return matching people, the newest accounts first, older than ``before``."""
        sql, values = directory_query(wanted, before=before, limit=limit)
        return [_record(row) for row in await self._database.rows(sql, *values)]

    async def read(self, user_id: UUID) -> UserRecord | None:
        row = await self._database.row(_READ, user_id)
        return None if row is None else _record(row)

    async def facts(self, user_id: UUID) -> UserFacts:
        row = await self._database.row(_FACTS, user_id)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        return UserFacts(**row)

    async def change_status(
        self, user_id: UUID, *, from_status: str, to_status: str, admin_id: UUID, ended_because: str, document: str
    ) -> int | None:
        """Change a status, end every session and write the decision with it; return how many sessions ended.

        ``None`` when the person is not in ``from_status``, or is the admin.
        """
        row = await self._database.row(
            _CHANGE_STATUS, user_id, from_status, to_status, admin_id, ended_because, document
        )
        return None if row is None else int(row["ended"])

    async def is_same_person(self, admin_id: UUID, user_id: UUID) -> bool:
        """Tell whether an admin is this user, as far as phone and mail show it."""
        return bool(await self._database.value(_IS_SAME, admin_id, user_id))

    async def sessions(self, user_id: UUID) -> Sequence[SessionView]:
        """Return where a person is logged in, at most 100 places."""
        return [SessionView(**row) for row in await self._database.rows(_SESSIONS, user_id)]

    async def end_sessions(self, user_id: UUID, session_id: UUID | None, *, document: str) -> int:
        """End one live session of a user or all of them, with the decision; return how many there were."""
        row = await self._database.row(_END_SESSIONS, user_id, session_id, document)
        assert row is not None  # noqa: S101 - a count always returns one row
        return int(row["sessions"])

    async def notes(self, user_id: UUID, *, before: Position | None, limit: int) -> Sequence[UserNote]:
        """Return what admins wrote about a person, the newest first."""
        start = before or NEWEST
        rows = await self._database.rows(_NOTES, user_id, start.created_at, start.id, limit)
        return [UserNote(**row) for row in rows]

    async def note(self, note_id: UUID) -> UserNote | None:
        row = await self._database.row(_NOTE, note_id)
        return None if row is None else UserNote(**row)


def directory_query(wanted: UserFilter, *, before: Position | None, limit: int) -> tuple[str, Sequence[object]]:
    """Return the text and the arguments of one page."""
    start = before or NEWEST
    values: list[object] = [start.created_at, start.id, limit]
    conditions = ["(u.created_at, u.id) < ($1, $2)"]
    for name, condition in _CONDITIONS.items():
        value = getattr(wanted, name)
        if value is not None:
            values.append(value)
            conditions.append(condition.format(value=f"${len(values)}"))
    sql = f"""
SELECT {_COLUMNS} FROM users AS u WHERE {" AND ".join(conditions)}
ORDER BY u.created_at DESC, u.id DESC LIMIT $3"""  # noqa: S608 - built from constants only
    return sql, values


def _record(row: Columns) -> UserRecord:
    return UserRecord(**{name: row[name] for name in UserRecord.__slots__})
