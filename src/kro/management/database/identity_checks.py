"""Identity checks in SQL: one query for each decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import (
    ADMIN_STANDING,
    STORED_ANSWER,
    USER_STANDING,
    Columns,
    read_answer,
    read_standing,
)
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.core.kyc.identity import IdentityKind
from kro.core.paging import Position
from kro.management.database.identity_records import (
    CheckCause,
    CheckState,
    CheckStatus,
    IdentityCheck,
    SubmissionState,
    TierState,
)

_SUBMISSION: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, u.first_name, u.last_name,
       (SELECT json_agg(c ORDER BY c.created_at DESC) FROM identity_checks AS c WHERE c.user_id = $1) AS checks
FROM (SELECT 1) AS one LEFT JOIN users AS u ON u.id = $1"""  # noqa: S608 - built from constants only

_OWN: Final = f"""
SELECT {USER_STANDING}, u.first_name, u.last_name,
       (SELECT json_agg(c ORDER BY c.created_at DESC) FROM identity_checks AS c WHERE c.user_id = $1) AS checks
FROM (SELECT 1) AS one LEFT JOIN users AS u ON u.id = $1"""  # noqa: S608 - built from constants only

_FACTS: Final = """
       row_to_json(c) AS found, u.kyc_tier, u.version AS user_version, u.phone_verified_at IS NOT NULL AS phone_known,
       u.frozen_at IS NOT NULL AS is_frozen,
       (u.first_name, u.last_name) = (c.first_name, c.last_name) AS names_kept,
       (SELECT array_agg(v.kind) FROM identity_checks AS v
        WHERE v.user_id = c.user_id AND v.status = 'verified') AS verified,
       EXISTS (SELECT FROM identity_checks AS v WHERE v.kind = c.kind AND v.number_index = c.number_index
               AND v.status = 'verified' AND v.user_id <> c.user_id) AS in_use"""

_FOR_ANSWER: Final = f"""
SELECT {_FACTS} FROM identity_checks AS c JOIN users AS u ON u.id = c.user_id WHERE c.id = $1"""  # noqa: S608 - built from constants only

_FOR_REVIEW: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, is_same_person($1, c.user_id) AS is_own, {_FACTS}
FROM (SELECT 1) AS one LEFT JOIN identity_checks AS c ON c.id = $4 LEFT JOIN users AS u ON u.id = c.user_id"""  # noqa: S608 - built from constants only

_FOR_TIER: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, u.id, u.kyc_tier, u.version, is_same_person($1, $4) AS is_own
FROM (SELECT 1) AS one LEFT JOIN users AS u ON u.id = $4 AND u.status <> 'invited'"""  # noqa: S608 - built from constants only

# Whoever takes a check asks for it alone: the lease is the time until somebody else may.
_CLAIM: Final = """
UPDATE identity_checks AS c SET attempts = c.attempts + 1, next_attempt_at = now() + make_interval(secs => $2)
FROM (SELECT id FROM identity_checks
      WHERE status = 'pending' AND next_attempt_at <= now() AND ($1::uuid IS NULL OR id = $1)
      ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
WHERE c.id = due.id RETURNING row_to_json(c) AS found"""

_LIST: Final = """
SELECT row_to_json(c) AS found, u.first_name || ' ' || u.last_name AS user_name, u.kyc_tier
FROM identity_checks AS c JOIN users AS u ON u.id = c.user_id
WHERE ($1::text IS NULL OR c.status = $1) AND ($2::uuid IS NULL OR c.user_id = $2)
  AND ($3::timestamptz IS NULL OR (c.created_at, c.id) < ($3, $4::uuid))
ORDER BY c.created_at DESC, c.id DESC LIMIT $5"""

# Whoever reads a file leaves a trace, in the same statement.
_READ: Final = """
WITH looked AS (SELECT apply_decision($2::text::jsonb))
SELECT row_to_json(c) AS found, u.first_name || ' ' || u.last_name AS user_name, u.kyc_tier
FROM identity_checks AS c JOIN users AS u ON u.id = c.user_id CROSS JOIN looked WHERE c.id = $1"""

_STALE: Final = """
SELECT id, number_key FROM identity_checks
WHERE number_key IS NOT NULL AND number_key NOT LIKE $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"""

_REWRAP: Final = """
UPDATE identity_checks AS c SET number_key = n.fresh
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n (id, stale, fresh)
WHERE c.id = n.id AND c.number_key = n.stale"""


class IdentityCheckRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def for_submission(self, *, actor: Actor, key: str | None) -> Loaded[SubmissionState]:
        """Return the user's names and checks before another number is given."""
        row = await self._database.row(_SUBMISSION, actor.id, actor.session_id, key)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        return Loaded(_submission(row), read_answer(row))

    async def own(self, *, actor: Actor) -> SubmissionState:
        """Return the user's names and checks, for reading."""
        row = await self._database.row(_OWN, actor.id, actor.session_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        return _submission(row)

    async def for_answer(self, check_id: UUID) -> CheckState:
        """Return a check with what deciding about the register's answer needs."""
        row = await self._database.row(_FOR_ANSWER, check_id)
        return CheckState(None) if row is None else _state(row)

    async def for_review(self, check_id: UUID, *, actor: Actor, key: str | None) -> Loaded[CheckState]:
        """Return a check with what deciding about it needs, and the admin's standing."""
        row = await self._database.row(_FOR_REVIEW, actor.id, actor.session_id, key, check_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        state = _state(row, standing=read_standing(row), is_own=bool(row["is_own"]))
        return Loaded(state, read_answer(row))

    async def for_tier(self, user_id: UUID, *, actor: Actor, key: str | None) -> Loaded[TierState]:
        """Return the user whose tier an admin sets."""
        row = await self._database.row(_FOR_TIER, actor.id, actor.session_id, key, user_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        state = TierState(
            standing=read_standing(row),
            user_id=row["id"],
            tier=row["kyc_tier"] or 0,
            version=row["version"] or 1,
            is_own=bool(row["is_own"]),
        )
        return Loaded(state, read_answer(row))

    async def claim(self, *, check_id: UUID | None, lease_seconds: float, limit: int) -> Sequence[IdentityCheck]:
        """Take checks whose register is to be asked now; nobody else gets them before the lease runs out."""
        rows = await self._database.rows(_CLAIM, check_id, lease_seconds, limit)
        return tuple(read_check(row["found"]) for row in rows)

    async def list(
        self, *, status: CheckStatus | None, user_id: UUID | None, before: Position | None, limit: int
    ) -> Sequence[tuple[IdentityCheck, str, int]]:
        """Return checks with their owner's name and tier, newest first."""
        place = (before.created_at, before.id) if before else (None, None)
        rows = await self._database.rows(_LIST, status, user_id, *place, limit)
        return tuple((read_check(row["found"]), row["user_name"], row["kyc_tier"]) for row in rows)

    async def read(self, check_id: UUID, *, record: str) -> tuple[IdentityCheck, str, int] | None:
        """Return a check with its owner's name and tier; ``record`` is the audit row of who reads."""
        row = await self._database.row(_READ, check_id, record)
        return None if row is None else (read_check(row["found"]), row["user_name"], row["kyc_tier"])

    async def stale_keys(self, *, current: str, after: UUID | None, limit: int) -> Sequence[tuple[UUID, str]]:
        """Return data keys that are not wrapped with the active key; ``current`` is how those begin."""
        rows = await self._database.rows(_STALE, current.replace("_", r"\_") + "%", after, limit)
        return tuple((row["id"], row["number_key"]) for row in rows)

    async def rewrap(self, keys: Sequence[tuple[UUID, str, str]]) -> int:
        """Put fresh wrappings in the place of stale ones, each only if it is still there."""
        return await self._database.execute(
            _REWRAP, [one[0] for one in keys], [one[1] for one in keys], [one[2] for one in keys]
        )


def read_check(found: dict[str, Any]) -> IdentityCheck:
    """Build a check from its JSON form."""
    columns: dict[str, Any] = {name: found[name] for name in IdentityCheck.__slots__}
    for name in ("id", "user_id", "consent_id", "decided_by"):
        columns[name] = UUID(columns[name]) if columns[name] else None
    for name in ("next_attempt_at", "decided_at", "created_at"):
        columns[name] = datetime.fromisoformat(columns[name]) if columns[name] else None
    columns["kind"] = IdentityKind(columns["kind"])
    columns["status"] = CheckStatus(columns["status"])
    columns["cause"] = CheckCause(columns["cause"]) if columns["cause"] else None
    return IdentityCheck(**columns)


def _submission(row: Columns) -> SubmissionState:
    standing = read_standing(row)
    standing.ensure_active()
    return SubmissionState(
        standing=standing,
        first_name=row["first_name"],
        last_name=row["last_name"],
        checks=tuple(read_check(item) for item in row["checks"] or ()),
    )


def _state(row: Columns, **others: Any) -> CheckState:  # noqa: ANN401 - fields of the state
    return CheckState(
        check=read_check(row["found"]) if row["found"] and row["found"]["id"] else None,
        user_tier=row["kyc_tier"] or 0,
        user_version=row["user_version"] or 1,
        phone_known=bool(row["phone_known"]),
        verified=frozenset(IdentityKind(kind) for kind in row["verified"] or ()),
        in_use=bool(row["in_use"]),
        is_frozen=bool(row["is_frozen"]),
        names_kept=bool(row["names_kept"]),
        **others,
    )
