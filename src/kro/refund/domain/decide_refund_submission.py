"""Before money goes back: everything is checked again, and the try is on record before the provider hears of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID

from kro.core.decisions import Decision, Insert, Outcome, Update
from kro.refund.database.records import AttemptStatus, Refund, RefundAttempt, RefundStatus, SubmissionState
from kro.refund.domain.announcements import audit, refund_updated
from kro.refund.domain.context import Context
from kro.refund.domain.decide_refund_approval import valid_approvals
from kro.refund.domain.decide_refund_outcome import give_to_balance
from kro.refund.domain.errors import RefundBlockedError
from kro.refund.domain.rules import RefundRules

CONTESTED: Final = "payment_contested"


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

    What the payer's bank has taken back meanwhile must not go back a second time: a refund that its payment does not
    cover any more goes to the owner's balance, where it counts against what the chargeback has left owed.

    :raises RefundBlockedError: while its owner is not active, or the approvals do not cover what would go back.
    """
    refund = state.refund
    again = may_be_sent_again(refund)
    if not again and (refund.status is not RefundStatus.APPROVED or _rests(refund, rules, context)):
        return Outcome(Decision(), None)
    if not state.owner_is_active or valid_approvals(refund) < refund.approvals_required:
        raise RefundBlockedError
    if state.payment_left < refund.amount.amount:
        return Outcome(_keep(refund, context), None)
    outcome = _send_again(refund, rules, context) if again else _begin(refund, rules, context)
    guard = _payment_as_loaded(refund.payment_id, state, context)
    return Outcome(Decision(writes=(guard,)) + outcome.decision, outcome.value)


def _rests(refund: Refund, rules: RefundRules, context: Context) -> bool:
    """Say whether the last try failed too short a time ago to try again."""
    last = refund.attempt
    return last is not None and context.now < rules.retry_at(len(refund.attempts), now=last.updated_at)


def _payment_as_loaded(payment_id: UUID | None, state: SubmissionState, context: Context) -> Update:
    """Return the write that a chargeback opened in between takes for a lost race, as it does ours."""
    if payment_id is None:
        raise AssertionError("only what goes back to a source is sent")
    return Update("transactions", payment_id, state.payment_version, {"updated_at": context.now})


def _keep(refund: Refund, context: Context) -> Decision:
    """Give what may not leave any more to the owner's balance; a try the provider never took has failed with it."""
    kept = give_to_balance(refund, CONTESTED, context=context)
    traced = Decision(audits=(audit(refund, "refund.withhold", context=context, reason=CONTESTED),))
    attempt = refund.attempt
    if attempt is None or not may_be_sent_again(refund):
        return kept + traced
    ended = {"status": AttemptStatus.FAILED, "failure_code": CONTESTED, "updated_at": context.now}
    return kept + Decision(writes=(Update("refund_attempts", attempt.id, attempt.version, ended),)) + traced


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
