"""What each verification tier may do, as dated rules: every limit in minor units of the rule's currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from kro.core.auth.standing import Columns
from kro.core.errors import ErrorKind, KroError

HIGHEST_TIER: Final = 3


class LimitKind(StrEnum):
    """Which of a tier's limits; the days are those of Africa/Lagos."""

    ORDER = "order"
    PAYOUT = "payout"
    PAYOUT_DAY = "payout_day"
    PAID_IN_DAY = "paid_in_day"
    BALANCE = "balance"


class Requirement(StrEnum):
    """What has to be known of a person for a tier. Only an admin attests an address."""

    PHONE = "phone"
    IDENTITY = "identity"
    BVN = "bvn"
    NIN = "nin"
    ADDRESS = "address"


class TierLimitExceededError(KroError):
    """The amount is above what the account's verification tier allows."""

    kind = ErrorKind.CONFLICT
    code = "tier_limit_exceeded"

    def __init__(self, limit: LimitKind, *, currency: str, allowed: int, asked: int, used: int = 0) -> None:
        super().__init__(
            facts={"limit": limit, "currency": currency, "allowed": allowed, "used": used, "requested": asked}
        )
        self.limit = limit


class PartnerLimitError(KroError):
    """The amount is above what the other party may trade at present."""

    kind = ErrorKind.CONFLICT
    code = "partner_limit_exceeded"


@dataclass(frozen=True, slots=True)
class TierRule:
    """The limits of a tier in a currency over a time; ``None`` is no limit.

    ``day_in`` counts all that a user has begun to pay in on a day, ``day_out`` all payouts that were not undone.
    """

    id: UUID
    tier: int
    currency: str
    order_limit: int | None
    payout_limit: int | None
    day_in_limit: int | None
    day_out_limit: int | None
    balance_limit: int | None
    requires: tuple[Requirement, ...]
    effective_from: datetime
    effective_to: datetime | None = None
    version: int = 1
    withdrawn_at: datetime | None = None

    def counts_at(self, at: datetime) -> bool:
        """Whether the rule is in force at a moment."""
        began = self.effective_from <= at
        return self.withdrawn_at is None and began and (self.effective_to is None or at < self.effective_to)

    def limit(self, kind: LimitKind) -> int | None:
        """Return one of its limits in minor units, ``None`` for no limit."""
        return {
            LimitKind.ORDER: self.order_limit,
            LimitKind.PAYOUT: self.payout_limit,
            LimitKind.PAID_IN_DAY: self.day_in_limit,
            LimitKind.PAYOUT_DAY: self.day_out_limit,
            LimitKind.BALANCE: self.balance_limit,
        }[kind]


@dataclass(frozen=True, slots=True)
class Tiers:
    """Every rule that counts or is going to. A currency that nobody has made rules for has no limits."""

    rules: tuple[TierRule, ...]

    def rule(self, tier: int, currency: str, *, at: datetime) -> TierRule | None:
        """Return what counts for a tier at a moment; in a currency with rules a tier without one may do nothing."""
        return next(
            (rule for rule in self.rules if (rule.tier, rule.currency) == (tier, currency) and rule.counts_at(at)),
            None,
        )

    def limit(self, kind: LimitKind, tier: int, currency: str, *, at: datetime) -> int | None:
        """Return one limit of a tier in minor units, ``None`` for no limit."""
        rule = self.rule(tier, currency, at=at)
        if rule is not None:
            return rule.limit(kind)
        return 0 if any(other.currency == currency for other in self.rules) else None

    def ensure(self, kind: LimitKind, *, tier: int, currency: str, asked: int, at: datetime, used: int = 0) -> None:
        """Refuse an amount that, with what is used already, is above a limit.

        :raises TierLimitExceededError: saying which limit, and how much of it is used.
        """
        allowed = self.limit(kind, tier, currency, at=at)
        if allowed is not None and used + asked > allowed:
            raise TierLimitExceededError(kind, currency=currency, allowed=allowed, asked=asked, used=used)


def earned_tier(rules: Sequence[TierRule], known: frozenset[Requirement]) -> int:
    """Return the highest tier whose requirements, and those of every tier below it, are all known of a person."""
    earned = 0
    for rule in sorted(rules, key=lambda rule: rule.tier):
        if not set(rule.requires) <= known:
            break
        earned = rule.tier
    return earned


def read_tier_rules(found: Sequence[Columns] | None) -> tuple[TierRule, ...]:
    """Build rules from rows or from their JSON form."""
    return tuple(_read(item) for item in found or ())


def _read(item: Columns) -> TierRule:
    columns: dict[str, Any] = {name: item[name] for name in TierRule.__slots__}
    for name in ("effective_from", "effective_to", "withdrawn_at"):
        if isinstance(columns[name], str):
            columns[name] = datetime.fromisoformat(columns[name])
    if isinstance(columns["id"], str):
        columns["id"] = UUID(columns["id"])
    return TierRule(**columns | {"requires": tuple(Requirement(one) for one in columns["requires"])})
