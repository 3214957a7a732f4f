"""Whatever is amended, up or down and as often as it may be, the money adds up to the kobo in the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kro.core.actor import Standing
from kro.core.decisions import Outcome
from kro.core.money import allocate, share
from kro.kro_balance.domain import Fees, Quote
from kro.order.database.records import Order, OrderState, TermsState
from kro.order.database.words import ConditionStatus, OrderStatus, Party
from kro.order.domain.decide_amendment import AcceptAmendment, ProposeAmendment, decide_accept, decide_propose
from kro.order.domain.decide_finish import decide_approve, decide_complete, decide_seller_cancel
from order_scenes import BUYER, NOW, RULES, SELLER, SETTLING, context, funded, moved

PRICES = st.tuples(st.integers(10_000, 50_000_000), st.integers(0, 10_000))
PURSE = 200_000_000


def fees(amount: int, buyer_share_bps: int) -> Fees:
    fee = share(amount, 250)
    vat = share(fee, 750)
    fee_buyer, fee_seller = allocate(fee, (buyer_share_bps, 10_000 - buyer_share_bps))
    vat_buyer, vat_seller = allocate(vat, (fee_buyer, fee_seller)) if fee else (0, 0)
    return Fees("NGN", amount, buyer_share_bps, fee_buyer, fee_seller, vat_buyer, vat_seller)


class Books:
    """What everybody has, by the journals alone."""

    def __init__(self) -> None:
        self.totals: dict[str, int] = {}

    def book(self, outcome: Outcome[OrderState]) -> OrderState:
        for account, amount in moved(outcome.decision).items():
            self.totals[account] = self.totals.get(account, 0) - amount
        return outcome.value

    def has(self, account: str) -> int:
        return self.totals.get(account, 0)


def amend(state: OrderState, price: Fees, books: Books, *, by: Party) -> OrderState:
    proposer, other = (BUYER, SELLER) if by is Party.BUYER else (SELLER, BUYER)
    quote = Quote(UUID(int=1), proposer, "goods", price, {}, NOW + timedelta(minutes=30))
    standing = Standing(session_live=True, status="active", kyc_tier=1)
    known = replace(state, viewer=by, buyer_tier=1, buyer_available=PURSE + books.has("buyer"))
    wish = ProposeAmendment(has_quote=True, delivery_hours=None, inspection_hours=None, added=(), removed=())
    shown = decide_propose(TermsState(known, standing, quote, None), wish, rules=RULES, context=context(proposer)).value
    assert shown.amendment is not None
    command = AcceptAmendment(shown.amendment.id, shown.amendment.hash)
    seen = replace(shown, viewer=by.other)
    return books.book(decide_accept(seen, command, rules=RULES, context=context(other)))


def settled_conditions(state: OrderState) -> OrderState:
    done = tuple(replace(condition, status=ConditionStatus.FULFILLED) for condition in state.conditions)
    return replace(state, conditions=done)


@given(prices=st.lists(PRICES, min_size=1, max_size=8), ends=st.booleans(), by=st.sampled_from([*Party][:2]))
def test_the_money_adds_up(prices: list[tuple[int, int]], *, ends: bool, by: Party) -> None:
    books, state = Books(), funded()
    paid = state.order.fees.buyer_pays
    for price in (fees(*price) for price in prices):
        if price == state.order.fees:
            continue
        state = amend(state, price, books, by=by)
        assert state.order.fees == price
        assert state.order.held == paid + books.has("order_escrow") == price.buyer_pays
        assert books.has("buyer") == paid - price.buyer_pays

    order: Order = state.order
    if ends:
        state = replace(settled_conditions(state), viewer=Party.SELLER)
        state = decide_complete(state, context=context(SELLER)).value
        state = books.book(decide_approve(replace(state, viewer=Party.BUYER), context=context()))
    else:
        state = replace(state, viewer=Party.SELLER)
        state = books.book(decide_seller_cancel(state, "no", settling=SETTLING, context=context(SELLER)))

    assert state.order.status is (OrderStatus.CLOSED if ends else OrderStatus.REFUNDED)
    assert state.order.held == 0 == paid + books.has("order_escrow")
    expected = (paid - order.fees.buyer_pays, order.fees.seller_receives, order.fees.fee, order.fees.vat)
    assert tuple(books.has(name) for name in ("buyer", "seller", "fee_revenue", "vat_payable")) == (
        expected if ends else (paid, 0, 0, 0)
    )
