"""What a payout carries beside its amount: how its account is trusted, who bears its duty, what people were told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID


class NameMatch(StrEnum):
    """How the name a bank keeps for an account compares with the name of the user it belongs to here."""

    MATCH = "match"
    PARTIAL = "partial"
    MISMATCH = "mismatch"

    @property
    def trust(self) -> int:
        """Return 2 for a match, 1 for a partial one, 0 for none."""
        return _TRUST[self]


_TRUST: Final = {NameMatch.MISMATCH: 0, NameMatch.PARTIAL: 1, NameMatch.MATCH: 2}


class DutyBearer(StrEnum):
    """Who pays the stamp duty of a transfer."""

    USER = "user"
    PLATFORM = "platform"


class AlarmKind(StrEnum):
    """Why people have to know of a payout. Beside the first, each one waits until two of them have settled it."""

    OPEN_FOR_AN_HOUR = "open_for_an_hour"
    OPEN_FOR_A_DAY = "open_for_a_day"
    AMOUNT_DIFFERS = "amount_differs"
    FAILED_AFTER_SUCCESS = "failed_after_success"
    PAID_AFTER_GIVING_BACK = "paid_after_giving_back"
    PAID_AFTER_TURNING_DOWN = "paid_after_turning_down"


@dataclass(frozen=True, slots=True)
class Alarm:
    id: UUID
    kind: AlarmKind
    raised_at: datetime
    settled_at: datetime | None
    version: int

    @property
    def waits(self) -> bool:
        """Whether people still have to decide because of it."""
        return self.settled_at is None and self.kind is not AlarmKind.OPEN_FOR_AN_HOUR
