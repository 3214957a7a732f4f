"""Milestones: parts of the price that are released when their condition is fulfilled."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.core.decisions import Decision, Outcome
from kro.core.money import Money
from kro.order.database.records import OrderState
from kro.order.database.words import (
    CloseReason,
    EventType,
    OrderStatus,
    Party,
)
from kro.order.domain import errors
from kro.order.domain.changes import Changes
from kro.order.domain.decide_conditions import (
    decide_waive,
)
from kro.order.domain.decide_finish import decide_approve, decide_complete, decide_seller_cancel
from kro.order.domain.decide_inspection import decide_request_changes
from kro.order.domain.decide_release_part import decide_release_part
from kro.order.domain.settling import settle
from milestone_scenes import (
    PRICE,
    THIRD,
    WHOLE,
    confirmed,
    events,
    funded,
    milestone,
)
from order_scenes import (
    DUE,
    NOW,
    SELLER,
    SETTLING,
    context,
    moved,
)


class TestThreeMilestones:
    def test_each_releases_its_part_and_the_last_closes_the_order(self) -> None:
        state = funded(milestone(THIRD), milestone(THIRD), milestone(THIRD))
        first = confirmed(state, 2)
        second = confirmed(first.value, 1)
        last = confirmed(second.value, 3)

        assert [-moved(part.decision)["seller"] for part in (first, second, last)] == [4_932_813, 4_932_812, 4_932_813]
        assert moved(first.decision + second.decision + last.decision) == WHOLE
        assert events(first) == [EventType.CONDITION_CONFIRMED, EventType.MILESTONE_RELEASED]
        assert first.value.order.status is OrderStatus.IN_PROGRESS
        order = last.value.order
        assert (order.status, order.close_reason, order.held) == (OrderStatus.CLOSED, CloseReason.APPROVED, 0)
        sources = [part.decision.journals[0].source_id for part in (first, second, last)]
        assert sources == [state.conditions[1].id, state.conditions[0].id, order.id]

    def test_that_leave_a_rest_wait_for_the_approval(self) -> None:
        state = funded(milestone(THIRD), milestone(THIRD))
        second = confirmed(confirmed(state, 1).value, 2)

        assert second.value.order.status is OrderStatus.IN_PROGRESS
        completed = decide_complete(replace(second.value, viewer=Party.SELLER), context=context(SELLER)).value
        approved = decide_approve(replace(completed, viewer=Party.BUYER), context=context())
        assert -moved(approved.decision)["seller"] == 4_932_813

    def test_the_last_does_not_close_while_something_else_is_missing(self) -> None:
        state = funded(milestone(THIRD), milestone(2 * THIRD), milestone(None))
        second = confirmed(confirmed(state, 1).value, 2)

        assert events(second) == [EventType.CONDITION_CONFIRMED]
        assert moved(second.decision) == {}
        assert (second.value.order.status, second.value.order.released_in_parts) == (OrderStatus.IN_PROGRESS, THIRD)

    def test_a_waived_one_leaves_its_money_in_escrow(self) -> None:
        state = replace(funded(milestone(THIRD), milestone(2 * THIRD)), viewer=Party.BUYER)
        waived = decide_waive(state, state.conditions[0].id, context=context())

        assert moved(waived.decision) == {}
        assert confirmed(waived.value, 2).value.order.status is OrderStatus.IN_PROGRESS

    def test_nothing_moves_on_hold(self) -> None:
        state = funded(milestone(THIRD), milestone(None))
        held = replace(state, order=replace(state.order, on_hold=True, held_since=NOW))

        with pytest.raises(errors.OrderOnHoldError):
            confirmed(held, 1)
        assert events(confirmed(held, 2)) == [EventType.CONDITION_CONFIRMED]

    def test_the_seller_pays_a_debt_from_each(self) -> None:
        state = replace(funded(milestone(THIRD), milestone(THIRD)), seller_owes=1_000)

        kinds = [(journal.kind, journal.source_type) for journal in confirmed(state, 1).decision.journals]

        assert kinds == [("partial_release", "release"), ("receivable_repaid", "release")]


ENDINGS = ("approve", "cancel", "split")


class TestAnyOrder:
    @given(
        st.permutations((0, 1, 2)),
        st.lists(st.integers(1, PRICE // 5), min_size=3, max_size=3),
        st.lists(st.integers(1, PRICE // 10), max_size=3),
        st.sampled_from(ENDINGS),
        st.integers(1, 1_000),
    )
    def test_adds_up_to_the_kobo(
        self, order: tuple[int, ...], amounts: list[int], parts: list[int], ending: str, share: int
    ) -> None:
        amounts = [max(amount, 1_000) for amount in amounts]
        state = funded(*(milestone(amount) for amount in amounts), milestone(None))
        total = Decision()
        for number in order:
            outcome = confirmed(state, number + 1)
            state, total = outcome.value, total + outcome.decision
        assert state.order.released_in_parts == sum(amounts)
        state = decide_complete(replace(state, viewer=Party.SELLER), context=context(SELLER)).value
        for part in parts:
            asked = replace(state, viewer=Party.BUYER)
            outcome = decide_release_part(asked, Money(max(part, 1_000), "NGN"), context=context())
            state, total = outcome.value, total + outcome.decision
        total += _ended(state, ending, share).decision
        totals = moved(total)
        assert totals["order_escrow"] == DUE
        if ending == "approve":
            assert totals == WHOLE

    def test_one_price_is_released_as_in_one_piece(self) -> None:
        only = confirmed(funded(milestone(PRICE)), 1)

        assert moved(only.decision) == WHOLE
        assert only.value.order.status is OrderStatus.CLOSED


def _ended(state: OrderState, ending: str, share: int) -> Outcome[OrderState]:
    if ending == "approve":
        return decide_approve(replace(state, viewer=Party.BUYER), context=context())
    if ending == "cancel":
        back = decide_request_changes(replace(state, viewer=Party.BUYER), "no", context=context()).value
        asked = replace(back, viewer=Party.SELLER)
        return decide_seller_cancel(asked, "no", settling=SETTLING, context=context(SELLER))
    part = max(state.order.outstanding.amount * share // 1_001, 1_000)
    changes = Changes(replace(state, viewer=Party.BUYER), context())
    return settle(changes, part, CloseReason.AGREED, settling=SETTLING, context=context()).done()
