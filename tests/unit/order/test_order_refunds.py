"""What an order gives back: everything by default, a part, or all but the fee where the policy keeps it."""

from dataclasses import replace
from uuid import UUID

import pytest

from kro.core.decisions import Decision
from kro.core.money import Money
from kro.order.database.records import OrderState
from kro.order.database.words import CloseReason, FundingStatus, OrderStatus, Party
from kro.order.domain import FeePolicy, HeldRefund, WalletRefund, decide_refund_held, errors
from kro.order.domain.decide_finish import decide_seller_cancel
from kro.order.domain.settling import Settling
from order_scenes import DUE, SELLER, SETTLING, context, funded, moved

FEE_BUYER, VAT_BUYER = 187_500, 14_063
KEEPS = FeePolicy(frozenset({CloseReason.SELLER_CANCELLED}))


def seen_by_seller() -> OrderState:
    return replace(funded(), viewer=Party.SELLER)


def seen_by_system() -> OrderState:
    return replace(funded(), viewer=Party.SYSTEM)


class TestTheFee:
    def test_goes_back_when_the_seller_cancels(self) -> None:
        outcome = decide_seller_cancel(seen_by_seller(), "Sold out", context=context(SELLER), settling=SETTLING)

        assert moved(outcome.decision) == {"order_escrow": DUE, "buyer": -DUE}
        assert outcome.value.order.refunded_amount == DUE

    def test_stays_where_the_policy_for_the_cause_keeps_it(self) -> None:
        told: list[WalletRefund] = []

        def hook(refund: WalletRefund, _: object) -> Decision:
            told.append(refund)
            return Decision()

        outcome = decide_seller_cancel(
            seen_by_seller(), "Sold out", settling=Settling(KEEPS, hook), context=context(SELLER)
        )

        back = DUE - FEE_BUYER - VAT_BUYER
        assert moved(outcome.decision) == {
            "order_escrow": DUE,
            "buyer": -back,
            "fee_revenue": -FEE_BUYER,
            "vat_payable": -VAT_BUYER,
        }
        order = outcome.value.order
        assert (order.held, order.refunded_amount) == (0, back)
        assert (told[0].amount.amount, told[0].fee, told[0].vat) == (back, FEE_BUYER, VAT_BUYER)

    def test_stays_for_no_other_cause_and_never_takes_everything(self) -> None:
        order = funded().order
        assert KEEPS.kept(CloseReason.OVERDUE, order) == (0, 0)
        almost_empty = replace(order, refunded_amount=DUE - FEE_BUYER - VAT_BUYER)
        assert KEEPS.kept(CloseReason.SELLER_CANCELLED, almost_empty) == (0, 0)


class TestWhatIsHeld:
    def give(
        self, amount: int, *, to_source: bool = False, state: OrderState | None = None
    ) -> tuple[Decision, OrderState]:
        part = HeldRefund(refund_id=UUID(int=77), amount=Money(amount, "NGN"), to_source=to_source)
        outcome = decide_refund_held(state or seen_by_system(), part, context=context(None))
        return outcome.decision, outcome.value

    def test_goes_back_whole_and_ends_the_order(self) -> None:
        decision, state = self.give(DUE)

        assert moved(decision) == {"order_escrow": DUE, "buyer": -DUE}
        assert (state.order.status, state.order.funding_status) == (OrderStatus.REFUNDED, FundingStatus.SETTLED)
        assert decision.cleared

    def test_goes_back_in_part_and_the_order_goes_on(self) -> None:
        decision, state = self.give(1_000, to_source=True)

        assert moved(decision) == {"order_escrow": 1_000, "refund_in_transit": -1_000}
        assert (state.order.status, state.order.funding_status) == (OrderStatus.IN_PROGRESS, FundingStatus.PART_SETTLED)
        assert not decision.cleared

    @pytest.mark.parametrize("amount", [DUE - 1, DUE - 375_000 - 28_125])
    def test_leaves_the_fees_and_something_for_the_seller(self, amount: int) -> None:
        with pytest.raises(errors.RefundLeavesTooLittleError):
            self.give(amount)

    def test_never_goes_above_what_is_there(self) -> None:
        with pytest.raises(errors.RefundAboveHeldError):
            self.give(DUE + 1)

    def test_waits_while_the_order_is_on_hold(self) -> None:
        state = seen_by_system()
        with pytest.raises(errors.OrderOnHoldError):
            self.give(DUE, state=replace(state, order=replace(state.order, on_hold=True)))

    def test_is_not_for_the_parties(self) -> None:
        with pytest.raises(errors.WrongPartyError):
            self.give(DUE, state=seen_by_seller())
