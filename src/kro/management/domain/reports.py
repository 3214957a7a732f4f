"""What the platform has moved, earned, owes to the tax office, and how fast it pays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kro.core.business_days import Days
from kro.core.clock import Clock
from kro.core.errors import ErrorKind, KroError
from kro.management.database.reports import Cell, ReportName, ReportReads

__all__ = ["Report", "ReportName", "ReportPeriodError", "Reports"]

MAX_DAYS: Final = 3_660


class ReportPeriodError(KroError):
    """A report is for at most ten years, from a first day to a last one that is not before it."""

    kind = ErrorKind.INVALID
    code = "report_days_invalid"


@dataclass(frozen=True, slots=True)
class Report:
    """A table: amounts in minor units of the row's currency, times in seconds."""

    name: ReportName
    days: Days
    generated_at: datetime
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Cell]]


class Reports:
    def __init__(self, *, reads: ReportReads, clock: Clock) -> None:
        self._reads = reads
        self._clock = clock

    async def draw_up(self, name: ReportName, days: Days) -> Report:
        """Return a report for whole days in Lagos.

        :raises ReportPeriodError: unless the days begin before they end, at most ten years apart.
        """
        if not 0 < len(days) <= MAX_DAYS:
            raise ReportPeriodError
        now = self._clock.now()
        rows = await self._reads.rows(name, since=days.start, until=days.end, at=now)
        return Report(name=name, days=days, generated_at=now, columns=self._reads.columns(name), rows=rows)
