"""Conditions that have time: a milestone's own inspection, and dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kro.order.database.words import (
    ConditionStatus,
    OrderStatus,
    Party,
)
from kro.order.domain.changes import Changes
from kro.order.domain.decide_conditions import (
    decide_confirm,
    decide_reject,
)
from kro.order.domain.decide_finish import decide_complete
from kro.order.domain.decide_overdue import decide_inspection_timeout
from kro.order.domain.holding import lift_hold, put_on_hold
from milestone_scenes import (
    PRICE,
    THIRD,
    confirmed,
    dated,
    funded,
    funding,
    milestone,
    submitted,
    timed_out,
    timers,
)
from order_scenes import (
    BUYER,
    NOW,
    RULES,
    SELLER,
    context,
    moved,
)


class TestItsOwnInspection:
    def test_begins_when_it_is_handed_in(self) -> None:
        outcome = submitted(funded(milestone(THIRD), milestone(None)), 1)

        ends = NOW + timedelta(hours=72)
        assert outcome.value.conditions[0].inspect_by == ends
        assert timers(outcome) == {
            "condition.1": ends,
            "condition.1.half": NOW + timedelta(hours=36),
            "condition.1.24h": ends - timedelta(hours=24),
            "condition.1.2h": ends - timedelta(hours=2),
        }
        assert timers(submitted(funded(milestone(None)), 1)) == {}

    def test_ends_in_a_release_when_the_buyer_was_reminded(self) -> None:
        state = submitted(funded(milestone(THIRD), milestone(None)), 1).value
        ends = NOW + timedelta(hours=72)

        told = timed_out(replace(state, condition_channels={1: 2}), "condition.1".partition(".")[2], at=ends)
        early = timed_out(replace(state, condition_channels={1: 2}), "1", at=ends - timedelta(seconds=1))

        assert early is None
        assert told is not None
        assert told.value.conditions[0].settled_by is Party.SYSTEM
        assert moved(told.decision)["seller"] == -4_932_813

    @pytest.mark.parametrize(("channels", "deemed"), [({1: 1}, True), ({}, True), ({1: 2}, False)])
    def test_ends_in_nothing_when_it_cannot_be_shown(self, channels: dict[int, int], deemed: bool) -> None:
        state = submitted(funded(milestone(THIRD, deemed_on_timeout=deemed), milestone(None)), 1).value

        outcome = timed_out(replace(state, condition_channels=channels), "1", at=NOW + timedelta(hours=72))

        assert outcome is not None
        assert outcome.value.conditions[0].status is ConditionStatus.SUBMITTED
        assert outcome.value.conditions[0].inspect_by is None
        assert moved(outcome.decision) == {}
        assert [m.payload["template"] for m in outcome.decision.messages if m.topic == "notify"] == [
            "milestone_unconfirmed",
            "milestone_unconfirmed",
        ]

    def test_reminds_the_buyer_with_a_receipt(self) -> None:
        state = submitted(funded(milestone(THIRD), milestone(None)), 1).value

        outcome = timed_out(state, "1.24h", at=NOW + timedelta(hours=48))

        assert outcome is not None
        notices = [m.payload for m in outcome.decision.messages if m.topic == "notify"]
        assert [(n["user_id"], n["receipt"]["purpose"]) for n in notices] == [(BUYER, "condition.1")]
        assert timed_out(state, "1.24h", at=NOW + timedelta(hours=72)) is None

    def test_ends_with_a_rejection_and_begins_again(self) -> None:
        state = submitted(funded(milestone(THIRD), milestone(None)), 1).value
        rejected = decide_reject(replace(state, viewer=Party.BUYER), state.conditions[0].id, "no", context=context())

        assert (rejected.value.conditions[0].status, rejected.value.conditions[0].inspect_by) == ("pending", None)
        assert "condition.1" in {cleared.kind for cleared in rejected.decision.cleared}
        again = submitted(rejected.value, 1, at=NOW + timedelta(hours=5))
        assert again.value.conditions[0].inspect_by == NOW + timedelta(hours=77)

    def test_goes_on_when_the_work_is_completed(self) -> None:
        state = submitted(funded(milestone(THIRD), milestone(None)), 1).value

        completed = decide_complete(replace(state, viewer=Party.SELLER), context=context(SELLER))

        assert timers(completed)["condition.1"] == NOW + timedelta(hours=72)

    def test_waits_while_the_order_is_on_hold(self) -> None:
        state = submitted(funded(milestone(THIRD), milestone(None)), 1).value
        held = put_on_hold(Changes(state, context()), context()).done().value
        late = context(now=NOW + timedelta(hours=100))

        assert timed_out(replace(held, condition_channels={1: 2}), "1", at=NOW + timedelta(hours=100)) is None
        lifted = lift_hold(Changes(held, late), late).done()

        assert lifted.value.conditions[0].inspect_by == NOW + timedelta(hours=172)
        assert timers(lifted)["condition.1"] == NOW + timedelta(hours=172)


class TestADate:
    def test_is_kept_from_the_funding_on(self) -> None:
        assert timers(funding(dated(3), milestone(None)))["condition.1"] == NOW + timedelta(days=3)

    def test_fulfills_itself_when_it_has_come(self) -> None:
        state = funded(dated(3, THIRD), milestone(None))

        assert timed_out(state, "1", at=NOW + timedelta(days=3) - timedelta(seconds=1)) is None
        come = timed_out(state, "1", at=NOW + timedelta(days=3))

        assert come is not None
        assert come.value.conditions[0].status is ConditionStatus.FULFILLED
        assert moved(come.decision)["seller"] == -4_932_813

    def test_stands_in_nobodys_way_to_complete(self) -> None:
        state = funded(dated(3), milestone(None))

        completed = decide_complete(replace(state, viewer=Party.SELLER), context=context(SELLER))

        assert completed.value.order.status is OrderStatus.COMPLETED
        assert timers(completed)["condition.1"] == NOW + timedelta(days=3)

    def test_is_waited_for_when_nobody_answers(self) -> None:
        state = funded(dated(30), milestone(None))
        completed = decide_complete(replace(state, viewer=Party.SELLER), context=context(SELLER)).value
        asked = replace(completed, viewer=Party.SYSTEM, reached_channels=2)

        outcome = decide_inspection_timeout(asked, rules=RULES, context=context(None, now=NOW + timedelta(days=4)))

        assert outcome is not None
        assert outcome.value.order.status is OrderStatus.COMPLETED
        assert outcome.value.order.inspect_by == NOW + timedelta(days=30)

    def test_that_has_come_does_not_keep_the_last_milestone_from_closing(self) -> None:
        state = funded(milestone(PRICE), dated(1))
        late = context(now=NOW + timedelta(days=1))

        early = confirmed(state, 1)
        closed = decide_confirm(replace(state, viewer=Party.BUYER), state.conditions[0].id, context=late)

        assert early.value.order.status is OrderStatus.IN_PROGRESS
        assert closed.value.order.status is OrderStatus.CLOSED
        assert all(condition.status.is_settled for condition in closed.value.conditions)
