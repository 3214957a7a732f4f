"""T10 to T12: money arrives, and funds the order when it covers what is due."""

from __future__ import annotations

from datetime import datetime, timedelta

from kro.core.decisions import Decision, Outcome
from kro.core.errors import ErrorKind, KroError
from kro.core.money import Money
from kro.kro_balance.domain import order_funded
from kro.order.database.records import OrderState
from kro.order.database.words import Command, EventType, FundingStatus, OrderStatus, Party, TimerKind
from kro.order.domain.changes import Changes, Context, money
from kro.order.domain.condition_times import arm_conditions
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.rules import OrderRules


class BalanceTooLowError(KroError):
    """The balance does not cover what is due."""

    kind = ErrorKind.CONFLICT
    code = "insufficient_funds"


class BalanceCoversError(KroError):
    """The balance covers all that is due; pay from the balance instead."""

    code = "balance_covers"


def amount_to_collect(state: OrderState, *, use_balance: bool, rules: OrderRules, at: datetime) -> Money:
    """Return what a provider has to collect for this order: all that is due, or what the balance does not cover.

    :raises BalanceCoversError: when the balance covers all of it and is to be used.
    :raises TierLimitExceededError: when the price is above what the buyer's tier may trade.
    """
    ensure_allowed(state, Command.FUND, state.viewer)
    _ensure_within_tier(state, rules, at)
    due = state.order.fees.buyer_pays
    covered = state.buyer_available if use_balance else 0
    if covered >= due:
        raise BalanceCoversError
    return Money(due - covered, state.order.currency)


def decide_fund_from_balance(state: OrderState, *, rules: OrderRules, context: Context) -> Outcome[OrderState]:
    """T11 by wallet: move the whole amount due from the buyer's balance into escrow.

    :raises BalanceTooLowError: when the balance does not cover it.
    :raises TierLimitExceededError: when the price is above what the buyer's tier may trade.
    """
    ensure_allowed(state, Command.FUND, state.viewer)
    _ensure_within_tier(state, rules, context.now)
    if state.buyer_available < state.order.fees.buyer_pays:
        raise BalanceTooLowError
    return _fund(Changes(state, context), context).done()


def decide_receipt(state: OrderState, received: Money, *, context: Context) -> Decision:
    """Return what a receipt, posted in the same write, changes on the order it was meant for.

    Accepted and covered: funded (T11). Accepted and short: the shortage is told (T10). Ended: the money stays in the
    payer's balance and the order stays ended (T12). Already funded: the money stays in the payer's balance.
    """
    order = state.order
    changes = Changes(state, context)
    amount = money(received.amount, received.currency)
    if order.status is OrderStatus.ACCEPTED and received.currency == order.currency:
        available = state.buyer_available + received.amount
        shortage = order.fees.buyer_pays - available
        if shortage <= 0 and not state.is_held:
            return _fund(changes, context).done().decision
        ensure_allowed(state, Command.PARTIAL_RECEIPT, Party.SYSTEM)
        changes.set(funding_status=FundingStatus.PARTIAL).tell(
            EventType.PARTIAL_RECEIPT, amount=amount, shortage=money(max(shortage, 0), order.currency)
        )
    elif order.status.is_ended:
        changes.tell(EventType.LATE_RECEIPT, amount=amount)
    else:
        changes.tell(EventType.EXTRA_RECEIPT, amount=amount)
    return changes.notify(Party.BUYER, "payment_received", received=amount).done().decision


def _ensure_within_tier(state: OrderState, rules: OrderRules, at: datetime) -> None:
    order = state.order
    rules.ensure_within_tier(tier=state.buyer_tier, amount=order.amount, currency=order.currency, at=at)


def _fund(changes: Changes, context: Context) -> Changes:
    order = changes.state.order
    due = Money(order.fees.buyer_pays, order.currency)
    ensure_allowed(changes.state, Command.FUNDED, Party.SYSTEM)
    deliver_by = context.now + timedelta(hours=order.delivery_hours)
    changes.clear_timers().to(
        OrderStatus.IN_PROGRESS, funding_status=FundingStatus.FUNDED, funded_amount=due.amount, fund_by=None
    )
    return (
        arm_conditions(changes)
        .start_timer(TimerKind.DELIVER_BY, deliver_by)
        .post(order_funded(changes.posting(), order_id=order.id, buyer_id=order.buyer_id, amount=due))
        .tell(EventType.FUNDED, held=money(due.amount, due.currency), deliver_by=deliver_by)
        .notify(Party.BUYER, "order_funded")
        .notify(Party.SELLER, "order_funded")
    )
