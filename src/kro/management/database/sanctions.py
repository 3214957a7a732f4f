"""Sanctions in SQL: lists coming in, candidates by the sound of names, matches and freezes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from kro.core.actor import Actor
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.core.paging import Position
from kro.core.sanctions import Entry, Listed, ListFormat, name_keys
from kro.management.database.identity_checks import read_check
from kro.management.database.sanction_records import (
    Freeze,
    FreezeState,
    MatchFile,
    MatchState,
    MatchStatus,
    SanctionList,
    SanctionMatch,
    ScreenedUser,
)

_BATCH: Final = 2_000
_CANDIDATES: Final = 200

_ADD_LIST: Final = """
INSERT INTO sanction_lists (id, code, format, sha256, status, entries, names, unreadable, problems, imported_at,
                            imported_by)
VALUES ($1, $2, $3, $4, 'loading', $5, $6, $7, $8::json, $9, $10)"""

_ADD_NAMES: Final = """
INSERT INTO sanction_names (list_id, entry_ref, name, keys, born)
SELECT $1, n.ref, n.name, n.keys, n.born
FROM jsonb_to_recordset($2::jsonb) AS n (ref text, name text, keys text[], born text[])"""

# The new list takes the place of the old one in one statement, with the trace of who imported it.
_ACTIVATE: Final = """
WITH old AS (
    UPDATE sanction_lists SET status = 'superseded' WHERE code = $2 AND status = 'active' AND id <> $1 RETURNING id
), gone AS (
    DELETE FROM sanction_names AS n USING old WHERE n.list_id = old.id
)
SELECT apply_decision($3::text::jsonb), (SELECT count(*) FROM old)"""
_IN_FORCE: Final = """
SELECT * FROM sanction_lists WHERE code = $1 AND format = $2 AND sha256 = $3 AND status = 'active'"""

# What an import has left that was not needed after all, or died a day ago or more.
_CLEAR: Final = """
WITH left_over AS (
    UPDATE sanction_lists SET status = 'superseded'
    WHERE status = 'loading' AND (id = $1 OR imported_at < now() - interval '1 day') RETURNING id
)
DELETE FROM sanction_names AS n USING left_over AS l WHERE n.list_id = l.id"""
_RAISE: Final = "UPDATE sanction_lists SET status = 'active' WHERE id = $1"

_CANDIDATES_OF: Final = """
SELECT n.list_id, l.code, n.entry_ref, n.name, n.born
FROM sanction_names AS n JOIN sanction_lists AS l ON l.id = n.list_id AND l.status = 'active'
WHERE n.keys && $1::text[]
ORDER BY (SELECT count(*) FROM unnest(n.keys) AS k WHERE k = ANY($1::text[])) DESC, n.id LIMIT $2"""

_PERSON: Final = """
SELECT u.id, u.version, u.first_name || ' ' || u.last_name AS name, u.frozen_at IS NOT NULL AS is_frozen,
       (SELECT array_agg(DISTINCT b.account_name) FROM bank_accounts AS b
        WHERE b.user_id = u.id AND b.removed_at IS NULL) AS account_names,
       (SELECT row_to_json(c) FROM identity_checks AS c
        WHERE c.user_id = u.id AND c.status = 'verified' ORDER BY c.decided_at DESC LIMIT 1) AS verified,
       (SELECT json_agg(m) FROM sanction_matches AS m WHERE m.user_id = u.id) AS matches
FROM users AS u WHERE u.id = $1 AND u.status <> 'invited'"""

_TO_SCREEN: Final = """
SELECT l.id AS list_id, u.id FROM (
    SELECT id, screened_to FROM sanction_lists WHERE status = 'active' AND screened_at IS NULL
    ORDER BY imported_at LIMIT 1) AS l
LEFT JOIN LATERAL (
    SELECT id FROM users WHERE status <> 'invited' AND (l.screened_to IS NULL OR id > l.screened_to)
    ORDER BY id LIMIT $1) AS u ON true
ORDER BY u.id"""
_SCREENED: Final = """
UPDATE sanction_lists SET screened_to = coalesce($2, screened_to),
       screened_at = CASE WHEN $2::uuid IS NULL THEN now() END WHERE id = $1"""

_FOR_MATCH: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, row_to_json(m) AS match, row_to_json(f) AS freeze, u.version AS user_version,
       is_same_person($1, m.user_id) AS is_own
FROM (SELECT 1) AS one LEFT JOIN sanction_matches AS m ON m.id = $4 LEFT JOIN users AS u ON u.id = m.user_id
LEFT JOIN user_freezes AS f ON f.user_id = m.user_id AND f.lifted_at IS NULL"""  # noqa: S608 - built from constants only

_FREEZE: Final = """
SELECT row_to_json(f) AS freeze, row_to_json(m) AS match, u.version AS user_version,
       (SELECT array_agg(a.id) FROM admins AS a WHERE is_same_person(a.id, f.user_id)) AS related
FROM user_freezes AS f JOIN users AS u ON u.id = f.user_id LEFT JOIN sanction_matches AS m ON m.id = f.match_id
WHERE f.id = $1"""

_LIST: Final = """
SELECT row_to_json(m) AS match, u.first_name || ' ' || u.last_name AS user_name, f.id AS freeze_id
FROM sanction_matches AS m JOIN users AS u ON u.id = m.user_id
LEFT JOIN user_freezes AS f ON f.user_id = m.user_id AND f.lifted_at IS NULL
WHERE ($1::text IS NULL OR m.status = $1) AND ($2::timestamptz IS NULL OR (m.created_at, m.id) < ($2, $3::uuid))
ORDER BY m.created_at DESC, m.id DESC LIMIT $4"""

_LISTS: Final = """
SELECT * FROM sanction_lists
WHERE ($1::timestamptz IS NULL OR (imported_at, id) < ($1, $2::uuid)) ORDER BY imported_at DESC, id DESC LIMIT $3"""


class SanctionRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_list(self, new: SanctionList, entries: Sequence[Entry]) -> None:
        """Write a list and its names, not yet used: whoever dies here leaves nothing that counts."""
        await self._database.execute(
            _ADD_LIST,
            new.id,
            new.code,
            new.format,
            new.sha256,
            new.entries,
            new.names,
            new.unreadable,
            list(new.problems),
            new.imported_at,
            new.imported_by,
        )
        rows = [
            {"ref": entry.ref, "name": name, "keys": name_keys(name), "born": entry.born}
            for entry in entries
            for name in entry.names
        ]
        for begin in range(0, len(rows), _BATCH):
            await self._database.execute(_ADD_NAMES, new.id, rows[begin : begin + _BATCH])

    async def in_force(self, *, code: str, form: ListFormat, sha256: str) -> SanctionList | None:
        """Return the list that counts under a code if it was read from this very file."""
        row = await self._database.row(_IN_FORCE, code, form, sha256)
        return _list(row) if row is not None else None

    async def activate(self, new: SanctionList, *, record: str) -> SanctionList:
        """Let a list take the place of the one before, with the audit row, and return the list that counts now.

        Of two imports of one file at once the second finds the first in force and leaves nothing.
        """
        async with self._database.connection() as connection, connection.transaction():
            # Two imports of one code follow each other.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('sanctions/' || $1, 0))", new.code)
            same = await connection.fetchrow(_IN_FORCE, new.code, new.format, new.sha256)
            await connection.execute(_CLEAR, new.id if same is not None else None)
            if same is not None:
                return _list(same)
            await connection.fetch(_ACTIVATE, new.id, new.code, record)
            await connection.execute(_RAISE, new.id)
            return new

    async def candidates(self, keys: Sequence[str]) -> tuple[Listed, ...]:
        """Return the listed names that share the most sounds with a name."""
        if not keys:
            return ()
        rows = await self._database.rows(_CANDIDATES_OF, list(keys), _CANDIDATES)
        return tuple(
            Listed(row["list_id"], row["code"], row["entry_ref"], row["name"], tuple(row["born"])) for row in rows
        )

    async def person(self, user_id: UUID) -> ScreenedUser | None:
        """Return a user with every name that is compared with the lists."""
        row = await self._database.row(_PERSON, user_id)
        if row is None:
            return None
        return ScreenedUser(
            id=row["id"],
            version=row["version"],
            name=row["name"],
            account_names=tuple(row["account_names"] or ()),
            is_frozen=row["is_frozen"],
            verified=read_check(row["verified"]) if row["verified"] else None,
            matches=tuple(_match(item) for item in row["matches"] or ()),
        )

    async def to_screen(self, *, limit: int) -> tuple[UUID, tuple[UUID, ...]] | None:
        """Return the oldest new list that not everybody was compared with yet, and who is next."""
        rows = await self._database.rows(_TO_SCREEN, limit)
        if not rows:
            return None
        return rows[0]["list_id"], tuple(row["id"] for row in rows if row["id"] is not None)

    async def screened(self, list_id: UUID, *, last: UUID | None) -> None:
        """Remember up to whom a list was compared; ``None``: with everybody."""
        await self._database.execute(_SCREENED, list_id, last)

    async def for_deciding(self, match_id: UUID, *, actor: Actor, key: str | None) -> Loaded[MatchState]:
        """Return a match with what deciding about it needs."""
        row = await self._database.row(_FOR_MATCH, actor.id, actor.session_id, key, match_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        state = MatchState(
            standing=read_standing(row),
            match=_match(row["match"]) if row["match"] and row["match"]["id"] else None,
            freeze=_freeze(row["freeze"]) if row["freeze"] and row["freeze"]["id"] else None,
            user_version=row["user_version"] or 1,
            is_own=bool(row["is_own"]),
        )
        return Loaded(state, read_answer(row))

    async def freeze(self, freeze_id: UUID) -> FreezeState | None:
        """Return a freeze with what lifting it needs."""
        row = await self._database.row(_FREEZE, freeze_id)
        if row is None:
            return None
        return FreezeState(
            freeze=_freeze(row["freeze"]),
            match=_match(row["match"]) if row["match"] else None,
            user_version=row["user_version"],
            related_admins=frozenset(row["related"] or ()),
        )

    async def matches(self, *, status: MatchStatus | None, before: Position | None, limit: int) -> Sequence[MatchFile]:
        """Return matches, newest first."""
        place = (before.created_at, before.id) if before else (None, None)
        rows = await self._database.rows(_LIST, status, *place, limit)
        return [MatchFile(_match(row["match"]), row["user_name"], row["freeze_id"]) for row in rows]

    async def lists(self, *, before: Position | None, limit: int) -> Sequence[SanctionList]:
        """Return imports, newest first."""
        place = (before.created_at, before.id) if before else (None, None)
        return [_list(row) for row in await self._database.rows(_LISTS, *place, limit)]


def _match(found: dict[str, Any]) -> SanctionMatch:
    columns: dict[str, Any] = {name: found[name] for name in SanctionMatch.__slots__}
    for name in ("id", "user_id", "list_id", "decided_by"):
        columns[name] = UUID(columns[name]) if columns[name] else None
    for name in ("decided_at", "created_at"):
        columns[name] = datetime.fromisoformat(columns[name]) if columns[name] else None
    return SanctionMatch(**columns | {"status": MatchStatus(columns["status"])})


def _freeze(found: dict[str, Any]) -> Freeze:
    columns: dict[str, Any] = {name: found[name] for name in Freeze.__slots__}
    for name in ("id", "user_id", "match_id", "placed_by", "lifted_by", "lift_approved_by"):
        columns[name] = UUID(columns[name]) if columns[name] else None
    for name in ("placed_at", "lifted_at"):
        columns[name] = datetime.fromisoformat(columns[name]) if columns[name] else None
    return Freeze(**columns)


def _list(row: asyncpg.Record) -> SanctionList:
    columns = {name: row[name] for name in SanctionList.__slots__}
    return SanctionList(**columns | {"format": ListFormat(row["format"]), "problems": tuple(row["problems"])})
