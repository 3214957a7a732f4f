"""What people are told when money moves: hints for open apps, notices for phones and mailboxes."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kro.core.decisions import Message
from kro.core.ids import show_id
from kro.core.money import Money
from kro.core.notices import Reader, notice
from kro.payment.database.provider_records import LentAccount
from kro.payment.database.records import Payment, PaymentStatus, Payout, PayoutStatus
from kro.payment.domain.context import Context


def payment_updated(payment: Payment, status: PaymentStatus, *, context: Context) -> Message:
    return _hint(payment.user_id, "payment.updated", show_id("pay", payment.id), status, context)


def payout_updated(payout: Payout, status: PayoutStatus, *, context: Context) -> Message:
    return _hint(payout.user_id, "payout.updated", show_id("pyt", payout.id), status, context)


def account_updated(account: LentAccount, *, context: Context) -> Message:
    return _hint(account.user_id, "account.updated", show_id("vac", account.id), account.status, context)


def balance_updated(user_id: UUID, *, context: Context) -> Message:
    return _hint(user_id, "balance.updated", show_id("usr", user_id), "changed", context)


def payout_notice(payout: Payout, template: str, *, context: Context) -> Message:
    """Tell the owner about a payout; the account number is masked."""
    destination = payout.destination
    return notice(
        id=context.new_id(),
        user_id=payout.user_id,
        template=template,
        reader=Reader.OWNER,
        facts={
            "payout_id": show_id("pyt", payout.id),
            "amount": {"amount": payout.amount.amount, "currency": payout.amount.currency},
            "bank": f"{destination.bank_name} {destination.masked_number}",
        },
    )


def balance_notice(
    user_id: UUID, template: str, *, facts: Mapping[str, Money | bool | None], context: Context
) -> Message:
    """Tell a user what changed their balance or debt; amounts travel in minor units."""
    told = {
        name: {"amount": fact.amount, "currency": fact.currency} if isinstance(fact, Money) else fact
        for name, fact in facts.items()
    }
    return notice(id=context.new_id(), user_id=user_id, template=template, reader=Reader.OWNER, facts=told)


def _hint(user_id: UUID, event: str, shown_id: str, status: str, context: Context) -> Message:
    return Message(
        id=context.new_id(),
        topic="realtime",
        payload={"users": [user_id], "event": event, "data": {"id": shown_id, "status": status}},
    )
