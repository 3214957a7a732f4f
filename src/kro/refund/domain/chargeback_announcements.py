"""Who is told of a contested payment: those who bear it, and the operators."""

from __future__ import annotations

from datetime import datetime

from kro.core.alerts import alert
from kro.core.decisions import Message
from kro.core.ids import show_id
from kro.core.money import Money
from kro.kro_balance.domain import Shares
from kro.payment.domain import Context, balance_notice, balance_updated
from kro.refund.database.chargeback_records import Chargeback, ChargebackState, ChargebackStatus


def tell_of_opening(
    state: ChargebackState, chargeback: Chargeback, shares: Shares, context: Context
) -> tuple[Message, ...]:
    """Return what everybody hears when a payment is contested: what was taken of whom, and what is owed now."""
    held = bool(chargeback.from_escrow)
    concerned = {debt.user_id: debt for debt in shares.debts}
    users = [user_id for user_id in (chargeback.seller_id, chargeback.payer_id) if user_id is not None]
    told: list[Message] = []
    for user_id in users:
        debt = concerned.get(user_id)
        if debt is None and not (held and state.seller and user_id == state.seller.user_id):
            continue
        facts: dict[str, Money | bool | None] = {
            "amount": chargeback.contested,
            "held": held,
            "taken": Money(debt.from_available, debt.currency) if debt and debt.from_available else None,
            "owed": Money(debt.owed, debt.currency) if debt and debt.owed else None,
        }
        told.append(balance_notice(user_id, "chargeback_opened", facts=facts, context=context))
        told.append(balance_updated(user_id, context=context))
    told.append(_alarm_opened(chargeback, context))
    return tuple(told)


def tell_of_ending(
    chargeback: Chargeback, status: ChargebackStatus, *, returned: int, context: Context
) -> tuple[Message, ...]:
    """Return what everybody hears when the bank has decided; ``returned`` came back, in minor units."""
    concerned = [chargeback.seller_id] if chargeback.seller_id else []
    concerned += [chargeback.payer_id] if chargeback.from_payer or not concerned else []
    facts: dict[str, Money | bool | None] = {"amount": chargeback.contested}
    if returned:
        template = "chargeback_won"
        facts["returned"] = Money(returned, chargeback.currency)
    else:
        template = "chargeback_lost"
    told = [balance_notice(user_id, template, facts=facts, context=context) for user_id in concerned]
    told += [balance_updated(user_id, context=context) for user_id in concerned]
    shown, words = show_id("cbk", chargeback.id), _words(chargeback.contested)
    told.append(
        alert(
            id=context.new_id(),
            kind=f"chargeback_{status}",
            subject=f"Chargeback {shown} of {words} is {status}",
            detail=f"Dispute {chargeback.provider_reference} at {chargeback.provider}.",
        )
    )
    return tuple(told)


def _alarm_opened(chargeback: Chargeback, context: Context) -> Message:
    shown, words = show_id("cbk", chargeback.id), _words(chargeback.contested)
    due = f" Answer by {chargeback.due_at:%Y-%m-%d %H:%M} UTC." if chargeback.due_at else ""
    owed = chargeback.payer_owed + chargeback.seller_owed
    unpaid = f" {_words(Money(owed, chargeback.currency))} of it is owed by users now." if owed else ""
    return alert(
        id=context.new_id(),
        kind="chargeback_opened",
        subject=f"Chargeback {shown} of {words}",
        detail=f"Dispute {chargeback.provider_reference} at {chargeback.provider}.{due}{unpaid}",
    )


def alarm_of_deadline(chargeback: Chargeback, due_at: datetime, context: Context) -> Message:
    """Return the reminder that the bank wants an answer soon."""
    shown = show_id("cbk", chargeback.id)
    return alert(
        id=context.new_id(),
        kind="chargeback_due",
        subject=f"Chargeback {shown} has to be answered soon",
        detail=f"Dispute {chargeback.provider_reference} at {chargeback.provider}, by {due_at:%Y-%m-%d %H:%M} UTC.",
    )


def _words(amount: Money) -> str:
    return f"{amount.currency} {amount.to_major()}"
