"""Every version of an order's terms, and what was proposed to change them; one query each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import USER_STANDING, read_standing
from kro.core.database.pool import Database
from kro.order.database.orders import read_amendment
from kro.order.database.records import Amendment
from kro.order.database.words import Party

_NEWEST: Final = 50

_VERSIONS: Final = f"""
SELECT {USER_STANDING}, o.id AS found, o.currency,
       (SELECT json_agg(t ORDER BY t.version) FROM order_terms AS t WHERE t.order_id = o.id) AS versions
FROM (SELECT 1) AS one LEFT JOIN orders AS o ON o.id = $3 AND (o.buyer_id = $1 OR o.seller_id = $1)
"""  # noqa: S608 - built from constants only

_AMENDMENTS: Final = f"""
SELECT {USER_STANDING}, o.id AS found, o.currency,
       (SELECT json_agg(a ORDER BY a.created_at DESC, a.id DESC) FROM (
           SELECT * FROM amendments AS a WHERE a.order_id = o.id
           ORDER BY a.created_at DESC, a.id DESC LIMIT {_NEWEST}) AS a) AS amendments
FROM (SELECT 1) AS one LEFT JOIN orders AS o ON o.id = $3 AND (o.buyer_id = $1 OR o.seller_id = $1)
"""  # noqa: S608 - built from constants only


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """One version of the terms as it was on the table; ``terms`` are what its hash is of."""

    version: int
    hash: str
    proposed_by: Party
    terms: dict[str, Any]
    created_at: datetime


class TermsReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def versions(self, order_id: UUID, *, actor: Actor) -> Sequence[TermsVersion] | None:
        """Return the terms of an order, oldest version first; ``None`` when the order is not the actor's."""
        row = await self._database.row(_VERSIONS, actor.id, actor.session_id, order_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        read_standing(row).ensure_active()
        if row["found"] is None:
            return None
        return tuple(_version(item) for item in row["versions"] or ())

    async def amendments(self, order_id: UUID, *, actor: Actor) -> tuple[str, Sequence[Amendment]] | None:
        """Return the order's currency and its newest amendments; ``None`` when the order is not the actor's."""
        row = await self._database.row(_AMENDMENTS, actor.id, actor.session_id, order_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        read_standing(row).ensure_active()
        if row["found"] is None:
            return None
        return row["currency"], tuple(read_amendment(item) for item in row["amendments"] or ())


def _version(item: dict[str, Any]) -> TermsVersion:
    return TermsVersion(
        version=item["version"],
        hash=item["hash"],
        proposed_by=Party(item["proposed_by"]),
        terms=item["terms"],
        created_at=datetime.fromisoformat(item["created_at"]),
    )
