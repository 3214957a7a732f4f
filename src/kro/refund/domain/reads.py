from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kro.core.actor import Actor
from kro.core.errors import ErrorKind, KroError
from kro.core.http import Position
from kro.refund.database.records import Refund
from kro.refund.database.refunds import NEWEST, RefundRepository


class RefundNotFoundError(KroError):
    """There is no such refund."""

    kind = ErrorKind.NOT_FOUND
    code = "refund_not_found"


class RefundReads:
    def __init__(self, refunds: RefundRepository) -> None:
        self._refunds = refunds

    async def get(self, refund_id: UUID, *, actor: Actor) -> Refund:
        """Return a refund to the actor.

        :raises RefundNotFoundError: if there is none or it went to somebody else.
        """
        standing, refund = await self._refunds.one(refund_id, actor=actor)
        standing.ensure_active()
        if refund is None:
            raise RefundNotFoundError
        return refund

    async def list(self, *, actor: Actor, before: Position | None, limit: int) -> Sequence[Refund]:
        """Return refunds to the actor, newest first, older than ``before``."""
        standing, refunds = await self._refunds.list(actor=actor, before=before or NEWEST, limit=limit)
        standing.ensure_active()
        return refunds
