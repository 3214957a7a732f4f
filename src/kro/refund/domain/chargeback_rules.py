from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class FeeBearer(StrEnum):
    PLATFORM = "platform"
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class ChargebackRules:
    """Who bears what a provider takes for a dispute, and how it is followed until the bank decides."""

    fee_bearer: FeeBearer = FeeBearer.PLATFORM
    poll_every: timedelta = timedelta(hours=12)
    warn_before: timedelta = timedelta(hours=24)
