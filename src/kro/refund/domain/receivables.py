"""Collects what users owe, whenever they have something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kro.core.actor import SYSTEM
from kro.core.clock import Clock
from kro.core.decisions import Decision, DecisionRunner, InsufficientFundsError, Outcome
from kro.core.ids import IdSource
from kro.core.paging import NEWEST, Position
from kro.payment.domain import Context, Receipt
from kro.refund.database.receivable_records import Debtor, DebtState
from kro.refund.database.receivables import ReceivableRepository
from kro.refund.domain.decide_receivable import decide_repayment


class ReceivableService:
    def __init__(
        self, *, runner: DecisionRunner, receivables: ReceivableRepository, clock: Clock, ids: IdSource
    ) -> None:
        self._runner = runner
        self._receivables = receivables
        self._clock = clock
        self._ids = ids

    async def collect_due(self, *, limit: int = 50) -> int:
        """Repay the debts of users who have something to repay them with; return how many were lowered."""
        repaid = 0
        for user_id, currency in await self._receivables.able(limit=limit):
            repaid += await self.collect(user_id, currency) > 0
        return repaid

    async def collect(self, user_id: UUID, currency: str) -> int:
        """Repay as much of a user's debt as the balance covers; return how much, in minor units.

        Rivals cannot repay twice: the ledger takes neither a balance nor a debt below zero.
        """

        def decide(state: DebtState) -> Outcome[int]:
            context = Context.of_system(self._clock, self._ids)
            return decide_repayment(
                state,
                user_id=user_id,
                currency=currency,
                income=None,
                source=("repayment", context.new_id()),
                context=context,
            )

        try:
            return await self._runner.carry_out(load=lambda: self._receivables.state(user_id, currency), decide=decide)
        except InsufficientFundsError:
            # It was spent meanwhile; the next round looks again.
            return 0

    async def list(self, *, before: Position | None, limit: int) -> Sequence[Debtor]:
        """Return everybody who owes something, older than ``before``."""
        return await self._receivables.list(before=before or NEWEST, limit=limit)


class DebtReceipts:
    """Takes what a payer owes from a receipt meant for no order; see :class:`kro.payment.domain.ReceiptListener`."""

    def __init__(self, *, receivables: ReceivableRepository, ids: IdSource) -> None:
        self._receivables = receivables
        self._ids = ids

    async def load(self, receipt: Receipt) -> DebtState | None:
        """Return what the payer owes in the receipt's currency."""
        if receipt.order_id is not None:
            return None
        return await self._receivables.state(receipt.user_id, receipt.amount.currency)

    def decide(self, state: DebtState | None, receipt: Receipt, *, now: datetime) -> Decision:
        """Return the repayment that rides in the write of the receipt."""
        if state is None:
            return Decision()
        return decide_repayment(
            state,
            user_id=receipt.user_id,
            currency=receipt.amount.currency,
            income=receipt.amount.amount,
            source=("payment", receipt.payment_id),
            context=Context(actor=SYSTEM, now=now, ids=self._ids),
        ).decision
