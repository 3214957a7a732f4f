"""What may happen while the buyer inspects, as pure functions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kro.order.database.records import OrderState
from kro.order.database.words import OrderStatus, Party
from kro.order.domain import errors
from kro.order.domain.decide_inspection import decide_extend
from order_scenes import BUYER, NOW, RULES, SELLER, completed, context, moved

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
