"""What a provider says it has moved: its own account of a period, to compare with ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class HistoryKind(StrEnum):
    CHARGE = "charge"
    TRANSFER = "transfer"
    REFUND = "refund"
    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One final movement, in the units of ``kro.core.money``, never negative: the kind says which way it went.

    ``provider_reference`` is the one journals carry. ``fees_minor`` is ``None`` where the provider does not say.
    """

    kind: HistoryKind
    provider_reference: str
    amount_minor: int
    currency: str
    occurred_at: datetime
    fees_minor: int | None = None


class HistoryReader(Protocol):
    async def history(self, *, since: datetime, until: datetime) -> Sequence[HistoryItem]:
        """Return every final movement of a period, each once.

        What came in and was given back later is still there, and so is the refund. A transfer that came back is not:
        in the end nothing moved.

        :raises ProviderUnavailableError: if the provider gave no usable answer; a part is never taken for the whole.
        """
        ...
