"""Admins let a payout go, or not. An approval covers exactly what was shown: payout, amount and account."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from kro.core.decisions import Audit, Decision, Insert, Journal, Message, Outcome, Update
from kro.core.errors import KroError
from kro.kro_balance.domain import payout_refused
from kro.payment.database.records import Approval, Payout, PayoutStatus
from kro.payment.domain.announcements import balance_updated, payout_notice, payout_updated
from kro.payment.domain.context import Context
from kro.payment.domain.decide_payout import reserve_of, submission_message
from kro.payment.domain.errors import AlreadyApprovedError, ApprovalMismatchError, OwnPayoutError, PayoutStateError

_CANCELLABLE = frozenset({PayoutStatus.AWAITING_APPROVAL, PayoutStatus.APPROVED})


def approval_hash(payout: Payout) -> str:
    """Return what an approval covers: SHA-256 (hex) over payout, amount, fee, duty and destination."""
    destination = payout.destination
    covered = [
        str(payout.id),
        str(payout.amount.amount),
        payout.amount.currency,
        str(payout.fee),
        destination.bank_code,
        destination.account_number_sealed,
        destination.account_name,
    ]
    if payout.owners_duty:
        # Without duty the form is that of payouts from before there was one: what was approved then stays approved.
        covered.append(str(payout.owners_duty))
    return hashlib.sha256("\n".join(covered).encode()).hexdigest()


def valid_approvals(payout: Payout) -> int:
    """Count the admins who approved exactly what would be paid now."""
    expected = approval_hash(payout)
    return len({approval.admin_id for approval in payout.approvals if approval.approval_hash == expected})


def refusal(payout: Payout, *, shown_hash: str, admin_id: UUID, is_own: bool) -> KroError | None:
    """Say why an admin may not approve a payout, or ``None``; ``is_own`` when owner and admin are one person."""
    if is_own:
        return OwnPayoutError()
    if payout.status is not PayoutStatus.AWAITING_APPROVAL:
        return PayoutStateError(payout.status)
    if admin_id in {approval.admin_id for approval in payout.approvals}:
        return AlreadyApprovedError()
    if shown_hash != approval_hash(payout):
        return ApprovalMismatchError()
    return None


def decide_approval(
    payout: Payout, *, shown_hash: str, is_own: bool, code_spent: Update, context: Context
) -> Outcome[Payout]:
    """Count one admin's approval, and hand the payout to the worker with the last one needed.

    ``code_spent`` uses up the admin's TOTP in the same write. The payout's row is written even while approvals are
    missing: otherwise two admins approving at once would each take the other's approval for missing.

    :raises OwnPayoutError: when the payout is the admin's own.
    :raises PayoutStateError: unless the payout awaits approval.
    :raises AlreadyApprovedError: when this admin has approved it before.
    :raises ApprovalMismatchError: when something else was shown to the admin.
    """
    refused = refusal(payout, shown_hash=shown_hash, admin_id=context.actor.id, is_own=is_own)
    if refused is not None:
        raise refused
    approval = Approval(admin_id=context.actor.id, approval_hash=shown_hash, at=context.now)
    approved = replace(payout, approvals=(*payout.approvals, approval), version=payout.version + 1)
    enough = valid_approvals(approved) >= payout.approvals_required
    if enough:
        approved = replace(approved, status=PayoutStatus.APPROVED)
    row = {"id": context.new_id(), "payout_id": payout.id, "admin_id": approval.admin_id}
    changes = {"status": approved.status, "updated_at": context.now}
    decision = Decision(
        writes=(
            Update("transactions", payout.id, payout.version, changes),
            Insert("payout_approvals", ({**row, "approval_hash": shown_hash, "at": approval.at},)),
            code_spent,
        ),
        messages=_on_its_way(payout, context) if enough else (),
        audits=(_audit(payout, "payout.approve", context),),
    )
    return Outcome(decision, approved)


def decide_rejection(payout: Payout, *, reason: str, context: Context) -> Outcome[Payout]:
    """Refuse a payout before anybody has let it go, and give amount and fee back.

    :raises PayoutStateError: unless the payout awaits approval.
    """
    if payout.status is not PayoutStatus.AWAITING_APPROVAL:
        raise PayoutStateError(payout.status)
    outcome = _undo(payout, PayoutStatus.REJECTED, "payout_rejected", context)
    told = Decision(
        messages=(payout_notice(payout, "payout_failed", context=context),),
        audits=(_audit(payout, "payout.reject", context, reason=reason),),
    )
    return Outcome(outcome.decision + told, outcome.value)


def decide_rejections(payouts: Sequence[Payout], *, reason: str, context: Context) -> Outcome[tuple[UUID, ...]]:
    """Refuse every payout of a list that still awaits approval, in one write; return which those were."""
    waiting = [payout for payout in payouts if payout.status is PayoutStatus.AWAITING_APPROVAL]
    decision = Decision()
    # Rows are written in the order of their ids: two admins with overlapping lists never wait for each other in a ring.
    for payout in sorted(waiting, key=lambda payout: payout.id):
        decision += decide_rejection(payout, reason=reason, context=context).decision
    return Outcome(decision, tuple(payout.id for payout in waiting))


def decide_cancellation(payout: Payout, *, context: Context) -> Outcome[Payout]:
    """Let the owner take a payout back, as long as nobody was asked to send it.

    :raises PayoutStateError: once it is being submitted, or has ended.
    """
    if payout.status not in _CANCELLABLE:
        raise PayoutStateError(payout.status)
    return _undo(payout, PayoutStatus.CANCELLED, "payout_cancelled", context)


def refused_attempt(payout_id: UUID, error: KroError, *, action: str, context: Context) -> Decision:
    """Return the trace of what an admin was refused for who they are or what they presented."""
    audit = Audit(
        id=context.new_id(),
        actor=context.actor,
        action=action,
        target_type="payout",
        target_id=payout_id,
        result="refused",
        reason=error.code,
    )
    return Decision(audits=(audit,))


def give_back(payout: Payout, kind: str, context: Context) -> Journal:
    """Return the journal that puts amount and fee back where they came from."""
    return payout_refused(context.posting(), reserve=reserve_of(payout), kind=kind)


def _undo(payout: Payout, status: PayoutStatus, kind: str, context: Context) -> Outcome[Payout]:
    changes = {"status": status, "updated_at": context.now, "settled_at": context.now}
    decision = Decision(
        writes=(Update("transactions", payout.id, payout.version, changes),),
        journals=(give_back(payout, kind, context),),
        messages=(
            payout_updated(payout, status, context=context),
            balance_updated(payout.user_id, context=context),
        ),
    )
    undone = replace(payout, status=status, updated_at=context.now, settled_at=context.now, version=payout.version + 1)
    return Outcome(decision, undone)


def _on_its_way(payout: Payout, context: Context) -> tuple[Message, ...]:
    return (
        submission_message(payout.id, context=context),
        payout_updated(payout, PayoutStatus.APPROVED, context=context),
    )


def _audit(payout: Payout, action: str, context: Context, *, reason: str | None = None) -> Audit:
    return Audit(
        id=context.new_id(),
        actor=context.actor,
        action=action,
        target_type="payout",
        target_id=payout.id,
        reason=reason,
        detail={"amount": payout.amount.amount, "currency": payout.amount.currency},
    )
