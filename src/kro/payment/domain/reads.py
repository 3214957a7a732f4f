"""What users and admins may see of payments and payouts. Other people's are not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from kro.core.actor import Actor
from kro.core.http import Position
from kro.payment.database.payout_records import AdminPayout, FollowedPayout
from kro.payment.database.reads import NEWEST, OLDEST, TransactionReads
from kro.payment.database.records import Payment, Payout, PayoutStatus
from kro.payment.domain.decide_payout_approval import approval_hash
from kro.payment.domain.errors import PaymentNotFoundError, PayoutNotFoundError


class PaymentReads:
    def __init__(self, transactions: TransactionReads) -> None:
        self._transactions = transactions

    async def get(self, payment_id: UUID, *, actor: Actor) -> Payment:
        """Return a payment of the actor's.

        :raises PaymentNotFoundError: if there is none or it is somebody else's.
        """
        standing, payment = await self._transactions.payment(payment_id, actor=actor)
        standing.ensure_active()
        if payment is None:
            raise PaymentNotFoundError
        return payment

    async def list(self, *, actor: Actor, before: Position | None, limit: int) -> Sequence[Payment]:
        """Return the actor's payments, newest first, older than ``before``."""
        standing, payments = await self._transactions.payments(actor=actor, before=before or NEWEST, limit=limit)
        standing.ensure_active()
        return payments


class PayoutReads:
    def __init__(self, transactions: TransactionReads) -> None:
        self._transactions = transactions

    async def get(self, payout_id: UUID, *, actor: Actor) -> FollowedPayout:
        """Return a payout of the actor's with its history.

        :raises PayoutNotFoundError: if there is none or it is somebody else's.
        """
        standing, payout = await self._transactions.payout(payout_id, actor=actor)
        standing.ensure_active()
        if payout is None:
            raise PayoutNotFoundError
        return payout

    async def list(self, *, actor: Actor, before: Position | None, limit: int) -> Sequence[Payout]:
        """Return the actor's payouts, newest first, older than ``before``."""
        standing, payouts = await self._transactions.payouts(actor=actor, before=before or NEWEST, limit=limit)
        standing.ensure_active()
        return payouts


class AdminPayoutReads:
    """For admins; the routes check who they are."""

    def __init__(self, transactions: TransactionReads) -> None:
        self._transactions = transactions

    async def get(self, payout_id: UUID) -> AdminPayout:
        """Return any payout, with what an approval of it has to repeat.

        :raises PayoutNotFoundError: if there is none.
        """
        found = await self._transactions.payout_for_admin(payout_id)
        if found is None:
            raise PayoutNotFoundError
        followed, user_name = found
        return replace(_as_admin_sees(followed.payout, user_name), history=followed.history)

    async def queue(self, *, actor: Actor, after: Position | None, limit: int) -> Sequence[AdminPayout]:
        """Return what waits for this admin's approval, the longest waiting first, behind ``after``.

        Payouts of their own and those they have approved already are left out.
        """
        found = await self._transactions.payout_queue(admin_id=actor.id, after=after or OLDEST, limit=limit)
        return [_as_admin_sees(payout, name) for payout, name in found]

    async def list(
        self, *, status: PayoutStatus | None = None, before: Position | None = None, limit: int = 20
    ) -> Sequence[AdminPayout]:
        """Return payouts of everybody, newest first, older than ``before``."""
        found = await self._transactions.payouts_for_admin(status=status, before=before or NEWEST, limit=limit)
        return [_as_admin_sees(payout, name) for payout, name in found]


def _as_admin_sees(payout: Payout, user_name: str) -> AdminPayout:
    return AdminPayout(payout=payout, user_name=user_name, approval_hash=approval_hash(payout))
