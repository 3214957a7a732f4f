"""Timelines, files and templates: plain rows, one query each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import USER_STANDING, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Event

_EVENTS: Final = f"""
SELECT {USER_STANDING}, o.id AS found, e.*
FROM (SELECT 1) AS one
LEFT JOIN orders AS o ON o.id = $3 AND (o.buyer_id = $1 OR o.seller_id = $1)
LEFT JOIN LATERAL (
    SELECT e.* FROM order_events AS e WHERE e.order_id = o.id AND e.seq > $4 ORDER BY e.seq LIMIT $5) AS e ON true
ORDER BY e.seq
"""  # noqa: S608 - built from constants only

_MISSED: Final = """
SELECT e.* FROM orders AS o LEFT JOIN LATERAL (
    SELECT e.* FROM order_events AS e WHERE e.order_id = o.id AND e.seq > $3 ORDER BY e.seq LIMIT $4) AS e ON true
WHERE o.id = $2 AND (o.buyer_id = $1 OR o.seller_id = $1)
ORDER BY e.seq
"""

_EVIDENCE: Final = f"""
SELECT {USER_STANDING}, e.* FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT e.* FROM evidence AS e JOIN orders AS o ON o.id = e.order_id
    WHERE e.id = $4 AND o.id = $3 AND (o.buyer_id = $1 OR o.seller_id = $1)) AS e ON true
"""  # noqa: S608 - built from constants only

_EVIDENCE_FOR_ADMIN: Final = """
SELECT e.* FROM evidence AS e JOIN orders AS o ON o.id = e.order_id
WHERE e.id = $3 AND o.id = $2 AND ({visible})
"""

_TEMPLATES: Final = """
SELECT DISTINCT ON (t.code) t.code, t.version, t.order_type, t.title, t.conditions
FROM condition_templates AS t WHERE t.active ORDER BY t.code, t.version DESC
"""


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """Where a piece of evidence is kept; ``sha256`` is hex, over exactly the stored bytes."""

    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    storage_key: str


class OrderReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(self, order_id: UUID, *, actor: Actor, after: int, limit: int) -> Sequence[Event] | None:
        """Return the order's events after a sequence number; ``None`` when the order is not the actor's."""
        rows = await self._database.rows(_EVENTS, actor.id, actor.session_id, order_id, after, limit)
        read_standing(rows[0]).ensure_active()
        if rows[0]["found"] is None:
            return None
        return tuple(Event(**{name: row[name] for name in Event.__slots__}) for row in rows if row["seq"] is not None)

    async def evidence(self, order_id: UUID, evidence_id: UUID, *, actor: Actor) -> StoredEvidence | None:
        """Return where a piece of evidence is kept; ``None`` when it is not of an order of the actor's."""
        row = await self._database.row(_EVIDENCE, actor.id, actor.session_id, order_id, evidence_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        read_standing(row).ensure_active()
        return None if row["id"] is None else _stored(row)

    async def evidence_for_admin(
        self, order_id: UUID, evidence_id: UUID, *, admin_id: UUID, visible: LiteralString
    ) -> StoredEvidence | None:
        """Return where a piece of evidence is kept, to an admin who may see its order.

        ``visible`` is the SQL condition that says which: ``o`` is the order, ``$1`` the admin.
        """
        query = _EVIDENCE_FOR_ADMIN.format(visible=visible)
        row = await self._database.row(query, admin_id, order_id, evidence_id)
        return None if row is None else _stored(row)

    async def templates(self) -> Sequence[dict[str, Any]]:
        """Return the newest active version of every condition template."""
        return tuple(dict(row) for row in await self._database.rows(_TEMPLATES))

    async def missed(self, order_id: UUID, *, user_id: UUID, after: int, limit: int) -> Sequence[Event] | None:
        """Return events for a user whose standing was checked already; ``None`` when the order is not theirs."""
        rows = await self._database.rows(_MISSED, user_id, order_id, after, limit)
        if not rows:
            return None
        return tuple(Event(**{name: row[name] for name in Event.__slots__}) for row in rows if row["seq"] is not None)

    async def last_seq(self, order_id: UUID, *, user_id: UUID) -> int | None:
        """Return the newest sequence number of an order of the user's; ``None`` when it is not theirs."""
        found = await self._database.value(
            "SELECT last_seq FROM orders WHERE id = $1 AND (buyer_id = $2 OR seller_id = $2)", order_id, user_id
        )
        return None if found is None else int(found)


def _stored(row: Any) -> StoredEvidence:  # noqa: ANN401 - a driver row
    return StoredEvidence(**{name: row[name] for name in StoredEvidence.__slots__})
