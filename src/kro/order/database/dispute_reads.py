"""The queue of disputes, one dispute with all that is on its record, and the holds of compliance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from kro.core.database.columns import known
from kro.core.database.pool import Database
from kro.core.decisions import Event
from kro.core.paging import NEWEST, Position
from kro.order.database.admin_records import Ages, Dispute, DisputeFile
from kro.order.database.issue_reads import RECORD
from kro.order.database.issue_records import Hold
from kro.order.database.issue_words import IssueStatus
from kro.order.database.issues import read_issue
from kro.order.database.orders import read_condition, read_order
from kro.order.database.orders_for_admins import read_hold
from kro.order.database.reads import StoredEvidence
from kro.order.database.thread_records import Message
from kro.order.database.threads import read_message

_OLDEST: Final = Position(datetime.min.replace(tzinfo=UTC), UUID(int=0))
_MOST_EVENTS: Final = 500
_ON_RECORD: Final = ("record", "decisions", "offered")

# The condition on the status is repeated as the index has it. Nobody is shown who decides about themselves.
_QUEUE: Final = """
SELECT o.*, row_to_json(i) AS issue FROM issues AS i JOIN orders AS o ON o.id = i.order_id
WHERE i.status NOT IN ('effective', 'withdrawn', 'settled') AND i.status = ANY ($2)
  AND ($3::uuid IS NULL OR i.assigned_to = $3) AND (NOT $4 OR i.assigned_to IS NULL)
  AND (NOT $5 OR (i.decide_by < now() AND NOT o.on_hold)) AND (i.decide_by, i.id) > ($6, $7)
  AND NOT $1 = ANY (admins_related_to(o.id))
ORDER BY i.decide_by, i.id LIMIT $8"""

_AGES: Final = """
SELECT count(*) FILTER (WHERE d.age < interval '7 days') AS under_7_days,
       count(*) FILTER (WHERE d.age >= interval '7 days' AND d.age < interval '14 days') AS from_7_days,
       count(*) FILTER (WHERE d.age >= interval '14 days' AND d.age < interval '21 days') AS from_14_days,
       count(*) FILTER (WHERE d.age >= interval '21 days') AS from_21_days,
       count(*) FILTER (WHERE d.assigned_to IS NULL) AS unassigned,
       count(*) FILTER (WHERE d.is_overdue) AS overdue
FROM (SELECT i.assigned_to, now() - i.escalated_at AS age, i.decide_by < now() AND NOT o.on_hold AS is_overdue
      FROM issues AS i JOIN orders AS o ON o.id = i.order_id
      WHERE i.status NOT IN ('effective', 'withdrawn', 'settled')
        AND i.status IN ('evidence', 'under_review', 'appealed')) AS d"""

_FILE: Final = f"""
SELECT o.*, b.first_name || ' ' || b.last_name AS buyer_name, s.first_name || ' ' || s.last_name AS seller_name,
       (SELECT row_to_json(r) FROM (SELECT {RECORD} FROM issues AS i WHERE i.id = x.id) AS r) AS issue,
       (SELECT json_agg(c ORDER BY c.position) FROM conditions AS c
        WHERE c.order_id = o.id AND c.status <> 'withdrawn') AS conditions,
       (SELECT json_agg(json_build_object(
            'id', e.id, 'handed_in_by', CASE WHEN e.uploaded_by = o.buyer_id THEN 'buyer' ELSE 'seller' END,
            'file_name', e.file_name, 'content_type', e.content_type, 'size_bytes', e.size_bytes, 'sha256', e.sha256,
            'created_at', e.created_at) ORDER BY e.created_at, e.id)
        FROM evidence AS e WHERE e.order_id = o.id) AS files,
       (SELECT json_agg(v ORDER BY v.seq) FROM (
            SELECT * FROM order_events AS v WHERE v.order_id = o.id ORDER BY v.seq DESC LIMIT {_MOST_EVENTS}) AS v)
           AS timeline,
       $2 = ANY (admins_related_to(o.id)) AS is_related
FROM issues AS x JOIN orders AS o ON o.id = x.order_id
JOIN users AS b ON b.id = o.buyer_id JOIN users AS s ON s.id = o.seller_id
WHERE x.id = $1 AND x.escalated_at IS NOT NULL"""  # noqa: S608 - built from constants only

# Whoever is asked to agree has to see what they agree about, and nobody keeps on looking when it is over.
_EVIDENCE: Final = """
SELECT e.file_name, e.content_type, e.size_bytes, e.sha256, e.storage_key,
       $1 = ANY (admins_related_to(i.order_id)) AS is_related,
       i.status NOT IN ('effective', 'withdrawn', 'settled')
           AND (coalesce(i.assigned_to = $1, false) OR awaits_second_admin(i.id)) AS may_look
FROM issues AS i JOIN evidence AS e ON e.order_id = i.order_id
WHERE i.id = $2 AND e.id = $3 AND i.escalated_at IS NOT NULL"""

_THREAD: Final = """
SELECT m.*, $1 = ANY (admins_related_to(i.order_id)) AS is_related,
       i.status NOT IN ('effective', 'withdrawn', 'settled')
           AND (coalesce(i.assigned_to = $1, false) OR awaits_second_admin(i.id)) AS may_look
FROM issues AS i LEFT JOIN LATERAL (
    SELECT m.* FROM order_messages AS m
    WHERE m.order_id = i.order_id AND m.seq > $3 ORDER BY m.seq LIMIT $4) AS m ON true
WHERE i.id = $2 AND i.escalated_at IS NOT NULL ORDER BY m.seq"""

_HOLDS: Final = """
SELECT row_to_json(h) AS hold FROM order_holds AS h
WHERE ($1::uuid IS NULL OR h.order_id = $1) AND (NOT $2 OR h.lifted_at IS NULL) AND (h.placed_at, h.id) < ($3, $4)
ORDER BY h.placed_at DESC, h.id DESC LIMIT $5"""


@dataclass(frozen=True, slots=True)
class ThreadBefore:
    """A thread before an admin; who may look is who may look into files."""

    messages: tuple[Message, ...]
    is_related: bool
    may_look: bool


@dataclass(frozen=True, slots=True)
class EvidenceBefore:
    """A file before an admin: ``may_look`` is for the assigned one, and others while a decision waits for a second."""

    stored: StoredEvidence
    is_related: bool
    may_look: bool


class DisputeReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def queue(
        self,
        admin_id: UUID,
        *,
        statuses: Sequence[IssueStatus],
        assigned_to: UUID | None,
        only_unassigned: bool,
        only_overdue: bool,
        after: Position | None,
        limit: int,
    ) -> Sequence[Dispute]:
        """Return disputes in the order in which they have to be decided; those of the admin's own are left out."""
        position = after or _OLDEST
        rows = await self._database.rows(
            _QUEUE,
            admin_id,
            list(statuses),
            assigned_to,
            only_unassigned,
            only_overdue,
            position.created_at,
            position.id,
            limit,
        )
        return [Dispute(read_issue(row["issue"]), read_order(row)) for row in rows]

    async def ages(self) -> Ages:
        """Count the disputes that wait for a decision."""
        row = await self._database.row(_AGES)
        assert row is not None  # noqa: S101 - an aggregate always returns one row
        return Ages(**row)

    async def file(self, issue_id: UUID, *, admin_id: UUID) -> DisputeFile | None:
        """Return a dispute with its whole record, ``None`` when the platform was never asked about such an issue."""
        row = await self._database.row(_FILE, issue_id, admin_id)
        return _file(row) if row is not None else None

    async def evidence(self, issue_id: UUID, evidence_id: UUID, *, admin_id: UUID) -> EvidenceBefore | None:
        """Return where a file of a dispute's order is kept, and whether this admin may look into it."""
        row = await self._database.row(_EVIDENCE, admin_id, issue_id, evidence_id)
        if row is None:
            return None
        stored = StoredEvidence(**{name: row[name] for name in StoredEvidence.__slots__})
        return EvidenceBefore(stored, is_related=row["is_related"], may_look=row["may_look"])

    async def thread(self, issue_id: UUID, *, admin_id: UUID, after: int, limit: int) -> ThreadBefore | None:
        """Return what the parties wrote to each other after a sequence number, and whether this admin may read it."""
        rows = await self._database.rows(_THREAD, admin_id, issue_id, after, limit)
        if not rows:
            return None
        messages = tuple(read_message(row) for row in rows if row["seq"] is not None)
        return ThreadBefore(messages, is_related=rows[0]["is_related"], may_look=rows[0]["may_look"])

    async def holds(
        self, *, order_id: UUID | None, only_open: bool, before: Position | None, limit: int
    ) -> Sequence[Hold]:
        """Return what compliance holds or held, newest first."""
        position = before or NEWEST
        rows = await self._database.rows(_HOLDS, order_id, only_open, position.created_at, position.id, limit)
        return [read_hold(row["hold"]) for row in rows]


def _file(row: asyncpg.Record) -> DisputeFile:
    found = row["issue"]
    return DisputeFile(
        dispute=Dispute(
            read_issue({name: value for name, value in found.items() if name not in _ON_RECORD}), read_order(row)
        ),
        buyer_name=row["buyer_name"],
        seller_name=row["seller_name"],
        conditions=tuple(read_condition(item) for item in row["conditions"] or ()),
        files=tuple(row["files"] or ()),
        statements=tuple(found["record"] or ()),
        rulings=tuple(found["decisions"] or ()),
        offers=tuple(found["offered"] or ()),
        timeline=tuple(_event(item) for item in row["timeline"] or ()),
        is_related=row["is_related"],
    )


def _event(item: Mapping[str, Any]) -> Event:
    return Event(
        **{
            **known(Event, item),
            "id": UUID(item["id"]),
            "order_id": UUID(item["order_id"]),
            "actor_id": UUID(item["actor_id"]) if item["actor_id"] else None,
            "at": datetime.fromisoformat(item["at"]),
        }
    )
