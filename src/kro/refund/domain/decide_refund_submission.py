"""Before money goes back: everything is checked again, and the try is on record before the provider hears of it."""

from __future__ import annotations

from dataclasses import replace

from kro.core.decisions import Decision, Insert, Outcome, Update
from kro.refund.database.records import AttemptStatus, Refund, RefundAttempt, RefundStatus, SubmissionState
from kro.refund.domain.announcements import refund_updated
from kro.refund.domain.context import Context
from kro.refund.domain.decide_refund_approval import valid_approvals
from kro.refund.domain.errors import RefundBlockedError
from kro.refund.domain.rules import RefundRules


def may_be_sent_again(refund: Refund) -> bool:
    """Say whether the provider is known not to have taken the try under way."""
    attempt = refund.attempt
    return (
        refund.status is RefundStatus.SENDING
        and attempt is not None
        and attempt.status is AttemptStatus.SUBMITTING
        and attempt.lease_until is None
    )


def decide_submission(state: SubmissionState, *, rules: RefundRules, context: Context) -> Outcome[Refund | None]:
    """Take an approved refund for sending; ``None`` when there is nothing to send, or not yet.

    The lease tells everybody else that a call may be under way. Whoever finds it expired asks the provider and never
    sends: only a try without a lease, known not to have been taken, is repeated.

    :raises RefundBlockedError: while its owner is not active, or the approvals do not cover what would go back.
    """
    refund = state.refund
    again = may_be_sent_again(refund)
    if not again and (refund.status is not RefundStatus.APPROVED or _rests(refund, rules, context)):
        return Outcome(Decision(), None)
    if not state.owner_is_active or valid_approvals(refund) < refund.approvals_required:
        raise RefundBlockedError
    return _send_again(refund, rules, context) if again else _begin(refund, rules, context)


def _rests(refund: Refund, rules: RefundRules, context: Context) -> bool:
    """Say whether the last try failed too short a time ago to try again."""
    last = refund.attempt
    return last is not None and context.now < rules.retry_at(len(refund.attempts), now=last.updated_at)


def _begin(refund: Refund, rules: RefundRules, context: Context) -> Outcome[Refund | None]:
    lease_until = context.now + rules.lease
    attempt = RefundAttempt(
        id=context.new_id(),
        number=len(refund.attempts) + 1,
        status=AttemptStatus.SUBMITTING,
        provider_reference=None,
        lease_until=lease_until,
        version=1,
        created_at=context.now,
        updated_at=context.now,
    )
    row = {
        "id": attempt.id,
        "refund_id": refund.id,
        "number": attempt.number,
        "provider": refund.provider,
        "status": attempt.status,
        "lease_until": lease_until,
        "version": attempt.version,
        "created_at": context.now,
        "updated_at": context.now,
    }
    changes = {"status": RefundStatus.SENDING, "next_poll_at": lease_until, "alarms": 0, "updated_at": context.now}
    decision = Decision(
        writes=(Update("refunds", refund.id, refund.version, changes), Insert("refund_attempts", (row,))),
        messages=(refund_updated(refund, RefundStatus.SENDING, context=context),),
    )
    taken = replace(
        refund, status=RefundStatus.SENDING, version=refund.version + 1, attempts=(*refund.attempts, attempt)
    )
    return Outcome(decision, taken)


def _send_again(refund: Refund, rules: RefundRules, context: Context) -> Outcome[Refund | None]:
    attempt = refund.attempt
    if attempt is None:
        raise AssertionError("only a try can be repeated")
    lease_until = context.now + rules.lease
    decision = Decision(
        writes=(
            Update("refunds", refund.id, refund.version, {"next_poll_at": lease_until, "updated_at": context.now}),
            Update(
                "refund_attempts", attempt.id, attempt.version, {"lease_until": lease_until, "updated_at": context.now}
            ),
        )
    )
    taken = replace(attempt, lease_until=lease_until, version=attempt.version + 1)
    return Outcome(decision, replace(refund, version=refund.version + 1, attempts=(*refund.attempts[:-1], taken)))
