"""Asks providers again about everything that is open, so that a lost webhook costs only time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from kro.core.clock import Clock
from kro.core.telemetry import get_logger
from kro.payment.database.due import DueTransactions
from kro.payment.database.records import DueTransaction, TransactionKind
from kro.payment.domain.collections import CollectionService
from kro.payment.domain.tracking import PayoutTracker

LEASE: Final = timedelta(minutes=3)
"""Longer than any call to a provider; what a dead worker had taken is asked about again after it."""

log = get_logger()


class PaymentPoller:
    def __init__(
        self, *, due: DueTransactions, collections: CollectionService, payouts: PayoutTracker, clock: Clock
    ) -> None:
        self._due = due
        self._collections = collections
        self._payouts = payouts
        self._clock = clock

    async def poll_due(self, *, limit: int = 20) -> int:
        """Ask about payments and payouts that are due, side by side; return how many."""
        now = self._clock.now()
        claimed = await self._due.claim(now=now, lease_until=now + LEASE, limit=limit)
        await asyncio.gather(*(self._ask(transaction) for transaction in claimed))
        return len(claimed)

    async def _ask(self, transaction: DueTransaction) -> None:
        try:
            if transaction.kind is TransactionKind.PAYMENT:
                await self._collections.apply_provider_result(reference=transaction.reference)
            else:
                await self._payouts.follow_up(payout_id=transaction.id)
        except Exception:
            # One that fails must not keep the others waiting; its lease brings it back.
            log.exception("poll_failed", kind=transaction.kind, reference=transaction.reference)
