"""Before money leaves: everything is checked again, and the attempt is on record under its reference."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid5

from kro.core.decisions import Decision, Insert, Outcome, Update
from kro.payment.database.payout_words import AlarmKind
from kro.payment.database.provider_records import Direction
from kro.payment.database.records import Attempt, AttemptStatus, Payout, PayoutStatus, SubmissionState
from kro.payment.domain.announcements import payout_updated
from kro.payment.domain.choice import Board
from kro.payment.domain.context import Context
from kro.payment.domain.decide_payout_approval import valid_approvals
from kro.payment.domain.errors import PayoutBlockedError
from kro.payment.domain.rules import PayoutRules
from kro.payment.providers.references import provider_reference_for


def may_be_sent_again(payout: Payout) -> bool:
    """Say whether the provider is known not to have taken the attempt, so that its reference may be used again."""
    attempt = payout.attempt
    return (
        payout.status is PayoutStatus.SUBMITTING
        and attempt is not None
        and attempt.status is AttemptStatus.SUBMITTING
        and attempt.lease_until is None
    )


def decide_submission(
    state: SubmissionState, *, board: Board, rules: PayoutRules, context: Context
) -> Outcome[Payout | None]:
    """Take an approved payout for sending; ``None`` when there is nothing (more) to send.

    The lease tells everybody else that a call may be under way. Whoever finds it expired asks the provider and never
    sends: only an attempt without a lease, known not to have been taken, is sent again, under the same reference and
    through the same provider. A new attempt goes to another provider if the one it was meant for is sick or switched
    off.

    :raises PayoutBlockedError: while a provider seems to have paid it already, its owner is not active or owes us
        money, the approvals do not cover what would be paid, or no provider may send it.
    """
    payout = state.payout
    again = may_be_sent_again(payout)
    if payout.status is not PayoutStatus.APPROVED and not again:
        return Outcome(Decision(), None)
    paid = any(alarm.kind is AlarmKind.PAID_AFTER_TURNING_DOWN and alarm.waits for alarm in payout.alarms)
    if paid or not state.owner_is_active or state.owner_owes or valid_approvals(payout) < payout.approvals_required:
        raise PayoutBlockedError
    if again and board.may_start(payout.provider, Direction.PAYOUTS):
        return _send_again(payout, rules, context)
    provider = None if again else board.payer(payout.amount, first=payout.provider, without=payout.turned_down_by)
    if provider is None:
        raise PayoutBlockedError
    return _begin(replace(payout, provider=provider), rules, context)


def _begin(payout: Payout, rules: PayoutRules, context: Context) -> Outcome[Payout | None]:
    lease_until = context.now + rules.lease
    earlier = payout.attempt
    if earlier is not None and earlier.status is not AttemptStatus.FAILED:
        raise AssertionError("an attempt follows only one that has failed")
    number = 1 if earlier is None else earlier.number + 1
    # Made from the payout and not drawn: where an older moment of the database was restored, it is sent under the
    # reference that the provider knows already, and not a second time.
    attempt_id = uuid5(payout.id, f"attempt {number}")
    attempt = Attempt(
        id=attempt_id,
        number=number,
        reference=provider_reference_for(attempt_id),
        status=AttemptStatus.SUBMITTING,
        lease_until=lease_until,
        version=1,
        created_at=context.now,
    )
    row = {
        "id": attempt.id,
        "payout_id": payout.id,
        "number": attempt.number,
        "provider": payout.provider,
        "reference": attempt.reference,
        "status": attempt.status,
        "lease_until": lease_until,
        "version": attempt.version,
        "created_at": context.now,
        "updated_at": context.now,
    }
    changes = {
        "status": PayoutStatus.SUBMITTING,
        "provider": payout.provider,
        "next_poll_at": lease_until,
        "updated_at": context.now,
    }
    decision = Decision(
        writes=(
            Update("transactions", payout.id, payout.version, changes),
            Insert("payout_attempts", (row,)),
        ),
        messages=(payout_updated(payout, PayoutStatus.SUBMITTING, context=context),),
    )
    taken = replace(payout, status=PayoutStatus.SUBMITTING, version=payout.version + 1, attempt=attempt)
    return Outcome(decision, taken)


def _send_again(payout: Payout, rules: PayoutRules, context: Context) -> Outcome[Payout | None]:
    attempt = payout.attempt
    if attempt is None:
        raise AssertionError("only an attempt can be sent again")
    lease_until = context.now + rules.lease
    decision = Decision(
        writes=(
            Update("transactions", payout.id, payout.version, {"next_poll_at": lease_until, "updated_at": context.now}),
            Update(
                "payout_attempts", attempt.id, attempt.version, {"lease_until": lease_until, "updated_at": context.now}
            ),
        )
    )
    taken = replace(attempt, lease_until=lease_until, version=attempt.version + 1)
    return Outcome(decision, replace(payout, version=payout.version + 1, attempt=taken))
