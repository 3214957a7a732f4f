"""The record of an order's disagreements, as a party or an admin reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import USER_STANDING, read_standing
from kro.core.database.pool import Database

RECORD: Final = """
    i.*, (SELECT json_agg(s ORDER BY s.created_at, s.id) FROM statements AS s WHERE s.issue_id = i.id) AS record,
    (SELECT json_agg(r ORDER BY r.round) FROM rulings AS r WHERE r.issue_id = i.id) AS decisions,
    (SELECT json_agg(f ORDER BY f.created_at, f.id) FROM offers AS f WHERE f.issue_id = i.id) AS offered
"""

_ISSUES: Final = f"""
SELECT {USER_STANDING}, o.id AS found, o.currency, i.*
FROM (SELECT 1) AS one
LEFT JOIN orders AS o ON o.id = $3 AND (o.buyer_id = $1 OR o.seller_id = $1)
LEFT JOIN LATERAL (SELECT {RECORD} FROM issues AS i WHERE i.order_id = o.id) AS i ON true
ORDER BY i.reported_at
"""  # noqa: S608 - built from constants only


class IssueReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_order(self, order_id: UUID, *, actor: Actor) -> Sequence[Mapping[str, Any]] | None:
        """Return the order's issues with their record, oldest first; ``None`` when the order is not the actor's."""
        rows = await self._database.rows(_ISSUES, actor.id, actor.session_id, order_id)
        read_standing(rows[0]).ensure_active()
        if rows[0]["found"] is None:
            return None
        return [dict(row) for row in rows if row["id"] is not None]
