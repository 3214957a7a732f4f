"""What a proof is asked for, and what it is good for: exactly one task of one user."""

from uuid import UUID

import pytest

from kro.core.decisions import Decision, Update
from kro.core.money import Money
from kro.verification.domain import (
    SHUT,
    Gate,
    Proven,
    StepUpAction,
    StepUpClaim,
    StepUpRequiredError,
    StepUpRules,
    StepUpTask,
)
from kro.verification.domain.step_up_rules import code_mac, is_right_code

KEY, USER = b"k" * 32, UUID(int=7)
GATE = Gate(StepUpRules({"NGN": 1_000}))
TASK = StepUpTask(StepUpAction.APPROVE_ORDER, "ord_1", Money(1_001, "NGN"))
SPENT = Decision(writes=(Update("step_up_challenges", UUID(int=1), 1, {}),))
PROVEN = Proven(TASK, StepUpClaim("123456", UUID(int=1)), SPENT)


@pytest.mark.parametrize(
    ("counted", "asked"),
    [(Money(1_000, "NGN"), False), (Money(1_001, "NGN"), True), (Money(1, "USD"), True), (Money(0, "USD"), False)],
)
def test_a_proof_is_asked_for_above_the_threshold_of_the_currency(counted: Money, asked: bool) -> None:
    if asked:
        with pytest.raises(StepUpRequiredError):
            GATE.pay(TASK, counted=counted)
    else:
        assert GATE.pay(TASK, counted=counted) == Decision()


def test_where_nobody_says_otherwise_everything_is_asked_for() -> None:
    with pytest.raises(StepUpRequiredError):
        SHUT.pay(TASK, counted=Money(1, "NGN"))


def test_a_proof_is_used_up_by_what_it_allows() -> None:
    assert GATE.with_proof(PROVEN).pay(TASK, counted=Money(1_001, "NGN")) == SPENT


def test_a_small_amount_uses_no_proof_up() -> None:
    assert GATE.with_proof(PROVEN).pay(TASK, counted=Money(1_000, "NGN")) == Decision()


OTHERS = [
    StepUpTask(StepUpAction.RELEASE_PART, TASK.target, TASK.amount),
    StepUpTask(TASK.action, "ord_2", TASK.amount),
    StepUpTask(TASK.action, TASK.target, Money(1_002, "NGN")),
    StepUpTask(TASK.action, TASK.target, Money(1_001, "USD")),
    StepUpTask(TASK.action, TASK.target),
]


@pytest.mark.parametrize("other", OTHERS)
def test_a_proof_is_good_for_nothing_else(other: StepUpTask) -> None:
    with pytest.raises(StepUpRequiredError):
        GATE.with_proof(PROVEN).demand(other)
    assert other.digest(USER, key=KEY) != TASK.digest(USER, key=KEY)


def test_a_code_belongs_to_its_task_its_challenge_its_user_and_its_key() -> None:
    task_hash, challenge_id = TASK.digest(USER, key=KEY), UUID(int=1)
    mac = code_mac("123456", key=KEY, task_hash=task_hash, challenge_id=challenge_id)

    def right(code: str = "123456", **changes: object) -> bool:
        facts = {"key": KEY, "task_hash": task_hash, "challenge_id": challenge_id} | changes
        return is_right_code(code, mac=mac, **facts)  # type: ignore[arg-type] # the tests name real parameters

    assert right()
    assert right("123 456")
    assert not right("123457")
    assert not right("١٢٣٤٥٦")
    assert not right(key=b"x" * 32)
    assert not right(challenge_id=UUID(int=2))
    assert not right(task_hash=TASK.digest(UUID(int=8), key=KEY))
