"""Between rows of ``refunds`` and records: one place that knows the columns."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.auth.standing import Columns
from kro.core.money import Money
from kro.refund.database.records import (
    AttemptStatus,
    Purpose,
    Refund,
    RefundablePayment,
    RefundApproval,
    RefundAttempt,
    RefundDestination,
    RefundOrigin,
    RefundStatus,
)

REFUND_COLUMNS: Final = """
r.id, r.order_id, r.payment_id, r.user_id, r.currency, r.amount, r.fee, r.vat, r.origin, r.destination, r.status,
r.reason, r.note, r.provider, r.requested_by, r.approvals_required, r.failure_code, r.polls, r.next_poll_at, r.alarms,
r.version, r.created_at, r.updated_at, r.processed_at,
(SELECT json_agg(json_build_object('admin_id', p.admin_id, 'purpose', p.purpose, 'approval_hash', p.approval_hash,
                                   'at', p.at) ORDER BY p.at, p.id)
 FROM refund_approvals AS p WHERE p.refund_id = r.id) AS approvals,
(SELECT json_agg(json_build_object('id', a.id, 'number', a.number, 'status', a.status,
                                   'provider_reference', a.provider_reference, 'lease_until', a.lease_until,
                                   'version', a.version, 'created_at', a.created_at,
                                   'updated_at', a.updated_at) ORDER BY a.number)
 FROM refund_attempts AS a WHERE a.refund_id = r.id) AS attempts"""

COUNTED: Final = "f.status NOT IN ('failed', 'rejected', 'cancelled')"
"""A refund ``f`` that takes of its payment."""

PAYMENT_COLUMNS: Final = f"""
t.id AS payment_id, t.order_id AS payment_order_id, t.user_id AS payment_user_id, t.provider AS payment_provider,
t.provider_reference AS payment_provider_reference, t.currency AS payment_currency, t.settled_at AS payment_settled_at,
t.received_amount - charged_back(t.id) AS received,
coalesce((SELECT sum(f.amount) FROM refunds AS f WHERE f.payment_id = t.id AND {COUNTED}), 0)::bigint AS returned,
coalesce((SELECT sum(s.received_amount - charged_back(s.id)) FROM transactions AS s
          WHERE s.order_id = t.order_id AND s.kind = 'payment' AND s.status = 'succeeded'), 0)::bigint
    AS order_received,
coalesce((SELECT o.funded_amount - o.refunded_amount FROM orders AS o WHERE o.id = t.order_id), 0) AS order_used,
coalesce((SELECT sum(f.amount) FROM refunds AS f
          WHERE f.order_id = t.order_id AND f.destination = 'source' AND {COUNTED}), 0)::bigint AS order_returned,
(SELECT count(*) FROM refunds AS f
 WHERE f.destination = 'source' AND CASE WHEN t.order_id IS NULL THEN f.payment_id = t.id
                                         ELSE f.order_id = t.order_id END) AS places"""  # noqa: S608 - built from constants only
"""A payment ``t`` and everything that decides what of it may still go back."""


def refund_from(row: Columns) -> Refund:
    """Read a refund from ``REFUND_COLUMNS``."""
    return Refund(
        id=row["id"],
        order_id=row["order_id"],
        payment_id=row["payment_id"],
        user_id=row["user_id"],
        amount=Money(row["amount"], row["currency"]),
        fee=row["fee"],
        vat=row["vat"],
        origin=RefundOrigin(row["origin"]),
        destination=RefundDestination(row["destination"]),
        status=RefundStatus(row["status"]),
        reason=row["reason"],
        note=row["note"],
        provider=row["provider"],
        requested_by=row["requested_by"],
        approvals_required=row["approvals_required"],
        failure_code=row["failure_code"],
        polls=row["polls"],
        next_poll_at=row["next_poll_at"],
        alarms=row["alarms"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        processed_at=row["processed_at"],
        approvals=tuple(_approval_from(item) for item in row["approvals"] or ()),
        attempts=tuple(_attempt_from(item) for item in row["attempts"] or ()),
    )


def payment_from(row: Columns) -> RefundablePayment:
    """Read a payment from ``PAYMENT_COLUMNS``."""
    return RefundablePayment(
        id=row["payment_id"],
        order_id=row["payment_order_id"],
        user_id=row["payment_user_id"],
        provider=row["payment_provider"],
        provider_reference=row["payment_provider_reference"],
        received=Money(row["received"], row["payment_currency"]),
        returned=row["returned"],
        order_received=row["order_received"],
        order_used=row["order_used"],
        order_returned=row["order_returned"],
        places=row["places"],
        settled_at=row["payment_settled_at"],
    )


def refund_row(refund: Refund, *, place: str | None = None) -> dict[str, Any]:
    """Return the columns of a new refund."""
    return {
        "id": refund.id,
        "order_id": refund.order_id,
        "payment_id": refund.payment_id,
        "user_id": refund.user_id,
        "currency": refund.amount.currency,
        "amount": refund.amount.amount,
        "fee": refund.fee,
        "vat": refund.vat,
        "origin": refund.origin,
        "destination": refund.destination,
        "place": place,
        "status": refund.status,
        "reason": refund.reason,
        "note": refund.note,
        "provider": refund.provider,
        "requested_by": refund.requested_by,
        "approvals_required": refund.approvals_required,
        "failure_code": refund.failure_code,
        "polls": refund.polls,
        "next_poll_at": refund.next_poll_at,
        "alarms": refund.alarms,
        "version": refund.version,
        "created_at": refund.created_at,
        "updated_at": refund.updated_at,
        "processed_at": refund.processed_at,
    }


def _approval_from(stored: dict[str, Any]) -> RefundApproval:
    return RefundApproval(
        admin_id=UUID(stored["admin_id"]),
        purpose=Purpose(stored["purpose"]),
        approval_hash=stored["approval_hash"],
        at=datetime.fromisoformat(stored["at"]),
    )


def _attempt_from(stored: dict[str, Any]) -> RefundAttempt:
    lease_until = stored["lease_until"]
    return RefundAttempt(
        id=UUID(stored["id"]),
        number=stored["number"],
        status=AttemptStatus(stored["status"]),
        provider_reference=stored["provider_reference"],
        lease_until=datetime.fromisoformat(lease_until) if lease_until else None,
        version=stored["version"],
        created_at=datetime.fromisoformat(stored["created_at"]),
        updated_at=datetime.fromisoformat(stored["updated_at"]),
    )
