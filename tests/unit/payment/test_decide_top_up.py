from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from kro.core.actor import AccountNotActiveError, Actor, ActorKind, Standing
from kro.core.decisions import Insert, Outcome, Update
from kro.core.ids import SystemIdSource
from kro.core.kyc import TierLimitExceededError
from kro.core.money import Money
from kro.payment.database.records import Payment, PaymentStatus
from kro.payment.database.top_up_records import TopUpState
from kro.payment.domain.choice import Board, Candidate
from kro.payment.domain.decide_top_up import TopUpWish, decide_top_up
from kro.payment.providers import Capability
from tier_scenes import tiers_with

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
USER = Actor(kind=ActorKind.USER, id=uuid4())
TIERS = tiers_with("balance_limit", 30_000_000, 100_000_000, None, None)

BOARD = Board(
    [
        Candidate(
            name="paystack",
            capabilities=frozenset({Capability.CHECKOUT}),
            currencies=frozenset({"NGN", "USD", "GHS"}),
        )
    ]
)


def state(*, tier: int = 0, held: int = 0, under_way: int = 0, status: str = "active") -> TopUpState:
    standing = Standing(session_live=True, status=status, kyc_tier=tier)
    return TopUpState(standing=standing, user_version=7, held_minor=held, open_minor=under_way)


def decided(before: TopUpState, amount: int, currency: str = "NGN") -> Outcome[Payment]:
    return decide_top_up(
        before, TopUpWish(Money(amount, currency)), board=BOARD, actor=USER, tiers=TIERS, ids=SystemIdSource(), now=NOW
    )


def test_a_top_up_is_a_payment_without_an_order() -> None:
    outcome = decided(state(), 500_000)

    payment = outcome.value
    assert (payment.order_id, payment.amount, payment.status) == (None, Money(500_000, "NGN"), PaymentStatus.INITIATED)
    assert [message.topic for message in outcome.decision.messages] == ["payment.start"]
    assert outcome.decision.journals == ()


@pytest.mark.parametrize(("held", "under_way"), [(29_500_000, 0), (0, 29_500_000), (29_000_000, 500_000)])
def test_the_limit_counts_what_is_held_and_what_is_on_its_way(held: int, under_way: int) -> None:
    decided(state(held=held, under_way=under_way), 500_000)
    with pytest.raises(TierLimitExceededError):
        decided(state(held=held, under_way=under_way), 500_001)


def test_a_limited_top_up_moves_the_users_version_so_that_two_cannot_pass_on_one_sum() -> None:
    guard, row = decided(state(), 500_000).decision.writes

    assert isinstance(guard, Update)
    assert (guard.table, guard.id, guard.version) == ("users", USER.id, 7)
    assert isinstance(row, Insert)


def test_a_higher_tier_may_hold_more_and_the_highest_anything() -> None:
    decided(state(tier=1, held=30_000_000), 1)
    decided(state(tier=2, held=10**12), 10**12)
    decided(state(tier=3, held=10**12), 10**12)


def test_other_currencies_are_not_limited_by_tier() -> None:
    decided(state(), 10**12, "USD")


def test_a_suspended_account_cannot() -> None:
    with pytest.raises(AccountNotActiveError):
        decided(state(status="suspended"), 1)
