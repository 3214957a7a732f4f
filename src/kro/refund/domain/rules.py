"""How long refunds are followed, how often they are tried, and who has to let them go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
PATIENCE: Final = timedelta(days=14)
"""A provider says within which days a refund arrives; beyond this somebody has to ask it."""


@dataclass(frozen=True, slots=True)
class RefundRules:
    """Amounts in minor units; ``poll_seconds`` count from the start of a try, ``retry_seconds`` from its failure.

    ``refunding`` are the providers that send money back to the source of a payment; the others have no such thing.
    ``lease`` is how long one call to the provider may take before it counts as lost: longer than any deadline of the
    provider's client. ``not_found_cooling`` is how long "no such refund" is not believed, even by people.
    """

    approval_above_minor: int
    second_approver_above_minor: int
    refunding: frozenset[str]
    max_attempts: int = 3
    retry_seconds: tuple[int, ...] = (300, 3_600)
    poll_seconds: tuple[int, ...] = (60, 300, 900, 3_600, 10_800, 21_600, 43_200)
    lease: timedelta = timedelta(minutes=3)
    not_found_cooling: timedelta = DAY

    def approvals_for(self, amount_minor: int, *, by_admin: bool) -> int:
        """Return how many admins have to let a refund go; what an admin asked for always needs another one."""
        if amount_minor > self.second_approver_above_minor:
            return 2
        return 1 if by_admin or amount_minor > self.approval_above_minor else 0

    def retry_at(self, failures: int, *, now: datetime) -> datetime:
        """Return when to try again after so many definitive failures."""
        return now + timedelta(seconds=self.retry_seconds[min(failures, len(self.retry_seconds)) - 1])
