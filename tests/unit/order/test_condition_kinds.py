"""What each kind of condition asks for, and who confirms it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kro.core.money import Money
from kro.order.database.records import NewCondition
from kro.order.database.words import (
    ConditionKind,
    ConditionStatus,
    ConfirmedBy,
    Party,
)
from kro.order.domain import errors
from kro.order.domain.condition_rules import SenselessConditionError
from kro.order.domain.decide_conditions import (
    decide_reject,
)
from milestone_scenes import (
    PRICE,
    THIRD,
    confirmed,
    dated,
    funded,
    milestone,
    proposed,
    submitted,
)
from order_scenes import (
    NOW,
    context,
    moved,
)


class TestAThirdParty:
    def said(self, amount: int | None = None) -> NewCondition:
        return milestone(amount, kind=ConditionKind.THIRD_PARTY, confirmed_by=ConfirmedBy.ADMIN, evidence_required=True)

    def test_is_judged_by_an_admin_alone(self) -> None:
        state = submitted(funded(self.said(THIRD), milestone(None)), 1)

        assert [m.topic for m in state.decision.messages].count("alert") == 1
        assert state.value.conditions[0].inspect_by is None
        for party in (Party.BUYER, Party.SELLER):
            with pytest.raises(errors.WrongPartyError):
                confirmed(state.value, 1, by=party)
        assert moved(confirmed(state.value, 1, by=Party.ADMIN).decision)["seller"] == -4_932_813

    def test_is_not_judged_before_there_is_evidence(self) -> None:
        with pytest.raises(errors.ConditionClosedError):
            confirmed(funded(self.said(), milestone(None)), 1, by=Party.ADMIN)

    def test_is_sent_back_by_an_admin_alone(self) -> None:
        state = submitted(funded(self.said(), milestone(None)), 1).value

        with pytest.raises(errors.WrongPartyError):
            decide_reject(replace(state, viewer=Party.BUYER), state.conditions[0].id, "no", context=context())
        back = decide_reject(replace(state, viewer=Party.ADMIN), state.conditions[0].id, "no", context=context())
        assert back.value.conditions[0].status is ConditionStatus.PENDING


@pytest.mark.parametrize(
    ("condition", "pointer"),
    [
        (milestone(None, kind=ConditionKind.DELIVERY_CODE), "/conditions/0/confirmed_by"),
        (milestone(None, confirmed_by=ConfirmedBy.ADMIN), "/conditions/0/confirmed_by"),
        (milestone(None, confirmed_by=ConfirmedBy.SYSTEM), "/conditions/0/confirmed_by"),
        (dated(-1), "/conditions/0/not_before"),
        (dated(1_000), "/conditions/0/not_before"),
        (replace(dated(1), not_before=None), "/conditions/0/not_before"),
        (replace(dated(1), evidence_required=True), "/conditions/0/evidence_required"),
        (milestone(None, not_before=NOW), "/conditions/0/not_before"),
        (milestone(PRICE + 1), "/conditions/0/amount"),
        (milestone(2), "/conditions/0/amount"),
        (milestone(THIRD, confirmed_by=ConfirmedBy.SELLER), "/conditions/0/amount"),
        (replace(milestone(None), amount=Money(5, "USD")), "/conditions/0/amount/currency"),
        (
            milestone(None, kind=ConditionKind.THIRD_PARTY, confirmed_by=ConfirmedBy.ADMIN),
            "/conditions/0/evidence_required",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(condition: NewCondition, pointer: str) -> None:
    with pytest.raises(SenselessConditionError) as refusal:
        proposed(condition)

    assert [error.pointer for error in refusal.value.errors] == [pointer]


def test_milestones_together_are_not_above_the_price() -> None:
    proposed(milestone(PRICE - 10_000), milestone(10_000))
    with pytest.raises(SenselessConditionError) as refusal:
        proposed(milestone(PRICE - 10_000), milestone(10_001))

    assert [error.pointer for error in refusal.value.errors] == ["/conditions/1/amount"]
