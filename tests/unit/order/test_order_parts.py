"""Parts of the price released before the approval: together they are the whole, whatever else happens to the order."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.core.decisions import Decision, Outcome
from kro.core.money import CurrencyMismatchError, Money
from kro.kro_balance.domain import Fees
from kro.order.database.records import OrderState
from kro.order.database.words import CloseReason, FundingStatus, OrderStatus, Party
from kro.order.domain import (
    Contested,
    FeePolicy,
    HeldRefund,
    decide_contest_lost,
    decide_contest_won,
    decide_contested,
    errors,
)
from kro.order.domain import decide_refund_held as refund_held
from kro.order.domain.decide_finish import decide_approve, decide_seller_cancel
from kro.order.domain.decide_inspection import decide_request_changes
from kro.order.domain.decide_release_part import decide_release_part
from kro.order.domain.settling import Settling
from order_scenes import DUE, FEE, FEES, SELLER, SELLER_GETS, VAT, completed, context, moved

THIRD = 5_000_000
WHOLE = {"order_escrow": DUE, "seller": -SELLER_GETS, "fee_revenue": -FEE, "vat_payable": -VAT}


def released(state: OrderState, amount: int) -> Outcome[OrderState]:
    asked = replace(state, viewer=Party.BUYER)
    return decide_release_part(asked, Money(amount, "NGN"), context=context())


def approved(state: OrderState) -> Outcome[OrderState]:
    return decide_approve(replace(state, viewer=Party.BUYER), context=context())


def refunded(state: OrderState, amount: int) -> Outcome[OrderState]:
    part = HeldRefund(refund_id=UUID(int=77), amount=Money(amount, "NGN"), to_source=False)
    return refund_held(replace(state, viewer=Party.SYSTEM), part, context=context(None))


def called_off(state: OrderState, fees: FeePolicy) -> Outcome[OrderState]:
    again = decide_request_changes(replace(state, viewer=Party.BUYER), "no", context=context()).value
    return decide_seller_cancel(
        replace(again, viewer=Party.SELLER), "no", settling=Settling(fees, no_record), context=context(SELLER)
    )


def no_record(*_: object) -> Decision:
    return Decision()


def together(*outcomes: Outcome[OrderState]) -> dict[str, int]:
    return moved(sum((outcome.decision for outcome in outcomes), Decision()))


class TestTheWorkedExampleInThreeParts:
    def test_is_the_whole_to_the_kobo(self) -> None:
        first = released(completed(), THIRD)
        second = released(first.value, THIRD)
        last = approved(second.value)

        vats = [-moved(part.decision)["vat_payable"] for part in (first, second, last)]
        sellers = [-moved(part.decision)["seller"] for part in (first, second, last)]
        assert (vats, sellers) == ([9_375, 9_375, 9_375], [4_932_813, 4_932_812, 4_932_813])
        assert together(first, second, last) == WHOLE
        assert (last.value.order.status, last.value.order.held) == (OrderStatus.CLOSED, 0)

    def test_leaves_the_order_under_inspection(self) -> None:
        outcome = released(completed(), THIRD)

        order = outcome.value.order
        assert (order.status, order.funding_status) == (OrderStatus.COMPLETED, FundingStatus.PART_SETTLED)
        assert (order.inspect_by, order.released_in_parts) == (completed().order.inspect_by, THIRD)
        assert order.held == DUE - 5_067_188
        assert not outcome.decision.cleared
        assert [event.data["released"]["amount"] for event in outcome.decision.events] == [4_932_813]

    @given(st.lists(st.integers(1, 14_999_999), max_size=6, unique=True).map(sorted))
    def test_is_the_whole_however_it_is_cut(self, cuts: list[int]) -> None:
        state = completed()
        outcomes: list[Outcome[OrderState]] = []
        for start, end in zip([0, *cuts], cuts, strict=False):
            try:
                outcome = released(state, end - start)
            except (errors.ReleaseTooSmallError, errors.ReleaseLeavesTooLittleError):
                break
            outcomes.append(outcome)
            state = outcome.value

        assert together(*outcomes, approved(state)) == WHOLE


class TestAPart:
    @pytest.mark.parametrize("amount", [15_000_000, 15_000_001, 14_999_999])
    def test_leaves_something_for_the_approval(self, amount: int) -> None:
        dear = replace(completed().order, fee_seller=14_000_000, vat_seller=900_000)

        with pytest.raises(errors.ReleaseLeavesTooLittleError):
            released(replace(completed(), order=dear), amount)

    def test_gives_the_seller_something(self) -> None:
        dear = replace(completed().order, fee_seller=14_000_000, vat_seller=900_000)

        with pytest.raises(errors.ReleaseTooSmallError):
            released(replace(completed(), order=dear), 1)

    def test_is_in_the_orders_currency(self) -> None:
        with pytest.raises(CurrencyMismatchError):
            decide_release_part(replace(completed(), viewer=Party.BUYER), Money(1, "USD"), context=context())

    def test_waits_while_the_order_is_on_hold(self) -> None:
        held = replace(completed().order, on_hold=True)

        with pytest.raises(errors.OrderOnHoldError):
            released(replace(completed(), order=held), THIRD)

    def test_repays_what_the_seller_owes_first(self) -> None:
        outcome = released(replace(completed(), seller_owes=1_000), THIRD)

        release, repaid = outcome.decision.journals
        assert (release.kind, repaid.kind) == ("partial_release", "receivable_repaid")
        assert (repaid.source_type, repaid.source_id) == ("release", release.source_id)
        assert moved(outcome.decision)["seller"] == -(4_932_813 - 1_000)


class TestWhatIsGivenBackAfterAPart:
    REST = DUE - 5_067_188

    def test_is_all_the_order_holds_and_the_seller_keeps_the_part(self) -> None:
        outcome = called_off(released(completed(), THIRD).value, FeePolicy())

        order = outcome.value.order
        assert moved(outcome.decision) == {"order_escrow": self.REST, "buyer": -self.REST}
        assert (order.status, order.close_reason) == (OrderStatus.CLOSED, CloseReason.SELLER_CANCELLED)

    def test_keeps_no_fee_twice(self) -> None:
        outcome = called_off(released(completed(), THIRD).value, FeePolicy(frozenset({CloseReason.SELLER_CANCELLED})))

        assert moved(outcome.decision) == {
            "order_escrow": self.REST,
            "buyer": -(self.REST - 125_000 - 9_375),
            "fee_revenue": -125_000,
            "vat_payable": -9_375,
        }

    def test_leaves_the_fees_that_are_still_to_come(self) -> None:
        state = released(completed(), THIRD).value
        most = self.REST - 250_000 - 18_750 - 1

        with pytest.raises(errors.RefundLeavesTooLittleError):
            refunded(state, most + 1)
        rest = approved(refunded(state, most).value)
        assert moved(rest.decision)["seller"] == -1
        assert together(released(completed(), THIRD), refunded(state, most), rest) == {
            "order_escrow": DUE,
            "seller": -4_932_814,
            "buyer": -most,
            "fee_revenue": -FEE,
            "vat_payable": -VAT,
        }

    def test_ends_the_order_as_closed_when_an_admin_gives_back_all(self) -> None:
        order = refunded(released(completed(), THIRD).value, self.REST).value.order

        assert (order.status, order.held) == (OrderStatus.CLOSED, 0)

    def test_is_no_more_than_a_part_can_still_take(self) -> None:
        state = refunded(completed(), DUE - FEE - VAT - 1_000).value

        with pytest.raises(errors.ReleaseLeavesTooLittleError):
            released(state, THIRD)
        part = released(state, 1_000 - 2)
        assert moved(approved(part.value).decision)["seller"] < 0


class TestAContestedPaymentAfterAPart:
    def contested(self) -> OrderState:
        state = replace(released(completed(), THIRD).value, viewer=Party.SYSTEM)
        return decide_contested(state, Contested(DUE, in_escrow=state.order.held), context=context(None)).value

    def test_that_comes_back_leaves_the_rest_exact(self) -> None:
        rest = Contested(DUE, in_escrow=DUE - 5_067_188)
        state = decide_contest_won(self.contested(), rest, context=context(None)).value

        second, last = released(state, THIRD), approved(released(state, THIRD).value)
        assert together(released(completed(), THIRD), second, last) == WHOLE

    def test_that_is_lost_closes_the_order_with_nothing_left(self) -> None:
        rest = Contested(DUE, in_escrow=DUE - 5_067_188)
        outcome = decide_contest_lost(
            self.contested(), rest, Contested(0, 0), context=context(None), refund_hook=no_record
        )

        order = outcome.value.order
        assert (order.status, order.held, moved(outcome.decision)) == (OrderStatus.CLOSED, 0, {})


class TestSlices:
    @given(st.lists(st.integers(0, 15_000_000), max_size=8).map(sorted))
    def test_side_by_side_are_the_whole_price(self, cuts: list[int]) -> None:
        points = [0, *cuts, FEES.amount]

        slices = [FEES.between(start, end) for start, end in pairwise(points)]

        for name in ("amount", "fee_buyer", "fee_seller", "vat_buyer", "vat_seller", "buyer_pays", "seller_receives"):
            assert sum(getattr(part, name) for part in slices) == getattr(FEES, name)
        assert all(min(part.fee_buyer, part.fee_seller, part.vat_buyer, part.vat_seller) >= 0 for part in slices)

    def test_of_nothing_costs_nothing(self) -> None:
        assert FEES.between(7, 7) == Fees("NGN", 0, 5_000, 0, 0, 0, 0)
