"""What the balance's queries bring: frozen, and free of any framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kro.core.actor import Standing
from kro.core.decisions import Journal


@dataclass(frozen=True, slots=True)
class FeeBand:
    """One row of ``fee_configuration``: basis points of the whole amount, within minimum and cap in minor units.

    It prices amounts from ``amount_from`` to just below ``amount_to``, orders of one type or of all, from
    ``effective_from`` until just before ``effective_to``; one with a promotional code only for those who name it.
    """

    id: UUID
    order_type: str | None
    currency: str
    percent_bps: int
    minimum: int
    cap: int | None
    effective_from: datetime
    effective_to: datetime | None
    amount_from: int = 0
    amount_to: int | None = None
    promo_code: str | None = None
    version: int = 1
    withdrawn_at: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        return (
            self.withdrawn_at is None
            and self.effective_from <= at
            and (self.effective_to is None or at < self.effective_to)
        )

    def covers(self, amount: int) -> bool:
        return self.amount_from <= amount and (self.amount_to is None or amount < self.amount_to)


class TaxKind(StrEnum):
    VAT = "vat"
    STAMP_DUTY = "stamp_duty"


@dataclass(frozen=True, slots=True)
class TaxRule:
    """One row of ``tax_rules``: a rate in basis points or a fixed sum in minor units, due from a threshold on.

    The rule is the law from ``effective_from`` until just before ``effective_to``.
    """

    id: UUID
    kind: TaxKind
    currency: str
    rate_bps: int | None
    fixed_minor: int | None
    threshold_minor: int
    effective_from: datetime
    effective_to: datetime | None
    version: int = 1
    withdrawn_at: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        return (
            self.withdrawn_at is None
            and self.effective_from <= at
            and (self.effective_to is None or at < self.effective_to)
        )


@dataclass(frozen=True, slots=True)
class QuoteState:
    standing: Standing
    bands: Sequence[FeeBand]
    taxes: Sequence[TaxRule]


class RuleState(StrEnum):
    """Where a dated rule is in its life."""

    SCHEDULED = "scheduled"
    IN_FORCE = "in_force"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class FeeAdminState:
    """What changing fees and taxes of one currency needs: every rule of it that has not ended."""

    standing: Standing
    bands: Sequence[FeeBand]
    taxes: Sequence[TaxRule]


@dataclass(frozen=True, slots=True)
class Trace:
    """Who made a rule, when and why; rules of a new installation were made by nobody."""

    state: RuleState
    created_at: datetime
    created_by: UUID | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class FeeBandView:
    band: FeeBand
    trace: Trace


@dataclass(frozen=True, slots=True)
class TaxRuleView:
    rule: TaxRule
    trace: Trace


@dataclass(frozen=True, slots=True)
class BalanceView:
    """One currency of a user, in minor units.

    ``in_escrow`` is held for the user's own purchases, ``in_transit`` is on its way to a bank or back to a source of
    payment, ``reserved`` is the user's but held back because of a risk, and ``owed`` is what they owe the platform.
    """

    currency: str
    available: int
    in_escrow: int
    in_transit: int
    reserved: int
    owed: int


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


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What one ledger account holds, in minor units, positive on its normal side."""

    id: UUID
    code: str
    owner_id: UUID
    qualifier: str
    currency: str
    normal: str
    balance: int


@dataclass(frozen=True, slots=True)
class BookedJournal:
    """A journal as it was booked, and the correction that mirrors it, if any."""

    journal: Journal
    reversed_by: UUID | None
