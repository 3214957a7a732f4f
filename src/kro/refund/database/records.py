from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kro.core.money import Money


class RefundStatus(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    SENDING = "sending"
    PROCESSED = "processed"
    FAILED = "failed"


class RefundDestination(StrEnum):
    BALANCE = "balance"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Refund:
    """What went back to a buyer, for good: the row is never deleted."""

    id: UUID
    order_id: UUID
    user_id: UUID
    amount: Money
    destination: RefundDestination
    status: RefundStatus
    reason: str
    created_at: datetime
    processed_at: datetime | None
