"""What opening a checkout page, or having an account lent, has brought."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from kro.core.decisions import Audit, Decision, Update
from kro.payment.database.records import Payment, PaymentMethod, PaymentStatus, PayTo
from kro.payment.domain.announcements import payment_updated
from kro.payment.domain.context import Context
from kro.payment.providers.results import (
    CheckoutStarted,
    CollectionFacts,
    FailedDefinitively,
    NotSent,
    Pending,
    Unknown,
)
from kro.payment.providers.virtual_accounts import VirtualAccountIssued

StartAnswer = (
    CheckoutStarted | VirtualAccountIssued | Pending[CollectionFacts] | FailedDefinitively[CollectionFacts] | Unknown
)

ACCOUNT_NOT_TOLD: Final = "account_not_told"


def is_turned_down(payment: Payment, answer: StartAnswer | NotSent) -> bool:
    """Say whether nobody will ever pay by this answer, so that another provider may be asked.

    An account whose number did not reach us is told to nobody. A page may exist under our reference all the same, and
    its provider is asked first.
    """
    match answer:
        case NotSent() | FailedDefinitively():
            return True
        case Unknown() | Pending():
            return payment.method is PaymentMethod.BANK_TRANSFER
        case _:
            return False


def decide_failover(payment: Payment, *, asked: str, another: str, context: Context) -> Decision:
    """Have another provider collect a payment that ``asked`` has turned down; nothing if it has moved on."""
    if payment.status is not PaymentStatus.INITIATED or payment.provider != asked:
        return Decision()
    audit = Audit(
        id=context.new_id(),
        actor=context.actor,
        action="payment.failover",
        target_type="payment",
        target_id=payment.id,
        detail={"from": asked, "to": another},
    )
    changes = {"provider": another, "updated_at": context.now}
    return Decision(writes=(Update("transactions", payment.id, payment.version, changes),), audits=(audit,))


def decide_checkout(payment: Payment, answer: StartAnswer, *, asked: str, context: Context) -> Decision:
    """Record where to pay, the refusal, or that the outcome is not known.

    Two workers may have asked for the same page: only one gets it, the other hears that the reference exists. The
    page always wins over "not known", and neither disturbs a payment that has moved on, be it to another provider.
    """
    if payment.provider != asked:
        return Decision()
    is_new = payment.status is PaymentStatus.INITIATED
    match answer:
        case CheckoutStarted(url=url) if payment.status in {PaymentStatus.INITIATED, PaymentStatus.UNKNOWN}:
            return _change(payment, PaymentStatus.PROCESSING, context, checkout_url=url, failure_code=None)
        case VirtualAccountIssued(account=lent) if is_new:
            pay_to = PayTo(lent.account_number, lent.account_name, lent.bank_name, lent.expires_at)
            return _change(payment, PaymentStatus.PROCESSING, context, pay_to=asdict(pay_to), failure_code=None)
        case Unknown(cause=cause) if is_new and payment.method is PaymentMethod.CHECKOUT:
            return _change(payment, PaymentStatus.UNKNOWN, context, failure_code=cause)
        case FailedDefinitively() | Unknown() | Pending() if is_new:
            code = answer.code if isinstance(answer, FailedDefinitively) else ACCOUNT_NOT_TOLD
            return _change(payment, PaymentStatus.FAILED, context, failure_code=code, next_poll_at=None)
        case _:
            return Decision()


def _change(payment: Payment, status: PaymentStatus, context: Context, **columns: Any) -> Decision:  # noqa: ANN401 - the columns of transactions
    changes = {"status": status, "updated_at": context.now, **columns}
    return Decision(
        writes=(Update("transactions", payment.id, payment.version, changes),),
        messages=(payment_updated(payment, status, context=context),),
    )
