"""Business days and statements are Lagos days, whatever zone a server or a client is in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

LAGOS: Final = timezone(timedelta(hours=1), "Africa/Lagos")
"""The zone has had no daylight saving since 1919, so a fixed offset is exact and needs no zone database."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """A run of whole business days, the last one included; an open side has no bound."""

    first: date | None = None
    last: date | None = None

    @property
    def start(self) -> datetime:
        """The first moment of the run, in UTC; the earliest there is when it is open."""
        return day_start(self.first) if self.first else datetime.min.replace(tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment after the run, in UTC; the latest there is when it is open."""
        return day_start(self.last) + _DAY if self.last else datetime.max.replace(tzinfo=UTC)

    def __len__(self) -> int:
        """How many days a run with two sides has; none when it ends before it starts."""
        if self.first is None or self.last is None:
            raise ValueError("an open run has no length")
        return max((self.last - self.first).days + 1, 0)


def day_start(day: date) -> datetime:
    """Return the moment a business day begins, in UTC."""
    return datetime.combine(day, time.min, tzinfo=LAGOS).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """Return the business day a moment falls on."""
    return moment.astimezone(LAGOS).date()
