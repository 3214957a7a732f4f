"""Between rows of ``transactions`` and records: one place that knows the columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.auth.standing import Columns
from kro.core.money import Money
from kro.payment.database.payout_records import PayoutEvent
from kro.payment.database.payout_words import Alarm, AlarmKind, DutyBearer, NameMatch
from kro.payment.database.records import (
    Approval,
    Attempt,
    AttemptStatus,
    Destination,
    Payment,
    PaymentMethod,
    PaymentStatus,
    Payout,
    PayoutStatus,
    PayTo,
    TransactionKind,
    Variance,
)

PAYMENT_COLUMNS: Final = """
t.id, t.user_id, t.order_id, t.provider, t.reference, t.provider_reference, t.currency, t.amount, t.received_amount,
t.variance, t.status, t.checkout_url, t.failure_code, t.polls, t.next_poll_at, t.version, t.created_at, t.updated_at,
t.settled_at, t.method, t.pay_to, t.provider_named"""

PAYOUT_COLUMNS: Final = """
t.id, t.user_id, t.provider, t.currency, t.amount, t.fee, t.vat, t.destination, t.status, t.approvals_required,
t.failure_code, t.provider_reference, t.polls, t.next_poll_at, t.version, t.created_at, t.updated_at, t.settled_at,
t.duty, t.duty_bearer, t.name_match"""

PAYOUT_PARTS: Final = """
a.id AS attempt_id, a.number AS attempt_number, a.reference AS attempt_reference, a.status AS attempt_status,
a.lease_until AS attempt_lease_until, a.version AS attempt_version, a.created_at AS attempt_created_at,
(SELECT array_agg(f.provider) FROM payout_attempts AS f WHERE f.payout_id = t.id AND f.status = 'failed')
    AS turned_down_by,
(SELECT json_agg(json_build_object('admin_id', p.admin_id, 'approval_hash', p.approval_hash, 'at', p.at)
                 ORDER BY p.at, p.id)
 FROM payout_approvals AS p WHERE p.payout_id = t.id) AS approvals,
(SELECT json_agg(json_build_object('id', m.id, 'kind', m.kind, 'raised_at', m.raised_at, 'settled_at', m.settled_at,
                                   'version', m.version) ORDER BY m.raised_at, m.id)
 FROM payout_alarms AS m WHERE m.payout_id = t.id) AS alarms"""

PAYOUT_HISTORY: Final = """
(SELECT json_agg(json_build_object('status', h.status, 'failure_code', h.failure_code, 'at', h.at) ORDER BY h.id)
 FROM payout_history AS h WHERE h.payout_id = t.id) AS history"""

LAST_ATTEMPT: Final = """
LEFT JOIN LATERAL (SELECT * FROM payout_attempts WHERE payout_id = t.id ORDER BY number DESC LIMIT 1) AS a ON true"""


FOR_THIS_ADMIN: Final = """
NOT EXISTS (SELECT FROM payout_approvals AS p WHERE p.payout_id = q.id AND p.admin_id = $1)
AND NOT is_same_person($1, q.user_id)"""
"""Whether the admin ``$1`` may still approve the payout ``q``."""


def payment_from(row: Columns) -> Payment:
    """Read a payment from ``PAYMENT_COLUMNS``."""
    return Payment(
        id=row["id"],
        user_id=row["user_id"],
        order_id=row["order_id"],
        provider=row["provider"],
        reference=row["reference"],
        provider_reference=row["provider_reference"],
        amount=Money(row["amount"], row["currency"]),
        received_minor=row["received_amount"],
        variance=Variance(row["variance"]) if row["variance"] else None,
        status=PaymentStatus(row["status"]),
        checkout_url=row["checkout_url"],
        failure_code=row["failure_code"],
        polls=row["polls"],
        next_poll_at=row["next_poll_at"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        settled_at=row["settled_at"],
        method=PaymentMethod(row["method"] or PaymentMethod.CHECKOUT),
        pay_to=_pay_to_from(row["pay_to"]) if row["pay_to"] else None,
        is_provider_named=bool(row["provider_named"]),
    )


def payout_from(row: Columns) -> Payout:
    """Read a payout from ``PAYOUT_COLUMNS``, without approvals and attempts."""
    return Payout(
        id=row["id"],
        user_id=row["user_id"],
        provider=row["provider"],
        amount=Money(row["amount"], row["currency"]),
        fee=row["fee"],
        vat=row["vat"],
        destination=_destination_from(row["destination"]),
        status=PayoutStatus(row["status"]),
        approvals_required=row["approvals_required"],
        failure_code=row["failure_code"],
        provider_reference=row["provider_reference"],
        polls=row["polls"],
        next_poll_at=row["next_poll_at"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        settled_at=row["settled_at"],
        duty=row["duty"],
        duty_bearer=DutyBearer(row["duty_bearer"] or DutyBearer.USER),
        name_match=NameMatch(row["name_match"]) if row["name_match"] else None,
    )


def whole_payout_from(row: Columns) -> Payout:
    """Read a payout from ``PAYOUT_COLUMNS`` and ``PAYOUT_PARTS``: with its approvals, last attempt and alarms."""
    return replace(
        payout_from(row),
        approvals=tuple(_approval_from(item) for item in row["approvals"] or ()),
        attempt=_attempt_from(row) if row["attempt_id"] else None,
        alarms=tuple(_alarm_from(item) for item in row["alarms"] or ()),
        turned_down_by=frozenset(row["turned_down_by"] or ()),
    )


def history_from(row: Columns) -> tuple[PayoutEvent, ...]:
    """Read a payout's history from ``PAYOUT_HISTORY``, the oldest status first."""
    return tuple(
        PayoutEvent(PayoutStatus(item["status"]), item["failure_code"], datetime.fromisoformat(item["at"]))
        for item in row["history"] or ()
    )


def payment_row(payment: Payment) -> dict[str, Any]:
    """Return the columns of a new payment."""
    return {
        "id": payment.id,
        "kind": TransactionKind.PAYMENT,
        "user_id": payment.user_id,
        "order_id": payment.order_id,
        "provider": payment.provider,
        "provider_named": payment.is_provider_named,
        "method": payment.method,
        "reference": payment.reference,
        "currency": payment.amount.currency,
        "amount": payment.amount.amount,
        "fee": 0,
        "vat": 0,
        "duty": 0,
        "status": payment.status,
        "approvals_required": 0,
        "polls": payment.polls,
        "next_poll_at": payment.next_poll_at,
        "version": payment.version,
        "created_at": payment.created_at,
        "updated_at": payment.updated_at,
    }


def payout_row(payout: Payout, *, reference: str) -> dict[str, Any]:
    """Return the columns of a new payout. Its reference is not the provider's: attempts carry those."""
    return {
        "id": payout.id,
        "kind": TransactionKind.PAYOUT,
        "user_id": payout.user_id,
        "provider": payout.provider,
        "reference": reference,
        "currency": payout.amount.currency,
        "amount": payout.amount.amount,
        "fee": payout.fee,
        "vat": payout.vat,
        "duty": payout.duty,
        "duty_bearer": payout.duty_bearer,
        "name_match": payout.name_match,
        "destination": asdict(payout.destination),
        "status": payout.status,
        "approvals_required": payout.approvals_required,
        "polls": payout.polls,
        "version": payout.version,
        "created_at": payout.created_at,
        "updated_at": payout.updated_at,
    }


def _pay_to_from(stored: Mapping[str, Any]) -> PayTo:
    expires_at = stored["expires_at"]
    return PayTo(**{**stored, "expires_at": datetime.fromisoformat(expires_at) if expires_at else None})


def _destination_from(stored: Mapping[str, Any]) -> Destination:
    return Destination(**{**stored, "bank_account_id": UUID(stored["bank_account_id"])})


def _approval_from(stored: Mapping[str, Any]) -> Approval:
    return Approval(
        admin_id=UUID(stored["admin_id"]),
        approval_hash=stored["approval_hash"],
        at=datetime.fromisoformat(stored["at"]),
    )


def _alarm_from(stored: Mapping[str, Any]) -> Alarm:
    settled_at = stored["settled_at"]
    return Alarm(
        id=UUID(stored["id"]),
        kind=AlarmKind(stored["kind"]),
        raised_at=datetime.fromisoformat(stored["raised_at"]),
        settled_at=datetime.fromisoformat(settled_at) if settled_at else None,
        version=stored["version"],
    )


def _attempt_from(row: Columns) -> Attempt:
    return Attempt(
        id=row["attempt_id"],
        number=row["attempt_number"],
        reference=row["attempt_reference"],
        status=AttemptStatus(row["attempt_status"]),
        lease_until=row["attempt_lease_until"],
        version=row["attempt_version"],
        created_at=row["attempt_created_at"],
    )
