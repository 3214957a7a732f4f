"""What may happen while the buyer inspects, as pure functions."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kro.order.database.records import OrderState
from kro.order.database.words import ConditionStatus, OrderStatus, Party
from kro.order.domain import errors
from kro.order.domain.decide_conditions import SubmitCondition, decide_confirm, decide_submit
from kro.order.domain.decide_create import decide_create
from kro.order.domain.decide_finish import decide_complete
from kro.order.domain.decide_inspection import decide_extend, decide_request_changes
from order_scenes import (
    BUYER,
    LINK,
    NOW,
    PROPOSAL,
    RULES,
    SELLER,
    completed,
    context,
    created,
    creation,
    handed_in,
    moved,
)

ENDS = NOW + timedelta(hours=72)
LAST_MOMENT = ENDS - timedelta(microseconds=1)


def extended(state: OrderState, viewer: Party, hours: int) -> OrderState:
    user = BUYER if viewer is Party.BUYER else SELLER
    return decide_extend(replace(state, viewer=viewer), hours, rules=RULES, context=context(user)).value


class TestExtending:
    @pytest.mark.parametrize(("viewer", "other"), [(Party.SELLER, "buyer_id"), (Party.BUYER, "seller_id")])
    def test_moves_the_deadline_and_nothing_else_and_tells_the_other(self, viewer: Party, other: str) -> None:
        state = replace(completed(), viewer=viewer)

        outcome = decide_extend(state, 48, rules=RULES, context=context(now=LAST_MOMENT))

        order = outcome.value.order
        assert (order.status, order.inspect_by) == (OrderStatus.COMPLETED, ENDS + timedelta(hours=48))
        assert moved(outcome.decision) == {}
        assert [event.type for event in outcome.decision.events] == ["inspection_extended"]
        notices = [m.payload for m in outcome.decision.messages if m.topic == "notify"]
        assert [(n["user_id"], n["facts"]["hours"]) for n in notices] == [(getattr(order, other), 48)]

    def test_ends_with_the_inspection(self) -> None:
        with pytest.raises(errors.InspectionOverError):
            decide_extend(replace(completed(), viewer=Party.SELLER), 1, rules=RULES, context=context(now=ENDS))

    def test_by_the_buyer_is_possible_once_whatever_the_seller_does(self) -> None:
        state = extended(extended(extended(completed(), Party.SELLER, 1), Party.BUYER, 24), Party.SELLER, 1)

        with pytest.raises(errors.ExtensionUsedError):
            extended(state, Party.BUYER, 1)
        assert state.order.inspect_by == ENDS + timedelta(hours=26)

    def test_by_the_buyer_is_no_longer_than_configured(self) -> None:
        with pytest.raises(errors.ExtensionTooLongError, match="at most 48 hours"):
            extended(completed(), Party.BUYER, 49)

    def test_never_makes_an_inspection_longer_than_thirty_days_in_all(self) -> None:
        state = extended(extended(completed(), Party.SELLER, 600), Party.BUYER, 47)

        assert extended(state, Party.SELLER, 1).order.inspect_by == NOW + timedelta(days=30)
        with pytest.raises(errors.ExtensionTooLongError, match="at most 1 hours"):
            extended(state, Party.SELLER, 2)


LATER = NOW + timedelta(hours=10)


def sent_back(state: OrderState) -> OrderState:
    asked = replace(state, viewer=Party.BUYER)
    return decide_request_changes(asked, "The hinge is loose.", context=context(now=LATER)).value


def done_again(state: OrderState) -> OrderState:
    seen = replace(state, viewer=Party.SELLER)
    again = decide_submit(seen, SubmitCondition(state.conditions[0].id, None, (UUID(int=7),)), context=context(SELLER))
    return decide_complete(again.value, context=context(SELLER, now=LATER)).value


class TestRequestingChanges:
    def test_starts_the_delivery_anew_and_moves_no_money(self) -> None:
        state = extended(completed(), Party.SELLER, 600)

        outcome = decide_request_changes(replace(state, viewer=Party.BUYER), "Loose.", context=context(now=LATER))

        order = outcome.value.order
        assert (order.status, order.revisions_used) == (OrderStatus.IN_PROGRESS, 1)
        assert order.deliver_by == LATER + timedelta(hours=order.delivery_hours)
        assert (order.inspect_by, order.inspection_added_hours) == (None, 0)
        assert (moved(outcome.decision), order.held) == ({}, completed().order.held)
        assert [clear.kind for clear in outcome.decision.cleared] == [None]
        notices = [m.payload for m in outcome.decision.messages if m.topic == "notify"]
        assert [(n["user_id"], n["facts"]["reason"]) for n in notices] == [(SELLER, "Loose.")]

    def test_gives_back_what_was_handed_in_but_not_what_is_fulfilled(self) -> None:
        handed = sent_back(completed()).conditions[0]
        assert (handed.status, handed.submitted_at) == (ConditionStatus.PENDING, None)
        assert handed.rejection_reason == "The hinge is loose."

        waiting = replace(handed_in(), viewer=Party.BUYER)
        confirmed = decide_confirm(waiting, waiting.conditions[0].id, context=context()).value
        done = decide_complete(replace(confirmed, viewer=Party.SELLER), context=context(SELLER)).value
        assert sent_back(done).conditions == done.conditions

    def test_has_to_be_done_before_the_seller_can_complete_again(self) -> None:
        with pytest.raises(errors.ConditionsUnmetError, match="Waybill"):
            decide_complete(replace(sent_back(completed()), viewer=Party.SELLER), context=context(SELLER))

    def test_is_possible_as_often_as_the_terms_allow(self) -> None:
        again = done_again(sent_back(completed()))

        assert again.order.inspect_by == LATER + timedelta(hours=72)
        with pytest.raises(errors.NoRevisionsLeftError):
            sent_back(again)

    def test_is_part_of_the_terms(self) -> None:
        agreed = decide_create(
            creation(), replace(PROPOSAL, revisions=0), link=LINK, rules=RULES, context=context()
        ).value.order

        assert (created().order.revisions, agreed.revisions) == (RULES.revisions, 0)
        assert agreed.terms_hash != created().order.terms_hash
