"""Opens the checkout page of a payment; the worker does, once the payment is on record."""

from __future__ import annotations

from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Outcome
from kro.core.ids import IdSource
from kro.core.outbox import Envelope, RetryLater
from kro.payment.database.payments import PaymentRepository
from kro.payment.database.records import Checkout, PaymentStatus
from kro.payment.domain.context import Context
from kro.payment.domain.decide_checkout import decide_checkout
from kro.payment.domain.errors import PaymentNotFoundError
from kro.payment.domain.rules import CollectionRules
from kro.payment.providers import (
    CheckoutResult,
    FailedDefinitively,
    NotSent,
    ProviderDirectory,
    UnsupportedAmountError,
)


class PaymentStarter:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        payments: PaymentRepository,
        providers: ProviderDirectory,
        rules: CollectionRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._payments = payments
        self._providers = providers
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def handle(self, envelope: Envelope) -> None:
        """Handle ``payment.start``."""
        await self.start(payment_id=UUID(envelope.payload["payment_id"]))

    async def start(self, *, payment_id: UUID) -> None:
        """Ask the provider for a page and record the answer; a payment that has moved on is left alone.

        :raises RetryLater: when the provider was not reached, so that the same reference may be used again.
        """
        checkout = await self._load(payment_id)
        if checkout.payment.status is not PaymentStatus.INITIATED:
            return
        answer = await self._ask(checkout)
        if isinstance(answer, NotSent):
            raise RetryLater("provider_not_reached", after_seconds=answer.retry_after_seconds)
        context = Context.of_system(self._clock, self._ids)
        await self._runner.carry_out(
            load=lambda: self._load(payment_id),
            decide=lambda now_on: Outcome(decide_checkout(now_on.payment, answer, context=context), None),
        )

    async def _load(self, payment_id: UUID) -> Checkout:
        checkout = await self._payments.checkout(payment_id)
        if checkout is None:
            raise PaymentNotFoundError
        return checkout

    async def _ask(self, checkout: Checkout) -> CheckoutResult:
        payment = checkout.payment
        try:
            return await self._providers[payment.provider].checkout.start(
                reference=payment.reference,
                amount=payment.amount,
                payer_email=checkout.payer_email or f"{payment.user_id}@{self._rules.payer_email_domain}",
                callback_url=self._rules.callback_url,
            )
        except UnsupportedAmountError as error:
            return FailedDefinitively(error.code)
