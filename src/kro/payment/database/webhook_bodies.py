"""What providers sent: by the month, and before there were months with each event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database

_READ: Final = """
SELECT i.provider, i.event_type, i.subject, i.reference, i.received_at, i.body_sha256, s.state, s.processed_at,
       coalesce(b.body, i.body) AS body
FROM payment_webhook_info AS i JOIN payment_webhook_state AS s ON s.webhook_id = i.id
LEFT JOIN payment_webhook_bodies AS b ON b.webhook_id = i.id
WHERE i.id = $1"""

_DROP_MONTH: Final = "SELECT drop_webhook_months($1)"

# The index of bodies that are still there is in this order. As by the month, what is open keeps its body.
_OLD: Final = """
SELECT i.id, i.body FROM payment_webhook_info AS i JOIN payment_webhook_state AS s ON s.webhook_id = i.id
WHERE i.body IS NOT NULL AND i.id < first_id_at(now() - make_interval(days => $1))
  AND s.state NOT IN ('received', 'parked')
ORDER BY i.id LIMIT $2"""
_FORGET: Final = "SELECT forget_webhook_bodies($1::uuid[], $2::bytea[])"


@dataclass(frozen=True, slots=True)
class WebhookBody:
    """An event with what was sent, sealed; ``None`` once that is forgotten."""

    provider: str
    event_type: str
    subject: str
    reference: str | None
    received_at: datetime
    body_sha256: bytes | None
    state: str
    processed_at: datetime | None
    body: bytes | None = field(repr=False)


class WebhookBodyRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, webhook_id: UUID) -> WebhookBody | None:
        """Return an event with what was sent, sealed, as far as that is still kept."""
        row = await self._database.row(_READ, webhook_id)
        return WebhookBody(**row) if row is not None else None

    async def drop_month(self, *, older_than_days: int) -> int:
        """Drop one month of bodies that ended so long ago and has no open event; return 0 when there was none."""
        return int(await self._database.value(_DROP_MONTH, older_than_days))

    async def old(self, *, older_than_days: int, limit: int) -> Sequence[tuple[UUID, bytes]]:
        """Return sealed bodies of settled events from before there were months."""
        rows = await self._database.rows(_OLD, older_than_days, limit)
        return [(row["id"], row["body"]) for row in rows]

    async def forget(self, digests: Mapping[UUID, bytes | None]) -> int:
        """Take away bodies from before there were months, leave these digests, and return how many."""
        return int(await self._database.value(_FORGET, list(digests), list(digests.values())))
