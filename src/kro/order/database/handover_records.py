"""The link by which a rider without an account enters the handover code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kro.order.database.records import OrderState


@dataclass(frozen=True, slots=True)
class RiderLink:
    """The row of ``rider_links``; of the token only its SHA-256 (hex) is kept."""

    id: UUID
    order_id: UUID
    token_hash: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class LinkState:
    """The order as its seller sees it, with the link that was not taken back."""

    order: OrderState
    link: RiderLink | None


@dataclass(frozen=True, slots=True)
class CountedTry:
    """What a counted try is compared with, and how many tries are left after it."""

    condition_id: UUID
    mac: str
    tries: int
