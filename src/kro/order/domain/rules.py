"""What orders are allowed to be, from configuration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kro.core.kyc import LimitKind, PartnerLimitError, TierLimitExceededError, Tiers
from kro.order.database.records import Order
from kro.order.database.words import CloseReason, OrderType

MAX_INSPECTION_HOURS: Final = 24 * 30
"""No inspection takes longer, extensions included (row T15 of the lifecycle contract)."""


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """For which causes of a refund the platform keeps the buyer's fee; for all others everything goes back."""

    kept_for: frozenset[CloseReason] = frozenset()

    def kept(self, cause: CloseReason, order: Order) -> tuple[int, int]:
        """Return the fee and the VAT on top of it that stay, in minor units; something always goes back."""
        left = order.outstanding
        if cause not in self.kept_for or order.held <= left.fee_buyer + left.vat_buyer:
            return 0, 0
        return left.fee_buyer, left.vat_buyer


@dataclass(frozen=True, slots=True)
class DisputeRules:
    """How long each step of a disagreement takes at most, and above which amount one admin may not decide alone.

    ``second_admin_above`` is in minor units of the order's currency, whatever it is.
    """

    respond_within: timedelta = timedelta(hours=48)
    negotiate_within: timedelta = timedelta(hours=72)
    evidence_within: timedelta = timedelta(hours=72)
    decide_within: timedelta = timedelta(days=14)
    appeal_within: timedelta = timedelta(hours=48)
    appeal_decide_within: timedelta = timedelta(days=5)
    overdue_after: timedelta = timedelta(days=16)
    second_admin_above: int = 50_000_000


@dataclass(frozen=True, slots=True)
class OrderRules:
    """Deadlines, and what each verification tier may trade: ``tiers`` are those of the moment."""

    accept_within: timedelta
    fund_within: timedelta
    goods_inspection_hours: int
    service_inspection_hours: int
    overdue_grace: timedelta
    buyer_extension_hours: int
    revisions: int
    tiers: Tiers
    fee_policy: FeePolicy = FeePolicy()
    non_delivery_after: timedelta = timedelta(days=14)
    receipt_channels: int = 2
    receipt_extension: timedelta = timedelta(hours=24)
    receipt_extensions: int = 3
    offer_within: timedelta = timedelta(hours=48)
    disputes: DisputeRules = DisputeRules()
    amendment_within: timedelta = timedelta(hours=72)

    def inspection_hours(self, order_type: OrderType) -> int:
        """Return the default inspection period in hours: services take longer to judge than goods."""
        if order_type in {OrderType.SERVICE, OrderType.RENT}:
            return self.service_inspection_hours
        return self.goods_inspection_hours

    def ensure_within_tier(self, *, tier: int, amount: int, currency: str, at: datetime, is_own: bool = True) -> None:
        """Refuse an amount above what a tier may trade in one order.

        :raises TierLimitExceededError: when it is above the tier of who asks.
        :raises PartnerLimitError: when it is above the other party's, of which no more is said.
        """
        try:
            self.tiers.ensure(LimitKind.ORDER, tier=tier, currency=currency, asked=amount, at=at)
        except TierLimitExceededError:
            if is_own:
                raise
            raise PartnerLimitError from None
