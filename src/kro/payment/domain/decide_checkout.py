"""What opening a checkout page has brought."""

from __future__ import annotations

from typing import Any

from kro.core.decisions import Decision, Update
from kro.payment.database.records import Payment, PaymentStatus
from kro.payment.domain.announcements import payment_updated
from kro.payment.domain.context import Context
from kro.payment.providers.results import CheckoutStarted, CollectionFacts, FailedDefinitively, Unknown

CheckoutAnswer = CheckoutStarted | FailedDefinitively[CollectionFacts] | Unknown


def decide_checkout(payment: Payment, answer: CheckoutAnswer, *, context: Context) -> Decision:
    """Record the page, the refusal, or that the outcome is not known.

    Two workers may have asked for the same page: only one gets it, the other hears that the reference exists. The
    page always wins over "not known", and neither disturbs a payment that has moved on.
    """
    match answer:
        case CheckoutStarted(url=url) if payment.status in {PaymentStatus.INITIATED, PaymentStatus.UNKNOWN}:
            return _change(payment, PaymentStatus.PROCESSING, context, checkout_url=url, failure_code=None)
        case FailedDefinitively(code=code) if payment.status is PaymentStatus.INITIATED:
            return _change(payment, PaymentStatus.FAILED, context, failure_code=code, next_poll_at=None)
        case Unknown(cause=cause) if payment.status is PaymentStatus.INITIATED:
            return _change(payment, PaymentStatus.UNKNOWN, context, failure_code=cause)
        case _:
            return Decision()


def _change(payment: Payment, status: PaymentStatus, context: Context, **columns: Any) -> Decision:  # noqa: ANN401 - the columns of transactions
    changes = {"status": status, "updated_at": context.now, **columns}
    return Decision(
        writes=(Update("transactions", payment.id, payment.version, changes),),
        messages=(payment_updated(payment, status, context=context),),
    )
