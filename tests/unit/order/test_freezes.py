"""While a party's account is frozen no money of the order moves, whoever would move it, and its time stands still."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from issue_scenes import ADMIN, SECOND, by, decided, disputed, of_admin, reported
from kro.core.actor import AccountRestrictedError, Standing
from kro.core.decisions import ClearTimer
from kro.core.money import Money
from kro.order.database.issue_records import Hold
from kro.order.database.records import OrderState
from kro.order.database.words import EventType, OrderStatus, Party, TimerKind
from kro.order.domain.deadlines import running
from kro.order.domain.decide_chargeback import Contested, decide_contest_won, decide_contested
from kro.order.domain.decide_due import decide_due
from kro.order.domain.decide_freeze import decide_freeze
from kro.order.domain.decide_fund import decide_receipt
from kro.order.domain.decide_hold import PlaceHold, decide_lift_hold, decide_place_hold
from kro.order.domain.errors import OrderOnHoldError
from kro.order.domain.lifecycle import LIFECYCLE, Transition, Who, allowed_commands, ensure_allowed
from order_scenes import DUE, NOW, RULES, SETTLING, accepted, completed, context, created, funded, moved

Scene = Callable[[], OrderState]
HOUR = timedelta(hours=1)
SYSTEM = context(None)
FROZEN = Standing(session_live=True, status="active", kyc_tier=1, is_frozen=True)


def frozen(state: OrderState, party: Party = Party.SYSTEM) -> OrderState:
    return replace(by(state, party), is_frozen=True)


def who_of(row: Transition) -> Party:
    return {Who.EITHER: Party.BUYER, Who.PROPOSER: Party.BUYER, Who.OTHER_PARTY: Party.SELLER}.get(row.who) or Party(
        row.who.value
    )


@pytest.mark.parametrize(
    "row", [row for row in LIFECYCLE if row.moves_money], ids=lambda row: f"{row.code}-{row.command}-{row.who}"
)
def test_nobody_moves_money(row: Transition) -> None:
    state = created()
    for status in row.sources:
        there = replace(state, order=replace(state.order, status=status))
        with pytest.raises(OrderOnHoldError):
            ensure_allowed(frozen(there), row.command, who_of(row))
        assert row.command not in allowed_commands(frozen(there), who_of(row))


@pytest.mark.parametrize(
    "row", [row for row in LIFECYCLE if row.binds], ids=lambda row: f"{row.code}-{row.command}-{row.who}"
)
def test_who_is_frozen_hears_that_it_is_the_account(row: Transition) -> None:
    state = created()
    there = replace(state, order=replace(state.order, status=min(row.sources)), standing=FROZEN)
    with pytest.raises(AccountRestrictedError):
        ensure_allowed(frozen(there), row.command, who_of(row))


@pytest.mark.parametrize(
    ("scene", "timer"),
    [
        (completed, TimerKind.INSPECT_BY),
        (funded, TimerKind.DELIVER_BY),
        (funded, TimerKind.NON_DELIVERY),
        (reported, TimerKind.NEGOTIATE_BY),
        (disputed, TimerKind.OVERDUE_BY),
        (lambda: decided(0), TimerKind.APPEAL_BY),
        (completed, "condition.1"),
        (completed, "inspect_by.24h"),
    ],
)
def test_time_stops_the_order_instead_of_settling_it(scene: Scene, timer: str) -> None:
    state = replace(frozen(scene()), reached_channels=2, condition_channels={1: 2})

    outcome = decide_due(state, timer, rules=RULES, settling=SETTLING, context=context(None, now=NOW + 900 * HOUR))

    assert outcome is not None
    assert moved(outcome.decision) == {}
    assert outcome.value.order.on_hold
    assert ClearTimer(state.order.id) in outcome.decision.cleared


@pytest.mark.parametrize("scene", [funded, completed, reported, disputed, lambda: decided(0)])
def test_what_was_left_of_every_deadline_is_left_afterwards(scene: Scene) -> None:
    state = scene()
    placed = decide_freeze(frozen(state), context=context(None, now=NOW + HOUR))
    assert placed is not None

    thawed = decide_freeze(replace(placed.value, is_frozen=False), context=context(None, now=NOW + 11 * HOUR))

    assert thawed is not None
    assert running(thawed.value) == {kind: due + 10 * HOUR for kind, due in running(state).items()}
    assert [event.type for event in thawed.decision.events] == [EventType.HOLD_LIFTED]


@pytest.mark.parametrize("scene", [created, accepted])
def test_an_order_without_money_needs_no_hold(scene: Scene) -> None:
    assert decide_freeze(frozen(scene()), context=SYSTEM) is None


def test_again_is_as_good_as_once() -> None:
    placed = decide_freeze(frozen(completed()), context=SYSTEM)
    assert placed is not None
    assert decide_freeze(placed.value, context=SYSTEM) is None
    assert decide_freeze(by(completed(), Party.SYSTEM), context=SYSTEM) is None


def test_a_receipt_stays_in_the_payers_balance() -> None:
    decision = decide_receipt(frozen(accepted()), Money(DUE, "NGN"), context=SYSTEM)
    assert moved(decision) == {}
    assert [event.type for event in decision.events] == [EventType.PARTIAL_RECEIPT]


class TestOtherHolds:
    """Whichever ends first, the order goes on when none is left."""

    def test_compliance(self) -> None:
        held = decide_place_hold(by(completed(), Party.ADMIN), PlaceHold("fraud", ""), context=of_admin()).value
        assert decide_freeze(by(held, Party.SYSTEM), context=SYSTEM) is None
        hold = Hold(UUID(int=5), held.order.id, "fraud", "", ADMIN, NOW, None, None, None, 1)
        lifted = decide_lift_hold(
            frozen(held, Party.ADMIN), hold, proposed_by=ADMIN, approved_by=SECOND, context=of_admin(SECOND)
        ).value
        assert (lifted.order.on_hold, lifted.order.compliance_hold) == (True, False)

    def test_contested_payment(self) -> None:
        contested = decide_contested(by(completed(), Party.SYSTEM), Contested(DUE, DUE), context=SYSTEM).value
        assert decide_freeze(replace(contested, is_contested=True), context=SYSTEM) is None
        won = decide_contest_won(replace(contested, is_frozen=True), Contested(DUE, DUE), context=SYSTEM).value
        assert won.order.on_hold
        assert won.order.status is OrderStatus.COMPLETED
        assert won.order.held == DUE
