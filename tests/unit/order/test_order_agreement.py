"""Agreeing on an order and paying for it, as pure functions: no database, no clock, no framework."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kro.core.actor import Standing
from kro.core.decisions import Insert, Update
from kro.core.kyc import TierLimitExceededError
from kro.core.money import Money
from kro.kro_balance.domain import Quote
from kro.order.database.records import Person
from kro.order.database.words import (
    FundingStatus,
    OrderStatus,
    Party,
)
from kro.order.domain import errors
from kro.order.domain.decide_agree import (
    AcceptOrder,
    decide_accept,
    decide_cancel_unfunded,
)
from kro.order.domain.decide_create import decide_create
from kro.order.domain.decide_fund import (
    BalanceTooLowError,
    amount_to_collect,
    decide_fund_from_balance,
    decide_receipt,
)
from order_scenes import (
    BUYER,
    DUE,
    FEES,
    INSPECTION,
    LINK,
    NOW,
    PROPOSAL,
    RULES,
    SELLER,
    accepted,
    context,
    created,
    creation,
    funded,
    moved,
)


class TestCreate:
    def test_keeps_the_quoted_price_and_waits_for_the_answer(self) -> None:
        outcome = decide_create(creation(), PROPOSAL, link=LINK, rules=RULES, context=context())
        order = outcome.value.order

        assert (order.status, order.fees, order.accept_by) == (OrderStatus.CREATED, FEES, NOW + timedelta(hours=72))
        assert [type(write) for write in outcome.decision.writes] == [Insert, Insert, Insert]
        assert [event.seq for event in outcome.decision.events] == [1]
        assert moved(outcome.decision) == {}

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"quote": None}, errors.QuoteExpiredError),
            ({"quote": Quote(UUID(int=1), BUYER, "goods", FEES, {}, NOW)}, errors.QuoteExpiredError),
            ({"quote": Quote(UUID(int=1), BUYER, "rent", FEES, {}, NOW + timedelta(1))}, errors.QuoteExpiredError),
            ({"counterparty": Person(BUYER, "x", "active", 1)}, errors.SamePartyError),
            ({"standing": Standing(session_live=True, status="active")}, TierLimitExceededError),
        ],
    )
    def test_refuses(self, changes: dict[str, object], error: type[Exception]) -> None:
        with pytest.raises(error):
            decide_create(creation(**changes), PROPOSAL, link=LINK, rules=RULES, context=context())

    def test_needs_a_required_condition(self) -> None:
        command = replace(PROPOSAL, conditions=(replace(INSPECTION, required=False),))

        with pytest.raises(errors.NoConditionsError):
            decide_create(creation(), command, link=LINK, rules=RULES, context=context())

    def test_hashes_everything_agreed_on(self) -> None:
        other = replace(PROPOSAL, delivery_hours=73)

        changed = decide_create(creation(), other, link=LINK, rules=RULES, context=context()).value

        assert changed.order.terms_hash != created().order.terms_hash


class TestAccept:
    def test_gives_the_buyer_time_to_pay(self) -> None:
        order = accepted().order

        assert (order.status, order.fund_by, order.accept_by) == (
            OrderStatus.ACCEPTED,
            NOW + timedelta(hours=48),
            None,
        )
        assert order.accepted_hash == order.terms_hash

    def test_names_the_terms_it_was_shown(self) -> None:
        with pytest.raises(errors.StaleTermsError):
            decide_accept(
                replace(created(), viewer=Party.SELLER), AcceptOrder("0" * 64), rules=RULES, context=context(SELLER)
            )

    def test_is_for_the_other_party(self) -> None:
        state = created()

        with pytest.raises(errors.WrongPartyError):
            decide_accept(state, AcceptOrder(state.order.terms_hash), rules=RULES, context=context())

    def test_needs_a_verified_seller(self) -> None:
        state = replace(created(), viewer=Party.SELLER, seller_tier=0)

        with pytest.raises(errors.SellerNotVerifiedError):
            decide_accept(state, AcceptOrder(state.order.terms_hash), rules=RULES, context=context(SELLER))


class TestFunding:
    def test_from_the_balance_moves_exactly_what_is_due(self) -> None:
        state = replace(accepted(), viewer=Party.BUYER, buyer_available=DUE, buyer_tier=1)

        outcome = decide_fund_from_balance(state, rules=RULES, context=context())

        assert moved(outcome.decision) == {"buyer": DUE, "order_escrow": -DUE}
        order = outcome.value.order
        assert (order.status, order.funding_status, order.held) == (
            OrderStatus.IN_PROGRESS,
            FundingStatus.FUNDED,
            DUE,
        )
        assert order.deliver_by == NOW + timedelta(hours=72)

    def test_from_the_balance_refuses_one_kobo_less(self) -> None:
        with pytest.raises(BalanceTooLowError):
            decide_fund_from_balance(
                replace(accepted(), viewer=Party.BUYER, buyer_available=DUE - 1, buyer_tier=1),
                rules=RULES,
                context=context(),
            )

    @pytest.mark.parametrize(("available", "received"), [(0, DUE), (1, DUE - 1), (0, DUE + 500)])
    def test_by_a_receipt_that_covers_it_with_what_is_there(self, available: int, received: int) -> None:
        state = replace(accepted(), viewer=Party.SYSTEM, buyer_available=available)

        decision = decide_receipt(state, Money(received, "NGN"), context=context(None))

        assert moved(decision) == {"buyer": DUE, "order_escrow": -DUE}

    def test_by_a_short_receipt_only_tells_the_shortage(self) -> None:
        state = replace(accepted(), viewer=Party.SYSTEM, buyer_available=100)

        decision = decide_receipt(state, Money(DUE - 101, "NGN"), context=context(None))

        assert moved(decision) == {}
        assert decision.events[0].data["shortage"] == {"amount": 1, "currency": "NGN"}
        update = decision.writes[0]
        assert isinstance(update, Update)
        assert update.changes["funding_status"] == FundingStatus.PARTIAL
        assert "status" not in update.changes

    def test_late_money_never_revives_an_ended_order(self) -> None:
        ended = decide_cancel_unfunded(replace(accepted(), viewer=Party.BUYER), "changed my mind", context=context())
        state = replace(ended.value, viewer=Party.SYSTEM)

        decision = decide_receipt(state, Money(DUE, "NGN"), context=context(None))

        assert moved(decision) == {}
        assert [event.type for event in decision.events] == ["late_receipt"]
        assert all(not isinstance(w, Update) or "status" not in w.changes for w in decision.writes)

    def test_a_second_payment_stays_with_its_payer(self) -> None:
        decision = decide_receipt(replace(funded(), viewer=Party.SYSTEM), Money(DUE, "NGN"), context=context(None))

        assert moved(decision) == {}
        assert [event.type for event in decision.events] == ["extra_receipt"]

    def test_an_order_on_hold_is_not_funded(self) -> None:
        state = accepted()
        held = replace(state, viewer=Party.SYSTEM, order=replace(state.order, on_hold=True))

        assert moved(decide_receipt(held, Money(DUE, "NGN"), context=context(None))) == {}

    def test_collects_what_the_balance_does_not_cover(self) -> None:
        state = replace(accepted(), viewer=Party.BUYER, buyer_available=1_563, buyer_tier=1)

        assert amount_to_collect(state, use_balance=True, rules=RULES, at=NOW) == Money(15_200_000, "NGN")
        assert amount_to_collect(state, use_balance=False, rules=RULES, at=NOW) == Money(DUE, "NGN")
