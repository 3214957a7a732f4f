"""T16: the buyer's code, given away against the goods."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kro.core.decisions import Outcome
from kro.core.encryption import FieldCipher
from kro.core.money import Money
from kro.order.database.handover_records import LinkState, RiderLink
from kro.order.database.records import NewCondition, OrderState
from kro.order.database.words import (
    CloseReason,
    ConditionKind,
    ConditionStatus,
    ConfirmedBy,
    EventType,
    OrderStatus,
    Party,
)
from kro.order.domain import errors, handover_errors
from kro.order.domain.condition_rules import SenselessConditionError
from kro.order.domain.decide_conditions import decide_waive
from kro.order.domain.decide_create import decide_create
from kro.order.domain.decide_finish import decide_complete
from kro.order.domain.decide_handover import (
    decide_enter_code,
    decide_make_link,
    decide_renew_code,
    decide_revoke_link,
    decide_wrong_code,
    ensure_enterable,
)
from kro.order.domain.handover_codes import HandoverCodes
from milestone_scenes import WHOLE, confirmed, events, funded, milestone, submitted, timers
from order_scenes import DOCUMENT, LINK, NOW, PROPOSAL, RULES, SELLER, context, creation, moved

CODE = milestone(None, "Handed over", kind=ConditionKind.DELIVERY_CODE, confirmed_by=ConfirmedBy.SYSTEM)
INSPECTION = NewCondition(ConditionKind.INSPECTION, "As described", "", ConfirmedBy.BUYER)


class Dice:
    """Rolls 731001, 731002 and so on."""

    def __init__(self) -> None:
        self.rolled = 0

    def token(self, size: int) -> bytes:
        return bytes(size)

    def digits(self, count: int) -> str:
        self.rolled += 1
        return f"{731_000 + self.rolled:0{count}d}"


CODES = HandoverCodes(key=bytes(32), cipher=FieldCipher(keys={"k": bytes(32)}, active_key_id="k"), randomness=Dice())


def coded(*conditions: NewCondition, is_acceptance: bool = False) -> OrderState:
    """Return a funded order whose first condition is the code, which the buyer has asked for."""
    state = funded(CODE, *conditions)
    state = replace(state, order=replace(state.order, code_is_acceptance=is_acceptance))
    return decide_renew_code(replace(state, viewer=Party.BUYER), CODES.draw, context=context()).value.state


def entered(state: OrderState, *, by: Party = Party.SELLER) -> Outcome[OrderState]:
    proven = state.conditions[0].code_hash
    assert proven is not None
    return decide_enter_code(replace(state, viewer=by), proven, context=context(SELLER))


class TestACode:
    def test_is_kept_as_a_keyed_hash_bound_to_its_condition(self) -> None:
        drawn = CODES.draw(UUID(int=5))
        other = HandoverCodes(
            key=bytes(31) + b"1", cipher=FieldCipher(keys={"k": bytes(32)}, active_key_id="k"), randomness=Dice()
        )

        assert len(drawn.mac) == 64
        assert drawn.code not in drawn.mac + drawn.sealed
        assert CODES.is_right(drawn.code, mac=drawn.mac, condition_id=UUID(int=5))
        assert not CODES.is_right(drawn.code, mac=drawn.mac, condition_id=UUID(int=6))
        assert not other.is_right(drawn.code, mac=drawn.mac, condition_id=UUID(int=5))
        assert drawn.code not in repr(drawn)

    def test_is_renewed_by_the_buyer_alone(self) -> None:
        state = coded(INSPECTION)
        tried = replace(state, conditions=(replace(state.conditions[0], code_tries=5), *state.conditions[1:]))

        renewed = decide_renew_code(replace(tried, viewer=Party.BUYER), CODES.draw, context=context())

        condition = renewed.value.state.conditions[0]
        assert (condition.code_hash, condition.code_tries) == (renewed.value.drawn.mac, 0)
        assert condition.code_hash != state.conditions[0].code_hash
        assert [m.topic for m in renewed.decision.messages] == ["realtime", "sms.handover"]
        assert renewed.value.drawn.code not in str(renewed.decision)
        with pytest.raises(errors.WrongPartyError):
            decide_renew_code(replace(state, viewer=Party.SELLER), CODES.draw, context=context(SELLER))

    def test_is_not_asked_for_where_the_terms_have_none(self) -> None:
        with pytest.raises(handover_errors.NoHandoverCodeError):
            decide_renew_code(replace(funded(INSPECTION), viewer=Party.BUYER), CODES.draw, context=context())

    def test_may_not_be_tried_without_one_or_too_often(self) -> None:
        never = replace(funded(CODE, INSPECTION), viewer=Party.SELLER)
        with pytest.raises(handover_errors.NoHandoverCodeError):
            ensure_enterable(never)
        state = replace(coded(INSPECTION), viewer=Party.SELLER)
        assert ensure_enterable(state).kind is ConditionKind.DELIVERY_CODE
        locked = replace(state, conditions=(replace(state.conditions[0], code_tries=5), *state.conditions[1:]))
        with pytest.raises(handover_errors.HandoverCodeLockedError):
            ensure_enterable(locked)

    def test_must_be_entered_before_the_seller_can_complete(self) -> None:
        with pytest.raises(errors.ConditionsUnmetError):
            decide_complete(replace(coded(INSPECTION), viewer=Party.SELLER), context=context(SELLER))
        state = replace(coded(INSPECTION), viewer=Party.BUYER)
        waived = decide_waive(state, state.conditions[0].id, context=context()).value
        completed = decide_complete(replace(waived, viewer=Party.SELLER), context=context(SELLER))
        assert completed.value.order.status is OrderStatus.COMPLETED

    def test_is_neither_handed_in_nor_confirmed(self) -> None:
        with pytest.raises(errors.ConditionClosedError):
            submitted(coded(INSPECTION), 1)
        with pytest.raises(errors.WrongPartyError):
            confirmed(coded(INSPECTION), 1)


class TestTheRightCode:
    def test_starts_the_inspection(self) -> None:
        outcome = entered(coded(INSPECTION))

        order = outcome.value.order
        assert (order.status, order.inspect_by) == (OrderStatus.COMPLETED, NOW + timedelta(hours=72))
        condition = outcome.value.conditions[0]
        assert (condition.status, condition.settled_by, condition.code_hash) == ("fulfilled", Party.SELLER, None)
        assert events(outcome) == [EventType.CONDITION_CONFIRMED, EventType.HANDED_OVER, EventType.COMPLETED]
        assert "inspect_by" in timers(outcome)

    def test_closes_the_order_where_the_terms_say_so(self) -> None:
        outcome = entered(coded(milestone(None, required=False), is_acceptance=True))

        order = outcome.value.order
        assert (order.status, order.close_reason, order.held) == (OrderStatus.CLOSED, CloseReason.HANDED_OVER, 0)
        assert moved(outcome.decision) == WHOLE

    def test_only_starts_the_inspection_while_something_is_open(self) -> None:
        outcome = entered(coded(INSPECTION, is_acceptance=True))

        assert outcome.value.order.status is OrderStatus.COMPLETED
        assert moved(outcome.decision) == {}

    def test_counts_even_while_the_seller_owes_a_document(self) -> None:
        outcome = entered(coded(DOCUMENT))

        assert outcome.value.order.status is OrderStatus.IN_PROGRESS
        assert outcome.value.conditions[0].status is ConditionStatus.FULFILLED

    def test_releases_the_part_that_hangs_on_it(self) -> None:
        part = replace(CODE, amount=milestone(5_000_000).amount)
        state = funded(part, INSPECTION)
        renewed = decide_renew_code(replace(state, viewer=Party.BUYER), CODES.draw, context=context()).value.state

        outcome = entered(renewed)

        assert moved(outcome.decision)["seller"] == -4_932_813
        assert outcome.value.order.status is OrderStatus.COMPLETED

    def test_repays_a_debt_once_however_many_releases_it_brings(self) -> None:
        part = replace(CODE, amount=Money(5_000_000, "NGN"))
        state = funded(part)
        state = replace(state, order=replace(state.order, code_is_acceptance=True), viewer=Party.BUYER)
        state = decide_renew_code(state, CODES.draw, context=context()).value.state

        outcome = entered(replace(state, seller_owes=1_000))

        assert outcome.value.order.status is OrderStatus.CLOSED
        assert [journal.kind for journal in outcome.decision.journals].count("receivable_repaid") == 1
        assert moved(outcome.decision)["seller"] == WHOLE["seller"] + 1_000

    def test_that_was_renewed_meanwhile_is_wrong(self) -> None:
        state = replace(coded(INSPECTION), viewer=Party.SELLER)

        with pytest.raises(handover_errors.WrongHandoverCodeError):
            decide_enter_code(state, "0" * 64, context=context(SELLER))

    def test_moves_nothing_on_hold_and_is_not_the_buyers_to_enter(self) -> None:
        state = coded(INSPECTION)
        with pytest.raises(errors.OrderOnHoldError):
            entered(replace(state, order=replace(state.order, on_hold=True, held_since=NOW)))
        with pytest.raises(errors.WrongPartyError):
            entered(state, by=Party.BUYER)
        assert entered(state, by=Party.SYSTEM).value.conditions[0].settled_by is Party.SYSTEM


@pytest.mark.parametrize(("left", "told"), [(3, []), (0, ["handover_code_locked"])])
def test_a_wrong_code_is_on_the_timeline_and_the_last_one_is_told(left: int, told: list[str]) -> None:
    outcome = decide_wrong_code(replace(coded(INSPECTION), viewer=Party.SELLER), left, context=context(SELLER))

    assert [event.data for event in outcome.decision.events] == [{"tries_left": left}]
    assert [m.payload["template"] for m in outcome.decision.messages if m.topic == "notify"] == told


def test_terms_do_not_accept_by_a_code_they_have_not() -> None:
    for conditions, pointer in (((INSPECTION,), "/code_is_acceptance"), ((CODE, CODE), "/conditions/1/kind")):
        command = replace(PROPOSAL, conditions=conditions, code_is_acceptance=True)
        with pytest.raises(SenselessConditionError) as refusal:
            decide_create(creation(), command, link=LINK, rules=RULES, context=context())
        assert [error.pointer for error in refusal.value.errors] == [pointer]


def test_whether_the_code_accepts_is_part_of_what_is_agreed() -> None:
    hashes = set()
    for is_acceptance in (True, False):
        command = replace(PROPOSAL, conditions=(CODE, INSPECTION), code_is_acceptance=is_acceptance)
        order = decide_create(creation(), command, link=LINK, rules=RULES, context=context()).value.order
        assert order.code_is_acceptance is is_acceptance
        hashes.add(order.terms_hash)
    assert len(hashes) == 2


class TestARidersLink:
    def test_ends_with_the_grace_of_the_delivery_and_replaces_an_earlier_one(self) -> None:
        state = LinkState(replace(coded(INSPECTION), viewer=Party.SELLER), None)
        made = decide_make_link(state, "a" * 64, rules=RULES, context=context(SELLER))
        again = decide_make_link(replace(state, link=made.value), "b" * 64, rules=RULES, context=context(SELLER))

        assert made.value.expires_at == NOW + timedelta(hours=72 + 24)
        assert [type(write).__name__ for write in made.decision.writes] == ["Insert"]
        assert [type(write).__name__ for write in again.decision.writes] == ["Update", "Insert"]

    def test_lives_for_a_day_however_late_it_is(self) -> None:
        state = LinkState(replace(coded(INSPECTION), viewer=Party.SELLER), None)
        late = NOW + timedelta(days=9)

        made = decide_make_link(state, "a" * 64, rules=RULES, context=context(SELLER, now=late))

        assert made.value.expires_at == late + timedelta(hours=24)

    def test_is_the_sellers_to_make_and_to_take_back(self) -> None:
        link = RiderLink(UUID(int=9), UUID(int=1), "a" * 64, NOW, NOW, None, 1)
        buyers = LinkState(replace(coded(INSPECTION), viewer=Party.BUYER), link)
        with pytest.raises(errors.WrongPartyError):
            decide_make_link(buyers, "a" * 64, rules=RULES, context=context())
        with pytest.raises(errors.WrongPartyError):
            decide_revoke_link(buyers, context=context())
        with pytest.raises(handover_errors.RiderLinkNotFoundError):
            decide_revoke_link(LinkState(replace(buyers.order, viewer=Party.SELLER), None), context=context(SELLER))
