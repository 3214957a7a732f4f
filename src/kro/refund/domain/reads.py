"""What users and admins may see of refunds. Other people's are not there."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kro.core.actor import Actor
from kro.core.paging import Position
from kro.refund.database.reads import NEWEST, RefundReadRepository
from kro.refund.database.records import AdminRefund, Refund, RefundablePayment, RefundStatus
from kro.refund.domain.decide_refund_approval import approval_hash
from kro.refund.domain.errors import RefundNotFoundError


class RefundReads:
    def __init__(self, refunds: RefundReadRepository) -> None:
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

    async def refundable(
        self, *, actor: Actor, order_id: UUID | None, before: Position | None, limit: int
    ) -> Sequence[tuple[Position, RefundablePayment]]:
        """Return the actor's successful payments with what of each may go back, newest first, each with its place."""
        standing, payments = await self._refunds.refundable(
            actor=actor, order_id=order_id, before=before or NEWEST, limit=limit
        )
        standing.ensure_active()
        return payments


class AdminRefundReads:
    """What admins may see; the routes check who they are."""

    def __init__(self, refunds: RefundReadRepository) -> None:
        self._refunds = refunds

    async def get(self, refund_id: UUID) -> AdminRefund:
        """Return a refund with what an approval of it has to repeat.

        :raises RefundNotFoundError: if there is none.
        """
        found = await self._refunds.one_for_admin(refund_id)
        if found is None:
            raise RefundNotFoundError
        return _seen(*found)

    async def list(self, *, status: RefundStatus | None, before: Position | None, limit: int) -> Sequence[AdminRefund]:
        """Return everybody's refunds, newest first, older than ``before``."""
        found = await self._refunds.list_for_admin(status=status, before=before or NEWEST, limit=limit)
        return [_seen(refund, user_name) for refund, user_name in found]


def _seen(refund: Refund, user_name: str) -> AdminRefund:
    return AdminRefund(refund=refund, user_name=user_name, approval_hash=approval_hash(refund))
