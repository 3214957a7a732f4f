"""T04 to T09: the parties agree, or do not."""

from __future__ import annotations

from dataclasses import dataclass

from kro.core.decisions import Outcome
from kro.order.database.records import OrderState
from kro.order.database.words import (
    CloseReason,
    Command,
    EventType,
    OrderStatus,
    Party,
    TimerKind,
)
from kro.order.domain import errors
from kro.order.domain.changes import Changes, Context
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.rules import OrderRules


@dataclass(frozen=True, slots=True)
class AcceptOrder:
    """Acceptance names the hash of the terms it was shown."""

    terms_hash: str


def decide_accept(
    state: OrderState, command: AcceptOrder, *, rules: OrderRules, context: Context
) -> Outcome[OrderState]:
    """T07: accept exactly the terms shown; the buyer then has ``rules.fund_within`` to pay.

    :raises StaleTermsError: when the terms changed since.
    :raises SellerNotVerifiedError: when the seller has no verified identity.
    :raises TierLimitExceededError: when the price is above what the buyer's tier may trade.
    """
    order = state.order
    ensure_allowed(state, Command.ACCEPT, state.viewer)
    if command.terms_hash != order.terms_hash:
        raise errors.StaleTermsError
    if state.seller_tier < 1:
        raise errors.SellerNotVerifiedError
    if state.viewer is Party.BUYER:
        # Whoever proposed was measured then; a buyer who only accepts has not been yet.
        rules.ensure_within_tier(tier=state.buyer_tier, amount=order.amount, currency=order.currency, at=context.now)
    return (
        Changes(state, context)
        .to(OrderStatus.ACCEPTED, accepted_hash=order.terms_hash, accept_by=None)
        .clear_timers()
        .start_timer(TimerKind.FUND_BY, context.now + rules.fund_within)
        .tell(EventType.ACCEPTED, terms_hash=order.terms_hash)
        .notify(state.viewer.other, "order_accepted")
        .done()
    )


def decide_decline(state: OrderState, reason: str, *, context: Context) -> Outcome[OrderState]:
    """T04: turn the proposal down."""
    ensure_allowed(state, Command.DECLINE, state.viewer)
    return (
        Changes(state, context)
        .to(OrderStatus.DECLINED, close_reason=CloseReason.DECLINED)
        .tell(EventType.DECLINED, reason=reason)
        .notify(state.viewer.other, "order_declined", reason=reason)
        .done()
    )


def decide_cancel_unfunded(state: OrderState, reason: str, *, context: Context) -> Outcome[OrderState]:
    """T05 and T08: withdraw before any money is in escrow; partial receipts already are the buyer's own balance.

    :raises PaymentInProgressError: while a payment's outcome is open.
    """
    ensure_allowed(state, Command.CANCEL, state.viewer)
    if state.open_payments:
        raise errors.PaymentInProgressError
    return (
        Changes(state, context)
        .to(OrderStatus.CANCELLED, close_reason=CloseReason.CANCELLED)
        .tell(EventType.CANCELLED, reason=reason)
        .notify(state.viewer.other, "order_cancelled", reason=reason)
        .done()
    )


def decide_accept_timeout(state: OrderState, *, context: Context) -> Outcome[OrderState] | None:
    """T06: nobody answered in time. Return ``None`` when the timer is late, repeated or stale."""
    order = state.order
    if order.status is not OrderStatus.CREATED or order.accept_by is None or context.now < order.accept_by:
        return None
    ensure_allowed(state, Command.ACCEPT_TIMEOUT, Party.SYSTEM)
    return _expire(state, CloseReason.NOT_ACCEPTED_IN_TIME, context)


def decide_fund_timeout(state: OrderState, *, context: Context) -> Outcome[OrderState] | None:
    """T09: the money did not come in time. Return ``None`` when the timer is late, repeated or stale.

    :raises PaymentInProgressError: while a payment's outcome is open; ask the provider, then try again.
    """
    order = state.order
    if order.status is not OrderStatus.ACCEPTED or order.fund_by is None or context.now < order.fund_by:
        return None
    ensure_allowed(state, Command.FUND_TIMEOUT, Party.SYSTEM)
    if state.open_payments:
        raise errors.PaymentInProgressError
    return _expire(state, CloseReason.NOT_FUNDED_IN_TIME, context)


def _expire(state: OrderState, reason: CloseReason, context: Context) -> Outcome[OrderState]:
    return (
        Changes(state, context)
        .to(OrderStatus.EXPIRED, close_reason=reason)
        .tell(EventType.EXPIRED, reason=reason)
        .notify(Party.BUYER, "order_expired")
        .notify(Party.SELLER, "order_expired")
        .done()
    )
