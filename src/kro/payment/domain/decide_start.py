"""The first step of every payment: it is on record, with its reference, before any provider hears of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kro.core.decisions import Decision, Insert, Message, Outcome
from kro.core.ids import IdSource
from kro.core.money import Money
from kro.payment.database.records import Payment, PaymentMethod, PaymentStatus
from kro.payment.database.rows import payment_row
from kro.payment.domain.rules import FIRST_POLL
from kro.payment.providers.references import provider_reference_for


def start_payment(
    *,
    user_id: UUID,
    order_id: UUID | None,
    amount: Money,
    provider: str,
    ids: IdSource,
    now: datetime,
    method: PaymentMethod = PaymentMethod.CHECKOUT,
    is_provider_named: bool = False,
) -> Outcome[Payment]:
    """Begin to collect an amount; the worker opens the page, or has the account lent, once this is written.

    ``is_provider_named`` keeps any other provider from taking its place.
    """
    payment_id = ids.new()
    payment = Payment(
        id=payment_id,
        user_id=user_id,
        order_id=order_id,
        provider=provider,
        reference=provider_reference_for(payment_id),
        provider_reference=None,
        amount=amount,
        received_minor=None,
        variance=None,
        status=PaymentStatus.INITIATED,
        checkout_url=None,
        failure_code=None,
        polls=0,
        next_poll_at=now + FIRST_POLL,
        version=1,
        created_at=now,
        updated_at=now,
        settled_at=None,
        method=method,
        is_provider_named=is_provider_named,
    )
    decision = Decision(
        writes=(Insert("transactions", (payment_row(payment),)),),
        messages=(Message(id=ids.new(), topic="payment.start", payload={"payment_id": payment_id}),),
    )
    return Outcome(decision, payment)
