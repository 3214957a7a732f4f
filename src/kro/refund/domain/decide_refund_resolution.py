"""Two persons say how a refund ended that its provider does not tell, with the provider's own statement at hand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from kro.core.decisions import Decision, Outcome, Update
from kro.core.errors import KroError
from kro.kro_balance.domain import External, refund_confirmed
from kro.refund.database.records import AttemptStatus, Purpose, Refund, RefundApproval, RefundAttempt, RefundStatus
from kro.refund.domain.announcements import audit, balance_updated, refund_notice, refund_updated
from kro.refund.domain.context import Context
from kro.refund.domain.decide_refund_approval import approval_row
from kro.refund.domain.decide_refund_outcome import give_to_balance
from kro.refund.domain.errors import OwnRefundError, RefundAlreadyApprovedError, RefundNotUnclearError
from kro.refund.domain.rules import RefundRules

AGREEING = 2


class Ending(StrEnum):
    """What became of an unclear refund: it was paid, it never will be, or its provider never had it."""

    PAID = "paid"
    NOT_PAID = "not_paid"
    SEND_AGAIN = "send_again"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What one of the two persons says; ``provider_reference`` is the provider's id of a refund that was paid.

    ``evidence`` says where that can be seen: a statement, a ticket, a mail of the provider's.
    """

    ending: Ending
    provider_reference: str | None
    evidence: str


def resolution_hash(refund: Refund, resolution: Resolution) -> str:
    """Return what two persons have to say alike: SHA-256 (hex) over the refund's try and how it ended."""
    attempt = refund.attempt
    covered = (str(refund.id), str(attempt.id if attempt else None), resolution.ending, resolution.provider_reference)
    return hashlib.sha256("\n".join(str(part) for part in covered).encode()).hexdigest()


def refusal(
    refund: Refund, resolution: Resolution, *, admin_id: UUID, is_own: bool, rules: RefundRules, context: Context
) -> KroError | None:
    """Say why an admin may not resolve a refund like this, or ``None``."""
    attempt = refund.attempt
    if is_own or refund.requested_by == admin_id:
        return OwnRefundError()
    settled = attempt is None or attempt.lease_until is not None or refund.status is not RefundStatus.SENDING
    if settled or context.now - attempt.created_at < rules.not_found_cooling:  # type: ignore[union-attr] # settled without one
        return RefundNotUnclearError()
    shown = resolution_hash(refund, resolution)
    if (admin_id, shown) in {(one.admin_id, one.approval_hash) for one in refund.approvals}:
        return RefundAlreadyApprovedError()
    return None


def decide_resolution(
    refund: Refund,
    resolution: Resolution,
    *,
    is_own: bool,
    rules: RefundRules,
    code_spent: Update,
    context: Context,
) -> Outcome[Refund]:
    """Keep what one admin says, and act upon it when a second one has said the same.

    :raises OwnRefundError: when the admin asked for the refund, or it goes to them.
    :raises RefundNotUnclearError: unless it was sent a day ago and its provider has not said how it ended.
    :raises RefundAlreadyApprovedError: when this admin has said so before.
    """
    refused = refusal(refund, resolution, admin_id=context.actor.id, is_own=is_own, rules=rules, context=context)
    if refused is not None:
        raise refused
    shown = resolution_hash(refund, resolution)
    said = RefundApproval(admin_id=context.actor.id, purpose=Purpose.RESOLVE, approval_hash=shown, at=context.now)
    agreed = replace(refund, approvals=(*refund.approvals, said))
    alike = {one.admin_id for one in agreed.approvals if one.purpose is Purpose.RESOLVE and one.approval_hash == shown}
    outcome = _end(agreed, resolution, context) if len(alike) >= AGREEING else _wait(agreed, context)
    kept = Decision(
        writes=(approval_row(refund, said, context), code_spent),
        audits=(
            audit(refund, "refund.resolve", context=context, reason=resolution.evidence, ending=resolution.ending),
        ),
    )
    return Outcome(outcome.decision + kept, outcome.value)


def _wait(refund: Refund, context: Context) -> Outcome[Refund]:
    # The row is written so that two admins who say it at once do not each take the other's word for missing.
    decision = Decision(writes=(Update("refunds", refund.id, refund.version, {"updated_at": context.now}),))
    return Outcome(decision, replace(refund, version=refund.version + 1))


def _end(refund: Refund, resolution: Resolution, context: Context) -> Outcome[Refund]:
    attempt = refund.attempt
    if attempt is None:
        raise AssertionError("only a refund that was sent is resolved")
    match resolution.ending:
        case Ending.PAID:
            reference = resolution.provider_reference or attempt.provider_reference or str(refund.id)
            return _paid(refund, attempt, reference, context)
        case Ending.NOT_PAID:
            decision = give_to_balance(refund, "resolved_not_paid", context=context)
            failed = _attempt(attempt, AttemptStatus.FAILED, context, failure_code="resolved_not_paid")
            value = replace(refund, status=RefundStatus.FAILED, processed_at=context.now, version=refund.version + 1)
            return Outcome(decision + Decision(writes=(failed,)), value)
        case Ending.SEND_AGAIN:
            again = Update(
                "refunds", refund.id, refund.version, {"next_poll_at": context.now, "updated_at": context.now}
            )
            waiting = _attempt(attempt, AttemptStatus.SUBMITTING, context)
            return Outcome(Decision(writes=(again, waiting)), replace(refund, version=refund.version + 1))


def _paid(refund: Refund, attempt: RefundAttempt, reference: str, context: Context) -> Outcome[Refund]:
    external = External(refund.provider or "", reference)
    changes = {"status": RefundStatus.PROCESSED, "processed_at": context.now, "next_poll_at": None}
    journal = refund_confirmed(context.posting(), refund_id=refund.id, amount=refund.amount, external=external)
    decision = Decision(
        writes=(
            Update("refunds", refund.id, refund.version, {**changes, "updated_at": context.now}),
            _attempt(attempt, AttemptStatus.SUCCEEDED, context, provider_reference=reference),
        ),
        journals=(journal,),
        messages=(
            refund_updated(refund, RefundStatus.PROCESSED, context=context),
            balance_updated(refund.user_id, context=context),
            refund_notice(refund, "refund_processed", context=context),
        ),
    )
    value = replace(refund, status=RefundStatus.PROCESSED, processed_at=context.now, version=refund.version + 1)
    return Outcome(decision, value)


def _attempt(attempt: RefundAttempt, status: AttemptStatus, context: Context, **columns: str) -> Update:
    changes = {"status": status, "lease_until": None, "updated_at": context.now, **columns}
    return Update("refund_attempts", attempt.id, attempt.version, changes)
