"""Who bears a contested payment, and to whom what comes back of it belongs. Amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kro.kro_balance.domain import Debt, Shares
from kro.order.domain import OrderStatus, is_funded
from kro.refund.database.chargeback_records import Chargeback, ChargebackState, Means


@dataclass(frozen=True, slots=True)
class Parts:
    """One amount by who bears it."""

    escrow: int
    payer: int
    seller: int


def share_out(state: ChargebackState, amount: int) -> Parts:
    """Say who bears an amount taken back, in this order.

    First the order, as far as it still holds money. Then the payer, as far as they have the money back already or it
    never was the order's: refunds, overpayments, payments that came too late. Then the seller, as far as it was
    released. What nobody of them had is the payer's again.
    """
    order = state.order
    if order is None:
        return Parts(escrow=0, payer=amount, seller=0)
    known = order.order
    escrow = min(amount, known.held) if is_funded(known) else 0
    rest = amount - escrow
    never_used = state.payment.order_received - known.funded_amount - state.borne.by_escrow
    had_back = known.refunded_amount + max(never_used, 0) - state.borne.by_payer
    payer = min(rest, max(had_back, 0))
    rest -= payer
    # In a refunded order the seller got nothing: what was released of it are fees the platform kept.
    released = 0 if known.status is OrderStatus.REFUNDED else known.released_amount - state.borne.by_seller
    seller = min(rest, max(released, 0))
    return Parts(escrow=escrow, payer=payer + rest - seller, seller=seller)


def share_back(chargeback: Chargeback, amount: int) -> Parts:
    """Say to whom an amount that came back belongs: in the opposite order of who bore it."""
    seller = min(amount, chargeback.from_seller)
    payer = min(amount - seller, chargeback.from_payer)
    return Parts(escrow=amount - seller - payer, payer=payer, seller=seller)


def taken(state: ChargebackState, parts: Parts) -> Shares:
    """Return the ledger's view of what is taken: from balances as far as they go, the rest is owed."""
    currency = state.payment.currency
    debts = [_take(state.payer, parts.payer, currency)] if parts.payer else []
    if state.seller is not None and parts.seller:
        debts.append(_take(state.seller, parts.seller, currency))
    return Shares(state.payment.order_id, currency, parts.escrow, tuple(debts))


def given_back(state: ChargebackState, chargeback: Chargeback, parts: Parts) -> Shares:
    """Return the ledger's view of what is given back: a debt is lowered by what is still owed of it.

    Money of an order that has ended meanwhile goes to its payer.
    """
    currency = state.payment.currency
    goes_on = state.order is not None and is_funded(state.order.order)
    to_payer = parts.payer if goes_on else parts.payer + parts.escrow
    debts = [_give(state.payer, to_payer, chargeback.payer_owed, currency)] if to_payer else []
    if state.seller is not None and parts.seller:
        debts.append(_give(state.seller, parts.seller, chargeback.seller_owed, currency))
    return Shares(state.payment.order_id, currency, parts.escrow if goes_on else 0, tuple(debts))


def owed_by(shares: Shares, user_id: UUID | None) -> int:
    """Return what stays owed by one user."""
    return sum(debt.owed for debt in shares.debts if debt.user_id == user_id)


def _take(means: Means, amount: int, currency: str) -> Debt:
    from_available = min(means.available, amount)
    return Debt(means.user_id, currency, from_available, amount - from_available)


def _give(means: Means, amount: int, owed_at_first: int, currency: str) -> Debt:
    still_owed = min(amount, owed_at_first, means.owes)
    return Debt(means.user_id, currency, amount - still_owed, still_owed)
