"""What an import came to: every row that stayed behind and why, and the money of both sides to the last kobo."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from kro.core.decisions import Decision


class Side(StrEnum):
    """Which of the predecessor's sums an amount belongs to."""

    AVAILABLE = "available"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that does not fit, without any of its values. ``is_money`` ones stop an import unless they are accepted.

    ``amount`` is what of a sum stays behind with the row, in minor units, perhaps with a fraction.
    """

    table: str
    key: str
    code: str
    field: str
    is_money: bool
    side: Side | None = None
    currency: str | None = None
    amount: Decimal | None = None

    @property
    def names(self) -> tuple[str, str]:
        """How an operator may name it: the row, or the row for one reason."""
        return f"{self.table}:{self.key}", f"{self.table}:{self.key}:{self.code}"


@dataclass(slots=True)
class Report:
    """Collects while a pass goes on. ``posted`` is in minor units by side and currency."""

    is_dry: bool
    accepted: Collection[str] = ()
    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    findings: list[Finding] = field(default_factory=list)
    source: Counter[tuple[Side, str]] = field(default_factory=Counter)
    posted: Counter[tuple[Side, str]] = field(default_factory=Counter)

    def count(self, table: str, what: str) -> None:
        self.counts[table][what] += 1

    def add(self, finding: Finding, *, stays_behind: bool = True) -> None:
        self.findings.append(finding)
        if stays_behind:
            self.count(finding.table, "not_imported")

    def owes(self, side: Side, currency: str, amount: Decimal | int) -> None:
        """Add to what the predecessor says it holds for customers."""
        self.source[side, currency] += amount  # type: ignore[assignment] # sums are exact decimals

    def is_accepted(self, finding: Finding) -> bool:
        return any(name in self.accepted for name in finding.names)

    def left_behind(self, side: Side, currency: str) -> Decimal:
        return sum(
            (one.amount for one in self.findings if (one.side, one.currency) == (side, currency) and one.amount),
            Decimal(),
        )

    def unexplained(self, side: Side, currency: str) -> Decimal:
        sums = side, currency
        return Decimal(self.source[sums]) - self.posted[sums] - self.left_behind(side, currency)

    @property
    def sums(self) -> list[tuple[Side, str]]:
        return sorted(self.source.keys() | self.posted.keys())

    @property
    def fits(self) -> bool:
        """Whether all money is where it belongs, or stayed behind with rows that somebody accepted by name."""
        return not any(self.unexplained(*one) for one in self.sums) and all(
            self.is_accepted(one) for one in self.findings if one.is_money
        )

    def told(self) -> dict[str, Any]:
        """Return the report as plain JSON: keys and reasons, and never a value of a person."""
        return {
            "dry_run": self.is_dry,
            "fits": self.fits,
            "tables": {name: dict(sorted(counts.items())) for name, counts in sorted(self.counts.items())},
            "totals_in_minor_units": [self._sum(side, currency) for side, currency in self.sums],
            "findings": [self._finding(one) for one in self.findings],
        }

    def _sum(self, side: Side, currency: str) -> dict[str, str]:
        return {
            "currency": currency,
            "sum": side,
            "predecessor": shown(Decimal(self.source[side, currency])),
            "posted": shown(Decimal(self.posted[side, currency])),
            "left_behind": shown(self.left_behind(side, currency)),
            "unexplained": shown(self.unexplained(side, currency)),
        }

    def _finding(self, one: Finding) -> dict[str, Any]:
        told: dict[str, Any] = {"table": one.table, "key": one.key, "code": one.code, "field": one.field}
        told |= {"money": one.is_money, "accepted": self.is_accepted(one)}
        if one.amount is not None:
            told |= {"sum": one.side, "currency": one.currency, "amount": shown(one.amount)}
        return told


def shown(amount: Decimal) -> str:
    return f"{amount.normalize():f}" if amount else "0"


@dataclass(frozen=True, slots=True)
class Planned:
    """One row ready to be written: its decision, and what it will have posted."""

    table: str
    key: str
    decision: Decision
    side: Side | None = None
    currency: str = ""
    amount: int = 0
