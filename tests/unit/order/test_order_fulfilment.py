"""From the first condition to the release or the way back, as pure functions."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kro.core.decisions import Decision
from kro.core.money import Money
from kro.order.database.words import (
    CloseReason,
    ConditionStatus,
    FundingStatus,
    OrderStatus,
    Party,
)
from kro.order.domain import Context, FeePolicy, WalletRefund, errors
from kro.order.domain.decide_agree import (
    decide_accept_timeout,
    decide_cancel_unfunded,
    decide_fund_timeout,
)
from kro.order.domain.decide_conditions import SubmitCondition, decide_confirm, decide_submit
from kro.order.domain.decide_finish import (
    decide_approve,
    decide_cancel_overdue,
    decide_complete,
    decide_seller_cancel,
)
from kro.order.domain.settling import Settling
from order_scenes import (
    DUE,
    FEE,
    NOW,
    RULES,
    SELLER,
    SELLER_GETS,
    SETTLING,
    VAT,
    accepted,
    completed,
    context,
    created,
    funded,
    handed_in,
    moved,
)


class TestConditions:
    def test_evidence_has_to_belong_to_the_order(self) -> None:
        state = replace(funded(), viewer=Party.SELLER)

        with pytest.raises(errors.EvidenceNotFoundError):
            decide_submit(state, SubmitCondition(state.conditions[0].id, None, (UUID(int=8),)), context=context(SELLER))

    def test_evidence_has_to_be_there(self) -> None:
        state = replace(funded(), viewer=Party.SELLER)

        with pytest.raises(errors.EvidenceRequiredError):
            decide_submit(state, SubmitCondition(state.conditions[0].id, None, ()), context=context(SELLER))

    def test_what_needs_evidence_is_not_confirmed_before_it_is_handed_in(self) -> None:
        state = replace(funded(), viewer=Party.BUYER)

        with pytest.raises(errors.ConditionClosedError):
            decide_confirm(state, state.conditions[0].id, context=context())

    def test_a_seller_cannot_confirm_for_the_buyer(self) -> None:
        state = replace(handed_in(), viewer=Party.SELLER)

        with pytest.raises(errors.WrongPartyError):
            decide_confirm(state, state.conditions[0].id, context=context(SELLER))

    def test_confirming_names_who_did(self) -> None:
        state = replace(handed_in(), viewer=Party.BUYER)

        confirmed = decide_confirm(state, state.conditions[0].id, context=context()).value.conditions[0]

        assert (confirmed.status, confirmed.settled_by) == (ConditionStatus.FULFILLED, Party.BUYER)


class TestCompletion:
    def test_waits_for_what_the_seller_owes(self) -> None:
        with pytest.raises(errors.ConditionsUnmetError, match="Waybill"):
            decide_complete(replace(funded(), viewer=Party.SELLER), context=context(SELLER))

    def test_starts_the_inspection(self) -> None:
        assert completed().order.inspect_by == NOW + timedelta(hours=72)


class TestApproval:
    def test_releases_the_worked_example_to_the_kobo(self) -> None:
        outcome = decide_approve(replace(completed(), viewer=Party.BUYER), context=context())

        assert moved(outcome.decision) == {
            "order_escrow": DUE,
            "seller": -SELLER_GETS,
            "fee_revenue": -FEE,
            "vat_payable": -VAT,
        }
        order = outcome.value.order
        assert (order.status, order.held, order.funding_status) == (OrderStatus.CLOSED, 0, FundingStatus.SETTLED)
        assert all(condition.status.is_settled for condition in outcome.value.conditions)

    def test_is_for_the_buyer(self) -> None:
        with pytest.raises(errors.WrongPartyError):
            decide_approve(replace(completed(), viewer=Party.SELLER), context=context(SELLER))

    def test_does_not_forgive_what_the_buyer_sent_back(self) -> None:
        state = replace(completed(), viewer=Party.BUYER)
        sent_back = replace(state.conditions[0], status=ConditionStatus.PENDING)

        with pytest.raises(errors.ConditionsUnmetError):
            decide_approve(replace(state, conditions=(sent_back, *state.conditions[1:])), context=context())

    def test_waits_while_the_order_is_on_hold(self) -> None:
        state = replace(completed(), viewer=Party.BUYER)

        with pytest.raises(errors.OrderOnHoldError):
            decide_approve(replace(state, order=replace(state.order, on_hold=True)), context=context())


class TestCallingOff:
    def test_by_the_seller_gives_everything_back_and_records_it(self) -> None:
        recorded: list[WalletRefund] = []

        def hook(refund: WalletRefund, _: Context) -> Decision:
            recorded.append(refund)
            return Decision()

        outcome = decide_seller_cancel(
            replace(funded(), viewer=Party.SELLER),
            "out of stock",
            context=context(SELLER),
            settling=Settling(FeePolicy(), hook),
        )

        assert moved(outcome.decision) == {"order_escrow": DUE, "buyer": -DUE}
        assert (outcome.value.order.status, outcome.value.order.held) == (OrderStatus.REFUNDED, 0)
        assert [(r.amount, r.reason) for r in recorded] == [(Money(DUE, "NGN"), CloseReason.SELLER_CANCELLED)]

    def test_by_the_buyer_only_after_the_grace_period(self) -> None:
        state = replace(funded(), viewer=Party.BUYER)
        assert state.order.deliver_by is not None
        last_moment = state.order.deliver_by + timedelta(hours=24)

        with pytest.raises(errors.NotOverdueError):
            decide_cancel_overdue(state, "late", rules=RULES, context=context(now=last_moment), settling=SETTLING)
        late = context(now=last_moment + timedelta(microseconds=1))
        outcome = decide_cancel_overdue(state, "late", rules=RULES, context=late, settling=SETTLING)
        assert moved(outcome.decision) == {"order_escrow": DUE, "buyer": -DUE}

    def test_before_funding_waits_for_an_open_payment(self) -> None:
        with pytest.raises(errors.PaymentInProgressError):
            decide_cancel_unfunded(replace(accepted(), viewer=Party.BUYER, open_payments=1), "no", context=context())


class TestTimeouts:
    def test_an_early_timer_does_nothing(self) -> None:
        early = context(None, now=NOW + timedelta(hours=71))

        assert decide_accept_timeout(replace(created(), viewer=Party.SYSTEM), context=early) is None

    def test_an_unanswered_proposal_expires(self) -> None:
        outcome = decide_accept_timeout(
            replace(created(), viewer=Party.SYSTEM), context=context(None, now=NOW + timedelta(hours=72))
        )

        assert outcome is not None
        assert outcome.value.order.status is OrderStatus.EXPIRED

    def test_a_stale_timer_does_nothing(self) -> None:
        late = context(None, now=NOW + timedelta(days=30))

        assert decide_accept_timeout(replace(accepted(), viewer=Party.SYSTEM), context=late) is None
        assert decide_fund_timeout(replace(funded(), viewer=Party.SYSTEM), context=late) is None

    def test_an_open_payment_holds_the_expiry_back(self) -> None:
        state = replace(accepted(), viewer=Party.SYSTEM, open_payments=1)

        with pytest.raises(errors.PaymentInProgressError):
            decide_fund_timeout(state, context=context(None, now=NOW + timedelta(hours=49)))
