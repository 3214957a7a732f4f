"""Unmatched money as it was loaded: frozen, and free of any framework."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from kro.core.money import Money


class SuspenseReason(StrEnum):
    """Why nobody was credited: we know nothing of the payment, or it came in another currency than was asked for."""

    UNKNOWN_REFERENCE = "unknown_reference"
    CURRENCY_MISMATCH = "currency_mismatch"


class SuspenseStatus(StrEnum):
    OPEN = "open"
    CREDITED = "credited"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class SuspenseItem:
    """Money a provider received that matched nobody.

    ``provider_reference`` is the provider's own id of the payment, ``reference`` the one it was made under.
    """

    id: UUID
    provider: str
    provider_reference: str
    reference: str
    reason: SuspenseReason
    payment_id: UUID | None
    amount: Money
    status: SuspenseStatus
    user_id: UUID | None
    occurred_at: datetime
    next_alarm_at: datetime | None
    created_at: datetime
    resolved_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Unmatched:
    """What is already on record of a payment that seems to match nobody."""

    known_payment: bool
    known_item: bool


def suspense_row(item: SuspenseItem) -> dict[str, Any]:
    """Return the columns of a new item."""
    return {
        "id": item.id,
        "provider": item.provider,
        "provider_reference": item.provider_reference,
        "reference": item.reference,
        "reason": item.reason,
        "payment_id": item.payment_id,
        "currency": item.amount.currency,
        "amount": item.amount.amount,
        "status": item.status,
        "occurred_at": item.occurred_at,
        "next_alarm_at": item.next_alarm_at,
        "created_at": item.created_at,
        "version": item.version,
    }
