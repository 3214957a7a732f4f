"""Refunds as pure functions: what each answer leads to, without a database or a provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kro.core.actor import SYSTEM, Actor, ActorKind, Standing
from kro.core.decisions import Decision, Insert, Update
from kro.core.ids import SequentialIdSource
from kro.core.money import Money
from kro.payment.domain import (
    FailedDefinitively,
    NotFound,
    NotSent,
    Pending,
    Progress,
    RefundFacts,
    Succeeded,
    Unknown,
)
from kro.refund.database.records import (
    AttemptStatus,
    Refund,
    RefundablePayment,
    RefundAttempt,
    RefundDestination,
    RefundOrigin,
    RefundStatus,
    SourceBasis,
    SubmissionState,
)
from kro.refund.domain.context import Context
from kro.refund.domain.decide_refund_approval import approval_hash
from kro.refund.domain.decide_refund_outcome import RefundAnswer, decide_outcome
from kro.refund.domain.decide_refund_submission import decide_submission
from kro.refund.domain.decide_request import decide_source_request
from kro.refund.domain.errors import RefundBlockedError, RefundNotOfferedError
from kro.refund.domain.rules import RefundRules

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
RULES = RefundRules(approval_above_minor=500, second_approver_above_minor=5_000, refunding=frozenset({"paystack"}))
AMOUNT = Money(400, "NGN")
FACTS = RefundFacts("7", 400, "NGN")
USER = UUID(int=101)


def context(*, now: datetime = NOW, actor: Actor = SYSTEM) -> Context:
    return Context(actor=actor, now=now, ids=SequentialIdSource())


def attempt(status: AttemptStatus = AttemptStatus.SUBMITTING, *, number: int = 1) -> RefundAttempt:
    return RefundAttempt(
        id=UUID(int=200 + number),
        number=number,
        status=status,
        provider_reference=None,
        lease_until=NOW + timedelta(minutes=3),
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )


def refund(status: RefundStatus = RefundStatus.SENDING, *attempts: RefundAttempt) -> Refund:
    return Refund(
        id=UUID(int=1),
        order_id=None,
        payment_id=UUID(int=2),
        user_id=USER,
        amount=AMOUNT,
        fee=0,
        vat=0,
        origin=RefundOrigin.BALANCE,
        destination=RefundDestination.SOURCE,
        status=status,
        reason="requested_by_payer",
        note=None,
        provider="paystack",
        requested_by=None,
        approvals_required=0,
        failure_code=None,
        polls=0,
        next_poll_at=None,
        alarms=0,
        version=3,
        created_at=NOW,
        updated_at=NOW,
        processed_at=None,
        attempts=attempts,
    )


def payment(**changes: object) -> RefundablePayment:
    found = RefundablePayment(
        id=UUID(int=2),
        order_id=None,
        user_id=USER,
        provider="paystack",
        provider_reference="9",
        received=Money(10_000, "NGN"),
        returned=0,
        order_received=0,
        order_used=0,
        order_returned=0,
        places=0,
        settled_at=NOW,
    )
    return replace(found, **changes)  # type: ignore[arg-type] # the tests name real fields


def submission(found: Refund, **changes: object) -> SubmissionState:
    state = SubmissionState(found, "9", payment_version=5, payment_left=10_000, owner_is_active=True)
    return replace(state, **changes)  # type: ignore[arg-type] # the tests name real fields


def moved(decision: Decision) -> dict[str, int]:
    totals: dict[str, int] = {}
    for journal in decision.journals:
        for entry in journal.entries:
            totals[entry.account.code] = totals.get(entry.account.code, 0) + entry.amount
    assert sum(totals.values()) == 0
    return totals


def columns(decision: Decision, table: str) -> dict[str, object]:
    return {
        k: v
        for write in decision.writes
        if isinstance(write, Update) and write.table == table
        for k, v in write.changes.items()
    }


class TestWhatMayGoBack:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, 10_000),
            ({"returned": 4_000}, 6_000),
            ({"returned": 11_000}, 0),
            ({"order_id": UUID(int=5), "order_received": 10_000, "order_used": 10_000}, 0),
            ({"order_id": UUID(int=5), "order_received": 12_000, "order_used": 9_000}, 3_000),
            ({"order_id": UUID(int=5), "order_received": 10_000, "order_used": 0, "order_returned": 2_500}, 7_500),
            ({"order_id": UUID(int=5), "order_received": 30_000, "order_used": 0}, 10_000),
            # The rest of the order was paid from the balance, and that has no source.
            ({"order_id": UUID(int=5), "order_received": 10_000, "order_used": 15_000}, 0),
        ],
    )
    def test_is_bounded_by_the_payment_and_by_its_order(self, changes: dict[str, object], expected: int) -> None:
        assert payment(**changes).refundable == expected


class TestRequest:
    @pytest.mark.parametrize(
        ("amount", "approvals", "status"),
        [(500, 0, RefundStatus.APPROVED), (501, 1, RefundStatus.REQUESTED), (5_001, 2, RefundStatus.REQUESTED)],
    )
    def test_needs_as_many_people_as_its_amount(self, amount: int, approvals: int, status: RefundStatus) -> None:
        basis = SourceBasis(Standing(session_live=True, status="active"), payment(), 10_000, 0)

        outcome = decide_source_request(
            basis, Money(amount, "NGN"), rules=RULES, context=context(actor=Actor(ActorKind.USER, USER))
        )

        assert (outcome.value.approvals_required, outcome.value.status) == (approvals, status)
        assert moved(outcome.decision) == {"user_available": amount, "refund_in_transit": -amount}
        topics = {message.topic for message in outcome.decision.messages}
        assert ("refund.submit" in topics) is (approvals == 0)

    def test_is_refused_where_the_provider_sends_nothing_back(self) -> None:
        basis = SourceBasis(Standing(session_live=True, status="active"), payment(provider="providus"), 10_000, 0)

        with pytest.raises(RefundNotOfferedError):
            decide_source_request(basis, AMOUNT, rules=RULES, context=context())

    def test_takes_the_next_place_of_its_order(self) -> None:
        basis = SourceBasis(
            Standing(session_live=True, status="active"),
            payment(order_id=UUID(int=5), order_received=10_000, places=3),
            10_000,
            0,
        )

        outcome = decide_source_request(basis, AMOUNT, rules=RULES, context=context())

        [insert] = [write for write in outcome.decision.writes if isinstance(write, Insert)]
        assert insert.rows[0]["place"] == f"{UUID(int=5)}/4"


class TestSubmission:
    def test_puts_a_try_on_record_with_a_lease(self) -> None:
        outcome = decide_submission(submission(refund(RefundStatus.APPROVED)), rules=RULES, context=context())

        assert outcome.value is not None
        assert outcome.value.attempt is not None
        assert outcome.value.attempt.lease_until == NOW + RULES.lease
        assert columns(outcome.decision, "refunds")["status"] is RefundStatus.SENDING

    @pytest.mark.parametrize(
        "status",
        [s for s in RefundStatus if s is not RefundStatus.APPROVED],
    )
    def test_is_nothing_in_any_other_status(self, status: RefundStatus) -> None:
        state = submission(refund(status, attempt()))

        outcome = decide_submission(state, rules=RULES, context=context())

        assert (outcome.decision, outcome.value) == (Decision(), None)

    def test_is_refused_without_the_approvals_it_needs(self) -> None:
        unapproved = replace(refund(RefundStatus.APPROVED), approvals_required=1)

        with pytest.raises(RefundBlockedError):
            decide_submission(submission(unapproved), rules=RULES, context=context())

    def test_sends_what_the_payment_still_covers_and_keeps_what_it_does_not(self) -> None:
        covered = submission(refund(RefundStatus.APPROVED), payment_left=400)

        sent = decide_submission(covered, rules=RULES, context=context())
        kept = decide_submission(replace(covered, payment_left=399), rules=RULES, context=context())

        assert sent.value is not None
        assert kept.value is None
        ended = columns(kept.decision, "refunds")
        assert (ended["status"], ended["failure_code"]) == (RefundStatus.FAILED, "payment_contested")
        assert moved(kept.decision) == {"refund_in_transit": 400, "user_available": -400}

    def test_ends_a_try_that_was_never_taken_with_what_it_keeps(self) -> None:
        untaken = replace(attempt(), lease_until=None)

        kept = decide_submission(
            submission(refund(RefundStatus.SENDING, untaken), payment_left=0), rules=RULES, context=context()
        )

        assert columns(kept.decision, "refund_attempts")["status"] is AttemptStatus.FAILED
        assert columns(kept.decision, "refunds")["status"] is RefundStatus.FAILED

    def test_rests_after_a_failure(self) -> None:
        failed = refund(RefundStatus.APPROVED, attempt(AttemptStatus.FAILED))
        state = submission(failed)

        soon = decide_submission(state, rules=RULES, context=context(now=NOW + timedelta(seconds=299)))
        then = decide_submission(state, rules=RULES, context=context(now=NOW + timedelta(seconds=300)))

        assert soon.value is None
        assert then.value is not None
        assert then.value.attempts[-1].number == 2


class TestOutcome:
    def ask(self, found: Refund, answer: RefundAnswer, *, now: datetime = NOW) -> tuple[Decision, Progress]:
        outcome = decide_outcome(found, answer, rules=RULES, context=context(now=now))
        return outcome.decision, outcome.value

    def test_success_is_booked_against_the_provider(self) -> None:
        decision, progress = self.ask(refund(RefundStatus.SENDING, attempt()), Succeeded(FACTS))

        assert progress is Progress.FINAL
        assert moved(decision) == {"refund_in_transit": 400, "provider_clearing": -400}
        assert columns(decision, "refunds")["status"] is RefundStatus.PROCESSED
        assert decision.journals[0].external_ref == "7"

    @pytest.mark.parametrize("number", [1, 2])
    def test_a_failure_is_tried_again_and_moves_nothing(self, number: int) -> None:
        decision, _ = self.ask(refund(RefundStatus.SENDING, attempt(number=number)), FailedDefinitively("failed"))

        assert decision.journals == ()
        assert columns(decision, "refunds")["status"] is RefundStatus.APPROVED

    def test_the_third_failure_ends_in_the_balance(self) -> None:
        tries = [attempt(AttemptStatus.FAILED), attempt(AttemptStatus.FAILED, number=2), attempt(number=3)]
        decision, _ = self.ask(refund(RefundStatus.SENDING, *tries), FailedDefinitively("failed"))

        assert moved(decision) == {"refund_in_transit": 400, "user_available": -400}
        assert columns(decision, "refunds")["status"] is RefundStatus.FAILED

    @pytest.mark.parametrize("answer", [Unknown("timeout"), NotFound(), Pending("pending", FACTS), NotSent("busy")])
    @pytest.mark.parametrize("age", [timedelta(0), timedelta(days=400)])
    def test_nothing_unclear_moves_money_however_old_it_is(self, answer: RefundAnswer, age: timedelta) -> None:
        decision, progress = self.ask(refund(RefundStatus.SENDING, attempt()), answer, now=NOW + age)

        assert decision.journals == ()
        assert "status" not in columns(decision, "refunds")
        assert progress is (Progress.FINAL if isinstance(answer, Pending) else Progress.WAITING)

    @pytest.mark.parametrize("answer", [Unknown("timeout"), NotFound()])
    def test_what_is_unclear_is_never_kept_for_sending(self, answer: RefundAnswer) -> None:
        decision, _ = self.ask(refund(RefundStatus.SENDING, attempt()), answer, now=NOW + timedelta(days=30))

        assert columns(decision, "refund_attempts")["status"] is AttemptStatus.UNKNOWN

    @pytest.mark.parametrize(
        ("status", "answer"),
        [
            (RefundStatus.PROCESSED, FailedDefinitively("failed")),
            (RefundStatus.FAILED, Succeeded(FACTS)),
            (RefundStatus.FAILED, Unknown("failed_refund_went_on")),
        ],
    )
    def test_a_contradiction_moves_nothing_and_calls_a_person(self, status: RefundStatus, answer: RefundAnswer) -> None:
        decision, progress = self.ask(refund(status, attempt()), answer)

        assert progress is Progress.PARKED
        assert decision.journals == ()
        assert [message.topic for message in decision.messages] == ["alert"]

    def test_an_end_stays_an_end(self) -> None:
        for status in (RefundStatus.PROCESSED, RefundStatus.CANCELLED, RefundStatus.REJECTED):
            assert self.ask(refund(status, attempt()), Succeeded(FACTS)) == (Decision(), Progress.FINAL)


def test_an_approval_covers_everything_that_could_be_changed() -> None:
    shown = refund()
    others = [
        replace(shown, amount=Money(401, "NGN")),
        replace(shown, amount=Money(400, "GHS")),
        replace(shown, destination=RefundDestination.BALANCE),
        replace(shown, origin=RefundOrigin.ESCROW),
        replace(shown, payment_id=UUID(int=3)),
        replace(shown, user_id=UUID(int=3)),
        replace(shown, fee=1),
        replace(shown, id=UUID(int=3)),
    ]

    assert len({approval_hash(one) for one in (shown, *others)}) == 1 + len(others)
