"""What the balance's queries bring: frozen, and free of any framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kro.core.actor import Standing


@dataclass(frozen=True, slots=True)
class FeeBand:
    """One row of ``fee_configuration``: basis points of the amount, within minimum and cap in minor units."""

    id: UUID
    order_type: str | None
    currency: str
    percent_bps: int
    minimum: int
    cap: int | None
    effective_from: datetime
    effective_to: datetime | None

    def applies(self, *, order_type: str, currency: str, at: datetime) -> bool:
        return (
            self.currency == currency
            and self.order_type in {None, order_type}
            and self.effective_from <= at
            and (self.effective_to is None or at < self.effective_to)
        )


@dataclass(frozen=True, slots=True)
class QuoteState:
    standing: Standing
    bands: Sequence[FeeBand]


@dataclass(frozen=True, slots=True)
class BalanceView:
    """One currency of a user, in minor units: spendable, held in escrow for own purchases, on the way to a bank."""

    currency: str
    available: int
    in_escrow: int
    in_transit: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """One movement on a user's balance: positive is money in."""

    id: int
    journal_id: UUID
    kind: str
    currency: str
    amount: int
    balance_after: int
    source_type: str
    source_id: UUID
    at: datetime
