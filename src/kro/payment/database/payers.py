from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.database.pool import Database
from kro.core.ids import IdSource

# Who looked is on record, found or not.
_LOOK: Final = """
WITH looked AS (
    INSERT INTO audit_log (id, actor_kind, actor_id, session_id, action, target_type, target_id, result, detail,
                           request_id, ip)
    VALUES ($2, $3, $4, $5, 'payer.read', 'payment', $1::uuid, 'done', '{}', $6, $7))
SELECT sealed FROM payers WHERE payment_id = $1"""


class PayerRepository:
    def __init__(self, database: Database, *, ids: IdSource) -> None:
        self._database = database
        self._ids = ids

    async def look(self, payment_id: UUID, *, actor: Actor) -> str | None:
        """Return the sealed payer of a payment to an admin; the look leaves a trace."""
        sealed: str | None = await self._database.value(
            _LOOK, payment_id, self._ids.new(), actor.kind, actor.id, actor.session_id, actor.request_id, actor.ip
        )
        return sealed
