"""Makes a payment payable: opens its page or has an account lent; the worker does, once the payment is on record."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Outcome
from kro.core.ids import IdSource
from kro.core.outbox import Envelope, RetryLater
from kro.payment.database.payments import PaymentRepository
from kro.payment.database.provider_records import Direction
from kro.payment.database.records import Checkout, Payment, PaymentMethod, PaymentStatus
from kro.payment.domain.board import ProviderBoard
from kro.payment.domain.context import Context
from kro.payment.domain.decide_checkout import StartAnswer, decide_checkout, decide_failover, is_turned_down
from kro.payment.domain.errors import PaymentNotFoundError
from kro.payment.domain.rules import CollectionRules
from kro.payment.providers import FailedDefinitively, NotSent, ProviderDirectory, UnsupportedAmountError
from kro.payment.providers.virtual_accounts import AccountHolder

_SWITCHED_OFF: Final = NotSent("switched_off")


class PaymentStarter:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        payments: PaymentRepository,
        providers: ProviderDirectory,
        board: ProviderBoard,
        rules: CollectionRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._payments = payments
        self._providers = providers
        self._board = board
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def handle(self, envelope: Envelope) -> None:
        """Handle ``payment.start``."""
        await self.start(payment_id=UUID(envelope.payload["payment_id"]))

    async def start(self, *, payment_id: UUID) -> None:
        """Ask the provider for a page or an account and record the answer; a payment that has moved on is left alone.

        Where the provider has taken nothing the next best one is asked, unless the payer named this one. Who is asked
        is on record before the call.

        :raises RetryLater: when no provider was reached, so that the same reference may be used again.
        """
        tried: set[str] = set()
        while True:
            checkout = await self._load(payment_id)
            payment = checkout.payment
            if payment.status is not PaymentStatus.INITIATED:
                return
            answer = await self._ask(checkout)
            tried.add(payment.provider)
            another = await self._another(payment, answer, tried)
            if another is None:
                break
            await self._hand_over(payment, another)
        if isinstance(answer, NotSent):
            raise RetryLater("provider_not_reached", after_seconds=answer.retry_after_seconds)
        context = Context.of_system(self._clock, self._ids)
        await self._runner.carry_out(
            load=lambda: self._load(payment_id),
            decide=lambda now_on: Outcome(
                decide_checkout(now_on.payment, answer, asked=payment.provider, context=context), None
            ),
        )

    async def _another(self, payment: Payment, answer: StartAnswer | NotSent, tried: set[str]) -> str | None:
        if payment.is_provider_named or not is_turned_down(payment, answer):
            return None
        board = await self._board.current()
        able = board.collectors(payment.amount, payment.method)
        return next((name for name in able if name not in tried), None)

    async def _hand_over(self, payment: Payment, another: str) -> None:
        context = Context.of_system(self._clock, self._ids)
        await self._runner.carry_out(
            load=lambda: self._load(payment.id),
            decide=lambda now_on: Outcome(
                decide_failover(now_on.payment, asked=payment.provider, another=another, context=context), None
            ),
        )

    async def _load(self, payment_id: UUID) -> Checkout:
        checkout = await self._payments.checkout(payment_id)
        if checkout is None:
            raise PaymentNotFoundError
        return checkout

    async def _ask(self, checkout: Checkout) -> StartAnswer | NotSent:
        payment = checkout.payment
        if not (await self._board.current()).may_start(payment.provider, Direction.COLLECTIONS):
            return _SWITCHED_OFF
        try:
            if payment.method is PaymentMethod.BANK_TRANSFER:
                return await self._providers[payment.provider].one_time_accounts.issue_one_time(
                    reference=payment.reference, amount=payment.amount, holder=self._holder(checkout)
                )
            return await self._providers[payment.provider].checkout.start(
                reference=payment.reference,
                amount=payment.amount,
                payer_email=self._email(checkout),
                callback_url=self._rules.callback_url,
            )
        except UnsupportedAmountError as error:
            return FailedDefinitively(error.code)

    def _holder(self, checkout: Checkout) -> AccountHolder:
        return AccountHolder(
            first_name=checkout.first_name,
            last_name=checkout.last_name,
            email=self._email(checkout),
            phone=checkout.phone,
        )

    def _email(self, checkout: Checkout) -> str:
        return checkout.payer_email or f"{checkout.payment.user_id}@{self._rules.payer_email_domain}"
