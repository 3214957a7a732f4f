"""What became of a payment: the webhook, the poll and a waiting payer all ask here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner
from kro.core.ids import IdSource
from kro.payment.database.payments import PaymentRepository
from kro.payment.database.records import Payment, PaymentStatus
from kro.payment.domain.context import Context
from kro.payment.domain.decide_collection import CollectionState, awaited, decide_collection, receipt_from
from kro.payment.domain.errors import PaymentNotFoundError
from kro.payment.domain.payers import Payers
from kro.payment.domain.progress import Progress
from kro.payment.domain.receipts import ReceiptListener, gather
from kro.payment.domain.rules import CollectionRules
from kro.payment.providers import Capability, CollectionResult, ProviderDirectory


class CollectionService:
    """``listeners`` contribute to the write that credits a receipt: funding the order it was meant for."""

    def __init__(
        self,
        *,
        runner: DecisionRunner,
        payments: PaymentRepository,
        providers: ProviderDirectory,
        listeners: Sequence[ReceiptListener],
        payers: Payers,
        rules: CollectionRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._payments = payments
        self._providers = providers
        self._listeners = tuple(listeners)
        self._payers = payers
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def apply_provider_result(self, *, reference: str) -> Progress:
        """Ask the provider about a payment and act on that answer, and on nothing else, once.

        Repeats, rivals and crashes at any point lead to the same single credit: the payment's version and the natural
        keys of its journals allow no second one.
        """
        payment = await self._payments.by_reference(reference)
        if payment is None:
            return Progress.UNKNOWN_REFERENCE
        if payment.status is PaymentStatus.SUCCEEDED:
            return Progress.FINAL
        result = await self._ask(payment)
        context = Context.of_system(self._clock, self._ids)
        return await self._runner.carry_out(
            load=lambda: self._load(reference, result, context),
            decide=lambda state: decide_collection(state, result, rules=self._rules, context=context),
        )

    async def refresh_order(self, order_id: UUID) -> None:
        """Ask the provider about every payment of an order whose outcome is not known."""
        for reference in await self._payments.open_references(order_id):
            await self.apply_provider_result(reference=reference)

    async def _ask(self, payment: Payment) -> CollectionResult:
        vendor = self._providers[payment.provider]
        if Capability.COLLECTIONS not in vendor.capabilities:
            return awaited(payment, now=self._clock.now())
        return await vendor.collections.verify(reference=payment.reference)

    async def _load(self, reference: str, result: CollectionResult, context: Context) -> CollectionState:
        payment = await self._payments.by_reference(reference)
        if payment is None:
            raise PaymentNotFoundError
        receipt = receipt_from(payment, result, now=context.now)
        if receipt is None or payment.status is PaymentStatus.SUCCEEDED:
            return CollectionState(payment)
        payer = self._payers.seal(payment.id, result)
        return CollectionState(payment, await gather(self._listeners, receipt), payer)
