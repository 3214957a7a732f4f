"""T20, T23, T36 and reminders as pure functions: what time does to an order, and what stops it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issue_scenes import ADMIN, SECOND, by, decided, disputed, of_admin, reported
from kro.core.decisions import ClearTimer, Outcome
from kro.order.database.issue_records import Hold
from kro.order.database.issue_words import IssueCategory
from kro.order.database.records import OrderState
from kro.order.database.words import CloseReason, OrderStatus, Party, TimerKind
from kro.order.domain import Context, errors, issue_errors
from kro.order.domain.deadlines import running, timers_of
from kro.order.domain.decide_finish import decide_approve
from kro.order.domain.decide_hold import PlaceHold, decide_lift_hold, decide_place_hold
from kro.order.domain.decide_overdue import (
    decide_delivery_overdue,
    decide_inspection_timeout,
    decide_non_delivery,
)
from kro.order.domain.decide_reminder import decide_reminder
from order_scenes import (
    DUE,
    FEE,
    NOW,
    RULES,
    SELLER_GETS,
    SETTLING,
    VAT,
    accepted,
    completed,
    context,
    created,
    funded,
    moved,
)

Scene = Callable[[], OrderState]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ENDS = NOW + 72 * HOUR
HOLD = PlaceHold("fraud_suspicion", "See the file.")


def system(state: OrderState) -> OrderState:
    return by(state, Party.SYSTEM)


class TestReminders:
    @pytest.mark.parametrize(
        ("hours", "at"),
        [
            (72, {"half": 36, "24h": 48, "2h": 70}),
            (48, {"24h": 24, "2h": 46}),  # half of it is the same as a day before
            (30, {"24h": 6, "half": 15, "2h": 28}),
            (3, {"2h": 1}),  # half of it is too close to that
            (1, {}),
        ],
    )
    def test_come_at_half_of_the_time_a_day_and_two_hours_before(self, hours: int, at: dict[str, float]) -> None:
        due = NOW + hours * HOUR

        timers = timers_of(UUID(int=1), "fund_by", due, start=NOW)

        assert {t.kind: t.due_at - NOW for t in timers} == {
            "fund_by": hours * HOUR,
            **{f"fund_by.{step}": offset * HOUR for step, offset in at.items()},
        }

    @given(st.integers(1, 60 * 24 * 60))
    def test_never_come_late_or_twice_within_an_hour(self, minutes: int) -> None:
        due = NOW + timedelta(minutes=minutes)
        moments = sorted(t.due_at for t in timers_of(UUID(int=1), "inspect_by", due, start=NOW))
        assert moments[-1] == due
        assert all(NOW < moment <= due for moment in moments)
        assert len(set(moments)) == len(moments)

    @pytest.mark.parametrize(
        ("scene", "kind", "told"),
        [
            (created, TimerKind.ACCEPT_BY, ["seller"]),
            (accepted, TimerKind.FUND_BY, ["buyer"]),
            (funded, TimerKind.DELIVER_BY, ["seller"]),
            (completed, TimerKind.INSPECT_BY, ["buyer"]),
            (reported, TimerKind.RESPOND_BY, ["seller"]),
            (reported, TimerKind.NEGOTIATE_BY, ["buyer", "seller"]),
            (disputed, TimerKind.EVIDENCE_BY, ["buyer", "seller"]),
        ],
    )
    def test_go_to_who_has_to_act_and_keep_their_receipts(self, scene: Scene, kind: TimerKind, told: list[str]) -> None:
        state = system(scene())

        outcome = decide_reminder(state, kind, "24h", rules=RULES, context=context(None))

        assert outcome is not None
        notices = [m.payload for m in outcome.decision.messages if m.topic == "notify"]
        users = {state.order.buyer_id: "buyer", state.order.seller_id: "seller"}
        assert [users[n["user_id"]] for n in notices] == told
        receipt = {"subject_id": str(state.order.id), "purpose": kind}
        assert all(n["receipt"] == receipt for n in notices)
        assert ClearTimer(state.order.id, f"{kind}.24h") in outcome.decision.cleared
        assert outcome.value.order.status is state.order.status

    def test_of_a_deadline_that_has_passed_moved_on_or_waits_say_nothing(self) -> None:
        def remind(state: OrderState, kind: TimerKind, now: datetime = NOW) -> Outcome[OrderState] | None:
            return decide_reminder(system(state), kind, "2h", rules=RULES, context=context(None, now=now))

        assert remind(completed(), TimerKind.INSPECT_BY, ENDS) is None
        assert remind(completed(), TimerKind.FUND_BY) is None
        assert remind(reported(), TimerKind.INSPECT_BY) is None
        held = completed()
        assert remind(replace(held, order=replace(held.order, on_hold=True)), TimerKind.INSPECT_BY) is None


class TestInspectionTimeout:
    def end(self, state: OrderState, now: datetime = ENDS) -> Outcome[OrderState] | None:
        return decide_inspection_timeout(system(state), rules=RULES, context=context(None, now=now))

    def test_releases_when_the_buyer_was_reached_on_two_channels(self) -> None:
        outcome = self.end(replace(completed(), reached_channels=2))

        assert outcome is not None
        assert moved(outcome.decision) == {
            "order_escrow": DUE,
            "seller": -SELLER_GETS,
            "fee_revenue": -FEE,
            "vat_payable": -VAT,
        }
        order = outcome.value.order
        assert (order.status, order.close_reason) == (OrderStatus.CLOSED, CloseReason.DEEMED_ACCEPTED)
        assert all(c.status.is_settled for c in outcome.value.conditions if c.required)
        assert {c.settled_by for c in outcome.value.conditions if c.settled_by} == {Party.SYSTEM}

    def test_gives_three_more_days_without_receipts_and_then_lets_people_look(self) -> None:
        state, now = replace(completed(), reached_channels=1), ENDS
        for extension in (1, 2, 3):
            outcome = self.end(state, now)
            assert outcome is not None
            assert moved(outcome.decision) == {}
            state, now = outcome.value, now + DAY
            assert (state.order.receipt_extensions, state.order.inspect_by) == (extension, now)
            assert (TimerKind.INSPECT_BY, now) in {(t.kind, t.due_at) for t in outcome.decision.timers}

        outcome = self.end(state, now)

        assert outcome is not None
        assert outcome.value.order.status is OrderStatus.ISSUE_REPORTED
        issue = outcome.value.issue
        assert issue is not None
        assert (issue.category, issue.reported_by, issue.respond_by) == (IssueCategory.UNCONFIRMED, Party.SYSTEM, None)

    def test_never_takes_for_confirmed_what_must_be_confirmed(self) -> None:
        state = replace(completed(), reached_channels=2)
        strict = tuple(replace(c, deemed_on_timeout=False) for c in state.conditions)
        outcome = self.end(replace(state, conditions=strict))
        assert outcome is not None
        assert moved(outcome.decision) == {}
        assert outcome.value.order.status is OrderStatus.ISSUE_REPORTED

    def test_is_late_stale_or_waiting(self) -> None:
        state = replace(completed(), reached_channels=2)
        assert self.end(state, ENDS - timedelta(microseconds=1)) is None
        assert self.end(replace(funded(), reached_channels=2)) is None
        assert self.end(replace(reported(), reached_channels=2)) is None
        assert self.end(replace(state, order=replace(state.order, on_hold=True, held_since=NOW))) is None


class TestNonDelivery:
    LATE = NOW + 72 * HOUR + 14 * DAY

    def test_gives_everything_back_after_two_weeks_and_two_reminders(self) -> None:
        told = decide_delivery_overdue(system(funded()), rules=RULES, context=context(None, now=ENDS))
        assert told is not None
        assert told.value.order.overdue_reminders == 1
        assert ("non_delivery", self.LATE) in {(t.kind, t.due_at) for t in told.decision.timers}
        half = decide_reminder(told.value, TimerKind.NON_DELIVERY, "half", rules=RULES, context=self.at(ENDS + 7 * DAY))
        assert half is not None
        assert half.value.order.overdue_reminders == 2

        outcome = decide_non_delivery(half.value, rules=RULES, settling=SETTLING, context=self.at(self.LATE))

        assert outcome is not None
        assert moved(outcome.decision) == {"order_escrow": DUE, "buyer": -DUE}
        assert outcome.value.order.close_reason is CloseReason.NOT_DELIVERED

    def test_waits_until_both_were_reminded_twice(self) -> None:
        told = decide_delivery_overdue(system(funded()), rules=RULES, context=self.at(self.LATE))
        assert told is not None

        outcome = decide_non_delivery(told.value, rules=RULES, settling=SETTLING, context=self.at(self.LATE))

        assert outcome is not None
        assert moved(outcome.decision) == {}
        assert outcome.value.order.overdue_reminders == 2
        assert ("non_delivery", self.LATE + DAY) in {(t.kind, t.due_at) for t in outcome.decision.timers}

    def test_is_not_before_its_time_and_not_for_a_completed_order(self) -> None:
        early = self.at(self.LATE - timedelta(microseconds=1))
        assert decide_non_delivery(system(funded()), rules=RULES, settling=SETTLING, context=early) is None
        late = self.at(self.LATE)
        assert decide_non_delivery(system(completed()), rules=RULES, settling=SETTLING, context=late) is None
        assert decide_delivery_overdue(system(funded()), rules=RULES, context=self.at(ENDS - HOUR)) is None

    def at(self, now: datetime) -> Context:
        return context(None, now=now)


class TestHolds:
    def held(self, state: OrderState, after: timedelta = timedelta()) -> OrderState:
        return decide_place_hold(by(state, Party.ADMIN), HOLD, context=of_admin(now=NOW + after)).value

    def lift(self, state: OrderState, after: timedelta, *, is_contested: bool = False) -> Outcome[OrderState]:
        hold = Hold(UUID(int=5), state.order.id, "fraud_suspicion", "", ADMIN, NOW, None, None, None, 1)
        return decide_lift_hold(
            replace(by(state, Party.ADMIN), is_contested=is_contested),
            hold,
            proposed_by=ADMIN,
            approved_by=SECOND,
            context=of_admin(SECOND, NOW + after),
        )

    @pytest.mark.parametrize("scene", [funded, completed, reported, disputed, lambda: decided(0)])
    def test_stop_every_deadline_and_give_back_the_time_that_was_left(self, scene: Scene) -> None:
        state = scene()
        before = running(state)
        placed = decide_place_hold(by(state, Party.ADMIN), HOLD, context=of_admin(now=NOW + HOUR))
        assert ClearTimer(state.order.id) in placed.decision.cleared
        assert placed.decision.timers == ()

        lifted = self.lift(placed.value, 11 * HOUR)

        after = running(lifted.value)
        assert after == {kind: due + 10 * HOUR for kind, due in before.items()}
        armed = {t.kind: t.due_at for t in lifted.decision.timers}
        assert {kind: armed[kind] for kind in after} == after
        assert not lifted.value.order.on_hold
        assert lifted.value.order.held_since is None

    def test_block_money_and_say_nothing_about_why(self) -> None:
        placed = decide_place_hold(by(completed(), Party.ADMIN), HOLD, context=of_admin())
        (event,) = placed.decision.events
        assert event.data == {}
        assert event.actor_id is None
        with pytest.raises(errors.OrderOnHoldError):
            decide_approve(by(placed.value, Party.BUYER), context=context())

    def test_are_placed_once_and_lifted_only_when_there_is_one(self) -> None:
        with pytest.raises(issue_errors.HoldPlacedError):
            self.held(self.held(completed()))
        with pytest.raises(issue_errors.NoHoldError):
            self.lift(completed(), HOUR)

    def test_stay_while_a_payment_is_contested(self) -> None:
        lifted = self.lift(self.held(completed()), HOUR, is_contested=True)
        assert lifted.value.order.on_hold
        assert not lifted.value.order.compliance_hold
        assert lifted.decision.timers == ()

    def test_count_what_is_done_meanwhile_from_when_time_stood_still(self) -> None:
        held = self.held(completed())
        reported_late = reported(state=held)
        assert reported_late.issue is not None
        assert reported_late.issue.negotiate_by == NOW + 72 * HOUR
        lifted = self.lift(reported_late, 10 * HOUR).value
        assert lifted.issue is not None
        assert lifted.issue.negotiate_by == NOW + 82 * HOUR
