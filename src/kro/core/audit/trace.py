"""Audit rows of looks: who read what of others, written before it is read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kro.core.actor import Actor
from kro.core.database.pool import Database
from kro.core.decisions import Audit, Decision
from kro.core.decisions.encoding import encode
from kro.core.ids import IdSource


class AuditTrail:
    """Puts single rows into the audit log, in a transaction of their own.

    A change carries its row in its own decision; this is for what changes nothing: looks, searches, exports and
    refusals. Await it first, so that nothing is read that is not on record.
    """

    def __init__(self, database: Database, *, ids: IdSource) -> None:
        self._database = database
        self._ids = ids

    async def note(
        self,
        action: str,
        *,
        actor: Actor,
        target: tuple[str, UUID | None],
        reason: str | None = None,
        refused: bool = False,
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Write one row. ``detail`` holds no personal data and no secrets: it outlives what it tells of."""
        target_type, target_id = target
        audit = Audit(
            id=self._ids.new(),
            actor=actor,
            action=action,
            target_type=target_type,
            target_id=target_id,
            result="refused" if refused else "done",
            reason=reason,
            detail=detail or {},
        )
        await self._database.apply(encode(Decision(audits=(audit,))))
