"""What is checked again before money leaves: each condition holds a payout back by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kro.core.actor import SYSTEM
from kro.core.decisions import Decision
from kro.core.ids import SequentialIdSource
from kro.core.money import Money
from kro.payment.database.records import (
    Approval,
    Attempt,
    AttemptStatus,
    Destination,
    Payout,
    PayoutStatus,
    SubmissionState,
)
from kro.payment.domain.choice import Board, Candidate
from kro.payment.domain.context import Context
from kro.payment.domain.decide_payout_approval import approval_hash
from kro.payment.domain.decide_submission import decide_submission
from kro.payment.domain.errors import PayoutBlockedError
from kro.payment.domain.rules import PayoutRules
from kro.payment.providers import Capability

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
RULES = PayoutRules(provider="paystack", fee_minor=5_000, second_approver_above_minor=100_000_000)


def payout(status: PayoutStatus = PayoutStatus.APPROVED, **changes: Any) -> Payout:
    found = Payout(
        id=UUID(int=1),
        user_id=UUID(int=7),
        provider="paystack",
        amount=Money(700_000, "NGN"),
        fee=5_000,
        vat=349,
        destination=Destination(UUID(int=9), "058", "Guaranty Trust Bank", "sealed", "4567", "DEMO SELLER"),
        status=status,
        approvals_required=1,
        failure_code=None,
        provider_reference=None,
        polls=0,
        next_poll_at=None,
        version=3,
        created_at=NOW,
        updated_at=NOW,
        settled_at=None,
    )
    approved = replace(found, approvals=(Approval(UUID(int=5), approval_hash(found), NOW),))
    return replace(approved, **changes)


def untaken() -> Payout:
    """A payout whose provider is known not to have taken it."""
    attempt = Attempt(
        id=UUID(int=2),
        number=1,
        reference="ref",
        status=AttemptStatus.SUBMITTING,
        lease_until=None,
        version=1,
        created_at=NOW - timedelta(minutes=5),
    )
    return payout(PayoutStatus.SUBMITTING, attempt=attempt)


BOARD = Board(
    [
        Candidate(
            name="paystack",
            capabilities=frozenset({Capability.TRANSFER_SENDER}),
            currencies=frozenset({"NGN"}),
        )
    ]
)


def decide(found: Payout, **changes: bool) -> tuple[Decision, Payout | None]:
    state = replace(SubmissionState(found, owner_is_active=True, owner_owes=False), **changes)  # type: ignore[arg-type] # the tests name real fields
    context = Context(actor=SYSTEM, now=NOW, ids=SequentialIdSource())
    outcome = decide_submission(state, board=BOARD, rules=RULES, context=context)
    return outcome.decision, outcome.value


@pytest.mark.parametrize("found", [payout(), untaken()], ids=["first", "again"])
class TestAnOwnerWhoMayNot:
    def test_is_paid_when_nothing_stands_in_the_way(self, found: Payout) -> None:
        decision, taken = decide(found)

        assert taken is not None
        assert taken.attempt is not None
        assert taken.attempt.lease_until == NOW + RULES.lease
        assert decision.writes

    def test_waits_while_money_is_owed(self, found: Payout) -> None:
        with pytest.raises(PayoutBlockedError):
            decide(found, owner_owes=True)

    def test_waits_while_not_active(self, found: Payout) -> None:
        with pytest.raises(PayoutBlockedError):
            decide(found, owner_is_active=False)

    def test_waits_for_the_approvals_of_what_would_be_paid(self, found: Payout) -> None:
        with pytest.raises(PayoutBlockedError):
            decide(replace(found, amount=Money(700_001, "NGN")))


@pytest.mark.parametrize("status", [s for s in PayoutStatus if s is not PayoutStatus.APPROVED])
def test_what_is_owed_says_nothing_of_what_is_not_to_be_sent(status: PayoutStatus) -> None:
    assert decide(payout(status), owner_owes=True) == (Decision(), None)
