"""What becomes of one attempt, and what of that can be told by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kro.core.sms import Cost


class AttemptState(StrEnum):
    SENDING = "sending"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"

    @property
    def rank(self) -> int:
        """Return how far along it is; an attempt only moves up, so the order in which news comes does not matter.

        Arriving beats failing: WhatsApp fails on one device and is delivered on another.
        """
        return _RANKS[self]


_RANKS: Final = {
    AttemptState.SENDING: 0,
    AttemptState.REFUSED: 1,
    AttemptState.UNKNOWN: 1,
    AttemptState.ACCEPTED: 2,
    AttemptState.SENT: 3,
    AttemptState.FAILED: 4,
    AttemptState.DELIVERED: 5,
    AttemptState.READ: 6,
}


@dataclass(frozen=True, slots=True)
class Report:
    """What a vendor says became of a message: ``sent``, ``failed``, ``delivered`` or ``read``.

    ``is_final`` failures concern the number: another way changes nothing. ``reference`` is our own id of the attempt
    where the vendor repeats it.
    """

    provider: str
    provider_message_id: str
    state: AttemptState
    error: str | None = None
    is_final: bool = False
    reference: UUID | None = None
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """An earlier attempt at the message in hand. ``is_replaced``: it was waited for, and another way is wanted."""

    id: UUID
    route: str
    provider: str
    provider_message_id: str | None
    state: AttemptState
    is_replaced: bool
    created_at: datetime

    @property
    def is_live(self) -> bool:
        """Whether it has arrived or still may."""
        if self.state in {AttemptState.DELIVERED, AttemptState.READ}:
            return True
        return self.state in {AttemptState.ACCEPTED, AttemptState.SENT} and not self.is_replaced

    @property
    def has_left(self) -> bool:
        """Whether it was handed over, so that the reader may have it, now or later."""
        return self.state not in {AttemptState.SENDING, AttemptState.REFUSED}
