"""Loads threads: one query each, containing the visibility filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import STORED_ANSWER, USER_STANDING, Columns, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.order.database.thread_records import Message, MessageState, ThreadState
from kro.order.database.thread_words import Author, MessageWarning

NEWEST: Final = 2**31 - 1
"""Beyond every sequence number."""

_THREAD: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, o.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT o.id, o.buyer_id, o.seller_id, o.title, o.currency, o.amount, o.ended_at IS NOT NULL AS ended,
           coalesce((SELECT max(m.seq) FROM order_messages AS m WHERE m.order_id = o.id), 0) AS last_seq,
           (SELECT max(m.created_at) FROM order_messages AS m
            WHERE m.order_id = o.id AND m.author_id = $1 AND m.notified) AS notified_at,
           has_blocked(o.buyer_id, o.seller_id) OR has_blocked(o.seller_id, o.buyer_id) AS blocked,
           ARRAY(SELECT e.id FROM evidence AS e WHERE e.order_id = o.id AND e.id = ANY($5::uuid[])) AS order_evidence
    FROM orders AS o WHERE o.id = $4 AND (o.buyer_id = $1 OR o.seller_id = $1)) AS o ON true
"""  # noqa: S608 - built from constants only

_MESSAGE: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, m.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT m.*, o.buyer_id, o.seller_id, o.contested_at IS NOT NULL AS contested,
           EXISTS (SELECT FROM message_reports AS r WHERE r.message_id = m.id AND r.reported_by = $1) AS reported
    FROM order_messages AS m JOIN orders AS o ON o.id = m.order_id
    WHERE m.id = $5 AND o.id = $4 AND (o.buyer_id = $1 OR o.seller_id = $1)) AS m ON true
"""  # noqa: S608 - built from constants only


def _page(direction: str) -> str:
    return f"""
SELECT {USER_STANDING}, o.id AS found, m.*
FROM (SELECT 1) AS one
LEFT JOIN orders AS o ON o.id = $3 AND (o.buyer_id = $1 OR o.seller_id = $1)
LEFT JOIN LATERAL (
    SELECT m.* FROM order_messages AS m WHERE m.order_id = o.id AND m.seq > $4 AND m.seq < $5
    ORDER BY m.seq {direction} LIMIT $6) AS m ON true
ORDER BY m.seq {direction}
"""  # noqa: S608 - built from constants only


_FORWARD: Final = _page("ASC")
_BACKWARD: Final = _page("DESC")
_COLUMNS: Final = tuple(field.name for field in fields(Message))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages with ``after < seq < before``: ``limit`` of them from the near end of the direction read in."""

    after: int
    before: int
    forward: bool
    limit: int


class ThreadRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(
        self, order_id: UUID, *, actor: Actor, key: str | None, evidence_ids: Sequence[UUID]
    ) -> Loaded[ThreadState | None]:
        """Return what writing on an order's thread needs; ``None`` when it is not the actor's order."""
        row = await self._database.row(_THREAD, actor.id, actor.session_id, key, order_id, list(evidence_ids))
        assert row is not None  # noqa: S101 - the outer select always returns one row
        read_standing(row).ensure_active()
        return Loaded(None if row["id"] is None else _thread(row, actor), read_answer(row))

    async def message(
        self, order_id: UUID, message_id: UUID, *, actor: Actor, key: str | None
    ) -> Loaded[MessageState | None]:
        """Return one message; ``None`` when it is not of an order of the actor's."""
        row = await self._database.row(_MESSAGE, actor.id, actor.session_id, key, order_id, message_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        read_standing(row).ensure_active()
        if row["id"] is None:
            return Loaded(None, read_answer(row))
        state = MessageState(
            message=read_message(row),
            buyer_id=row["buyer_id"],
            seller_id=row["seller_id"],
            contested=row["contested"],
            reported=row["reported"],
        )
        return Loaded(state, read_answer(row))

    async def page(self, order_id: UUID, stretch: Stretch, *, actor: Actor) -> Sequence[Message] | None:
        """Return messages in the direction read in; ``None`` when it is not the actor's order."""
        rows = await self._database.rows(
            _FORWARD if stretch.forward else _BACKWARD,
            actor.id,
            actor.session_id,
            order_id,
            stretch.after,
            stretch.before,
            stretch.limit,
        )
        read_standing(rows[0]).ensure_active()
        if rows[0]["found"] is None:
            return None
        return tuple(read_message(row) for row in rows if row["seq"] is not None)


def _thread(row: Columns, actor: Actor) -> ThreadState:
    return ThreadState(
        order_id=row["id"],
        buyer_id=row["buyer_id"],
        seller_id=row["seller_id"],
        title=row["title"],
        currency=row["currency"],
        amount=row["amount"],
        ended=row["ended"],
        viewer=Author.BUYER if row["buyer_id"] == actor.id else Author.SELLER,
        last_seq=row["last_seq"],
        notified_at=row["notified_at"],
        blocked=row["blocked"],
        evidence_ids=frozenset(row["order_evidence"]),
    )


def read_message(row: Columns) -> Message:
    """Build a message from a row that has all columns of ``order_messages``."""
    columns: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    columns["author_kind"] = Author(columns["author_kind"])
    columns["warnings"] = tuple(MessageWarning(warning) for warning in columns["warnings"])
    columns["evidence_ids"] = tuple(columns["evidence_ids"])
    return Message(**columns)
