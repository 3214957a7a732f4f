"""T36 for a contested payment: the order waits for the payer's bank, and ends when the bank decides for the payer.

Money taken back undoes that part of the funding; money that comes back restores it. So what an order holds stays funded
less released less refunded.
"""

from __future__ import annotations

from dataclasses import dataclass

from kro.core.decisions import Outcome
from kro.core.money import Money
from kro.kro_balance.domain import refund_to_wallet
from kro.order.database.records import Order, OrderState
from kro.order.database.words import CloseReason, Command, EventType, FundingStatus, OrderStatus, Party
from kro.order.domain.changes import Changes, Context, money
from kro.order.domain.holding import lift_hold, put_on_hold
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.settling import RefundHook, WalletRefund


@dataclass(frozen=True, slots=True)
class Contested:
    """A contested payment of an order, in minor units of its currency.

    ``amount`` is all that is contested, ``in_escrow`` the part of it that the order itself bears. ``is_last`` says that
    no other payment of the order is being contested.
    """

    amount: int
    in_escrow: int
    is_last: bool = True


def is_funded(order: Order) -> bool:
    """Say whether an order holds, or held until a chargeback, money that has not been settled."""
    return order.status in {
        OrderStatus.IN_PROGRESS,
        OrderStatus.COMPLETED,
        OrderStatus.ISSUE_REPORTED,
        OrderStatus.DISPUTED,
    }


def decide_contested(state: OrderState, contested: Contested, *, context: Context) -> Outcome[OrderState]:
    """Take a contested payment out of an order and hold the order, or only note it on one that holds nothing."""
    order = state.order
    ensure_allowed(state, Command.CHARGEBACK_OPENED, Party.SYSTEM)
    changes = Changes(state, context)
    if is_funded(order):
        funded = order.funded_amount - contested.in_escrow
        put_on_hold(changes.set(funded_amount=funded, funding_status=_funding(order, funded)), context)
        # Who contests is the payer; the seller is told with what it costs them.
        changes.notify(Party.BUYER, "order_contested")
    return changes.tell(
        EventType.CHARGEBACK_OPENED,
        amount=money(contested.amount, order.currency),
        on_hold=changes.state.order.on_hold,
    ).done()


def decide_contest_won(state: OrderState, returned: Contested, *, context: Context) -> Outcome[OrderState]:
    """Put what came back into the order again, and let it go on."""
    order = state.order
    ensure_allowed(state, Command.CHARGEBACK_WON, Party.SYSTEM)
    changes = _restore(Changes(state, context), returned)
    if is_funded(order) and returned.is_last and not (order.compliance_hold or state.is_frozen):
        lift_hold(changes, context).notify(Party.BUYER, "order_resumed")
    return changes.tell(
        EventType.CHARGEBACK_WON,
        amount=money(returned.amount, order.currency),
        on_hold=changes.state.order.on_hold,
    ).done()


def decide_contest_lost(
    state: OrderState, lost: Contested, returned: Contested, *, context: Context, refund_hook: RefundHook
) -> Outcome[OrderState]:
    """End an order whose payment the bank gave back to the payer: what it still holds goes to the buyer's balance.

    An order that bore none of it goes on.
    """
    order = state.order
    ensure_allowed(state, Command.CHARGEBACK_LOST, Party.SYSTEM)
    changes = _restore(Changes(state, context), returned)
    changes.tell(EventType.CHARGEBACK_LOST, amount=money(lost.amount, order.currency))
    if not is_funded(order):
        return changes.done()
    if not lost.in_escrow:
        if lost.is_last and not (order.compliance_hold or state.is_frozen):
            lift_hold(changes, context).notify(Party.BUYER, "order_resumed").notify(Party.SELLER, "order_resumed")
        return changes.done()
    return _end(changes, context, refund_hook).done()


def _restore(changes: Changes, returned: Contested) -> Changes:
    order = changes.state.order
    if not is_funded(order) or not returned.in_escrow:
        return changes
    funded = order.funded_amount + returned.in_escrow
    return changes.set(funded_amount=funded, funding_status=_funding(order, funded))


def _end(changes: Changes, context: Context, refund_hook: RefundHook) -> Changes:
    order = changes.state.order
    rest = Money(order.held, order.currency)
    changes.to(
        order.given_back,
        close_reason=CloseReason.CHARGED_BACK,
        funding_status=FundingStatus.SETTLED,
        on_hold=False,
        compliance_hold=False,
        held_since=None,
        refunded_amount=order.refunded_amount + rest.amount,
    )
    if rest:
        refund = WalletRefund(order=order, amount=rest, reason=CloseReason.CHARGED_BACK)
        changes.post(
            refund_to_wallet(changes.posting(), order_id=order.id, buyer_id=order.buyer_id, amount=rest)
        ).include(refund_hook(refund, context))
    told = money(rest.amount, rest.currency)
    return (
        changes.tell(EventType.REFUNDED, cause=CloseReason.CHARGED_BACK, refunded=told)
        .notify(Party.BUYER, "order_refunded", refunded=told)
        .notify(Party.SELLER, "order_refunded", refunded=told)
    )


def _funding(order: Order, funded: int) -> FundingStatus:
    if not funded:
        return FundingStatus.NONE
    if order.released_amount or order.refunded_amount:
        return FundingStatus.PART_SETTLED
    return FundingStatus.FUNDED if funded >= order.fees.buyer_pays else FundingStatus.PARTIAL
