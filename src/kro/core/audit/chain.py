"""Recomputes the chain of the audit log and names the first row that is not what was sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg

from kro.core.audit.canonical import GENESIS, ROW, canonical_line, seal
from kro.core.database.pool import Database

_BATCH: Final = 2_000

# Seals are written with the head, so one view of both has none beyond it, unless somebody put the head back.
_HEAD: Final = """
SELECT h.position, h.hash, h.horizon::text AS horizon,
       (SELECT min(s.position) FROM audit_seals AS s WHERE s.position > h.position) AS beyond
FROM audit_head AS h"""
_SEALED: Final = f"""
SELECT s.position, s.audit_id, s.hash, {ROW}
FROM audit_seals AS s LEFT JOIN audit_log AS a ON a.id = s.audit_id
WHERE s.position > $1 AND s.position <= $2 ORDER BY s.position LIMIT {_BATCH}"""  # noqa: S608 - built from constants only
# Months that left the log for files, of those that a stretch goes through; see AuditMonths.
_DETACHED: Final = """
SELECT from_id, until_id, first_position, through_position,
       digest_of_seals(from_id, until_id, through_position) = seals_sha256 AS holds
FROM detached_months WHERE first_position <= $2 AND through_position > $1 ORDER BY first_position"""
_HASH_AT: Final = "SELECT hash FROM audit_seals WHERE position = $1"

# A page of the log in the order of sealing; rows before the horizon all have a seal.
_WALK: Final = f"""
SELECT a.xid::text AS xid, a.id, EXISTS (SELECT FROM audit_seals AS s WHERE s.audit_id = a.id) AS sealed
FROM audit_log AS a
WHERE (a.xid, a.id) > ($1::text::xid8, $2::uuid) AND a.xid < $3::text::xid8
ORDER BY a.xid, a.id LIMIT {_BATCH}"""  # noqa: S608 - built from constants only
_NIL: Final = UUID(int=0)


class Damage(StrEnum):
    CHANGED = "changed"
    """A row, or its seal, is not what it was when it was sealed."""
    DELETED = "deleted"
    """A sealed row is gone."""
    INSERTED = "inserted"
    """A row stands behind the head without a seal."""
    SEAL_MISSING = "seal_missing"
    """The seals are not numbered without gaps up to the head."""
    HEAD_CHANGED = "head_changed"
    """The head is not the last seal."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the chain does not hold; ``audit_id`` is unknown where its seal is gone."""

    damage: Damage
    position: int | None
    audit_id: UUID | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at a stretch of the chain came to.

    ``through`` is the last position that was found sound, counted from ``after``; ``complete`` says whether that is the
    head, with rows that nobody sealed looked for as well.
    """

    after: int
    through: int
    head_position: int
    head_hash: bytes
    complete: bool
    broken: Break | None

    @property
    def is_sound(self) -> bool:
        return self.broken is None


class AuditChain:
    """Verifies what :class:`kro.core.audit.AuditSealer` wrote; reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def verify(self, *, after: int = 0, limit: int | None = None) -> Verdict:
        """Recompute the chain behind a position up to the head, or at most ``limit`` rows of it.

        Whoever starts behind 0 trusts the seal at that position: take it from an export that is kept elsewhere.
        """
        head = await self._database.row(_HEAD)
        assert head is not None  # noqa: S101 - a migration wrote it, and nobody can delete it
        after = min(after, head["position"])
        last = head["position"] if limit is None else min(head["position"], after + limit)
        through, current, broken = await self._recompute(after, last)
        complete = last == head["position"]
        if broken is None and complete:
            broken = _head_damage(head, current) or await self._inserted(head["horizon"])
        return Verdict(after, through, head["position"], head["hash"], complete=complete, broken=broken)

    async def hash_at(self, position: int) -> bytes | None:
        """Return the seal at a position; :data:`GENESIS` before the first."""
        if position == 0:
            return GENESIS
        found: bytes | None = await self._database.value(_HASH_AT, position)
        return found

    async def _recompute(self, after: int, last: int) -> tuple[int, bytes, Break | None]:
        current = await self.hash_at(after)
        if current is None:
            return after, GENESIS, Break(Damage.SEAL_MISSING, after, None)
        detached = await self._database.rows(_DETACHED, after, last)
        for month in detached:
            if not month["holds"]:
                return after, current, Break(Damage.CHANGED, month["first_position"], None)
        through = after
        while through < last:
            rows = await self._database.rows(_SEALED, through, last)
            if not rows:
                return through, current, Break(Damage.SEAL_MISSING, through + 1, None)
            for row in rows:
                damage = _damage(row, expected=through + 1, previous=current, detached=detached)
                if damage is Damage.SEAL_MISSING:
                    return through, current, Break(damage, through + 1, None)
                if damage is not None:
                    return through, current, Break(damage, row["position"], row["audit_id"])
                through, current = row["position"], row["hash"]
        return through, current, None

    async def _inserted(self, horizon: str) -> Break | None:
        xid, audit_id = "0", _NIL
        while True:
            rows = await self._database.rows(_WALK, xid, audit_id, horizon)
            for row in rows:
                if not row["sealed"]:
                    return Break(Damage.INSERTED, None, row["id"])
            if len(rows) < _BATCH:
                return None
            xid, audit_id = rows[-1]["xid"], rows[-1]["id"]


def _damage(
    row: asyncpg.Record, *, expected: int, previous: bytes, detached: Sequence[asyncpg.Record]
) -> Damage | None:
    if row["position"] != expected:
        return Damage.SEAL_MISSING
    if row["id"] is None:
        # What left with its month was compared with its file, and its seal is among those whose digest holds.
        return None if any(_left_with(month, row) for month in detached) else Damage.DELETED
    return None if seal(previous, canonical_line(row)) == row["hash"] else Damage.CHANGED


def _left_with(month: asyncpg.Record, row: asyncpg.Record) -> bool:
    in_month: bool = (month["from_id"] or _NIL) <= row["audit_id"] < month["until_id"]
    through: int = month["through_position"]
    return in_month and row["position"] <= through


def _head_damage(head: asyncpg.Record, current: bytes) -> Break | None:
    if head["beyond"] is not None:
        return Break(Damage.HEAD_CHANGED, head["beyond"], None)
    return None if head["hash"] == current else Break(Damage.HEAD_CHANGED, head["position"], None)
