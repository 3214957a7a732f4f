"""Admins let a refund go, or not, and owners take theirs back. An approval covers exactly what was shown."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any
from uuid import UUID

from kro.core.decisions import Audit, Decision, Insert, Outcome, Update
from kro.core.errors import KroError
from kro.kro_balance.domain import refund_failed
from kro.order.domain import Context as OrderContext
from kro.order.domain import HeldRefund, OrderState, decide_refund_held
from kro.refund.database.records import (
    Purpose,
    Refund,
    RefundApproval,
    RefundDestination,
    RefundOrigin,
    RefundStatus,
)
from kro.refund.domain.announcements import audit, balance_updated, refund_notice, refund_updated
from kro.refund.domain.context import Context
from kro.refund.domain.decide_request import submission
from kro.refund.domain.errors import (
    OwnRefundError,
    RefundAlreadyApprovedError,
    RefundApprovalMismatchError,
    RefundStateError,
)


def approval_hash(refund: Refund) -> str:
    """Return what an approval covers: SHA-256 (hex) over refund, amount, where it comes from and where it goes."""
    covered = (
        str(refund.id),
        str(refund.amount.amount),
        refund.amount.currency,
        str(refund.fee),
        str(refund.vat),
        refund.origin,
        refund.destination,
        str(refund.payment_id),
        str(refund.user_id),
    )
    return hashlib.sha256("\n".join(covered).encode()).hexdigest()


def valid_approvals(refund: Refund) -> int:
    """Count the admins who approved exactly what would go back now."""
    expected = approval_hash(refund)
    return len(
        {one.admin_id for one in refund.approvals if one.purpose is Purpose.SEND and one.approval_hash == expected}
    )


def refusal(refund: Refund, *, shown_hash: str, admin_id: UUID, is_own: bool) -> KroError | None:
    """Say why an admin may not approve a refund, or ``None``."""
    if is_own or refund.requested_by == admin_id:
        return OwnRefundError()
    if refund.status is not RefundStatus.REQUESTED:
        return RefundStateError(refund.status)
    if admin_id in {one.admin_id for one in refund.approvals if one.purpose is Purpose.SEND}:
        return RefundAlreadyApprovedError()
    if shown_hash != approval_hash(refund):
        return RefundApprovalMismatchError()
    return None


def decide_approval(
    refund: Refund,
    *,
    shown_hash: str,
    is_own: bool,
    order: OrderState | None,
    code_spent: Update,
    context: Context,
) -> Outcome[Refund]:
    """Count one admin's approval; with the last one needed the refund is on its way.

    ``code_spent`` uses up the admin's TOTP in the same write. The refund's row is written even while approvals are
    missing: otherwise two admins approving at once would each take the other's approval for missing. ``order`` is what
    the refund takes its money from, if that is an order's escrow.

    :raises OwnRefundError: when the admin asked for it, or it goes to them.
    :raises RefundStateError: unless the refund awaits approval.
    :raises RefundAlreadyApprovedError: when this admin has approved it before.
    :raises RefundApprovalMismatchError: when something else was shown to the admin.
    :raises KroError: what :func:`kro.order.domain.decide_refund_held` refuses.
    """
    refused = refusal(refund, shown_hash=shown_hash, admin_id=context.actor.id, is_own=is_own)
    if refused is not None:
        raise refused
    approval = RefundApproval(admin_id=context.actor.id, purpose=Purpose.SEND, approval_hash=shown_hash, at=context.now)
    approved = replace(refund, approvals=(*refund.approvals, approval))
    if valid_approvals(approved) < refund.approvals_required:
        outcome = _changed(approved, context)
    elif order is None:
        outcome = _let_go(approved, context)
    else:
        outcome = _take_from(order, approved, context)
    agreed = Decision(
        writes=(approval_row(refund, approval, context), code_spent),
        audits=(audit(refund, "refund.approve", context=context),),
    )
    return Outcome(outcome.decision + agreed, outcome.value)


def decide_rejection(refund: Refund, *, reason: str, context: Context) -> Outcome[Refund]:
    """Refuse a refund before it was let go; what was set aside is in the owner's balance again.

    :raises RefundStateError: unless the refund awaits approval.
    """
    if refund.status is not RefundStatus.REQUESTED:
        raise RefundStateError(refund.status)
    outcome = _undo(refund, RefundStatus.REJECTED, context)
    told = Decision(audits=(audit(refund, "refund.reject", context=context, reason=reason),))
    if refund.origin is RefundOrigin.BALANCE:
        told += Decision(messages=(refund_notice(refund, "refund_failed", context=context),))
    return Outcome(outcome.decision + told, outcome.value)


def decide_cancellation(refund: Refund, *, context: Context) -> Outcome[Refund]:
    """Let the owner take a refund of their balance back, as long as no provider was asked for it.

    :raises RefundStateError: once it was sent or has ended, and for what an admin has asked for.
    """
    cancellable = refund.status in {RefundStatus.REQUESTED, RefundStatus.APPROVED}
    if not cancellable or refund.attempts or refund.origin is not RefundOrigin.BALANCE:
        raise RefundStateError(refund.status)
    return _undo(refund, RefundStatus.CANCELLED, context)


def approval_row(refund: Refund, approval: RefundApproval, context: Context) -> Insert:
    """Return the write that keeps an admin's agreement."""
    row = {
        "id": context.new_id(),
        "refund_id": refund.id,
        "admin_id": approval.admin_id,
        "purpose": approval.purpose,
        "approval_hash": approval.approval_hash,
        "at": approval.at,
    }
    return Insert("refund_approvals", (row,))


def refused_agreement(refund_id: UUID, error: KroError, *, action: str, context: Context) -> Decision:
    """Return the trace of an agreement that was refused for what the admin presented."""
    trace = Audit(
        id=context.new_id(),
        actor=context.actor,
        action=action,
        target_type="refund",
        target_id=refund_id,
        result="refused",
        reason=error.code,
    )
    return Decision(audits=(trace,))


def _changed(refund: Refund, context: Context, **columns: Any) -> Outcome[Refund]:  # noqa: ANN401 - the columns of refunds
    """Return the write of a refund's own row, and the refund as it will be."""
    columns = {**columns, "updated_at": context.now}
    changed = replace(refund, **columns, version=refund.version + 1)
    return Outcome(Decision(writes=(Update("refunds", refund.id, refund.version, columns),)), changed)


def _let_go(refund: Refund, context: Context) -> Outcome[Refund]:
    """Hand a refund whose money is set aside to the worker."""
    approved = _changed(refund, context, status=RefundStatus.APPROVED, next_poll_at=context.now)
    sent = Decision(
        messages=(submission(refund, context), refund_updated(refund, RefundStatus.APPROVED, context=context))
    )
    return Outcome(approved.decision + sent, approved.value)


def _take_from(order: OrderState, refund: Refund, context: Context) -> Outcome[Refund]:
    """Take a refund from an order's escrow; to the balance it is done with that, to a source it now has to be sent."""
    to_source = refund.destination is RefundDestination.SOURCE
    part = HeldRefund(refund_id=refund.id, amount=refund.amount, to_source=to_source)
    taken = decide_refund_held(order, part, context=OrderContext(context.actor, context.now, context.ids))
    if to_source:
        outcome = _let_go(refund, context)
    else:
        outcome = _changed(refund, context, status=RefundStatus.PROCESSED, processed_at=context.now)
    told = Decision(messages=(balance_updated(refund.user_id, context=context),))
    # The order's row is written, and so locked, before the refund's.
    return Outcome(taken.decision + outcome.decision + told, outcome.value)


def _undo(refund: Refund, status: RefundStatus, context: Context) -> Outcome[Refund]:
    undone = _changed(refund, context, status=status, processed_at=context.now, next_poll_at=None)
    told = Decision(messages=(refund_updated(refund, status, context=context),))
    if refund.origin is RefundOrigin.BALANCE:
        journal = refund_failed(context.posting(), refund_id=refund.id, user_id=refund.user_id, amount=refund.amount)
        told += Decision(journals=(journal,), messages=(balance_updated(refund.user_id, context=context),))
    return Outcome(undone.decision + told, undone.value)
