"""Limits and periods of the business; every amount in minor units (kobo), every rate in basis points."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from kro.core.config.groups import Group, NotNegative, Positive
from kro.core.money import BASIS_POINTS


class OrderSettings(Group):
    """How long each side has (order lifecycle, timers)."""

    accept_hours: Positive
    fund_hours: Positive
    inspect_hours: Positive
    service_inspect_hours: Positive
    overdue_grace_hours: Positive
    non_delivery_days: Positive


class KYCTier(Group):
    tier: NotNegative
    order_max_minor: NotNegative
    payout_day_max_minor: NotNegative
    balance_max_minor: Positive | None = None
    """``None``: no ceiling."""


class KYCSettings(Group):
    currency: str
    tiers: tuple[KYCTier, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if [tier.tier for tier in self.tiers] != list(range(len(self.tiers))):
            raise ValueError("tiers must be listed as 0, 1, 2 and so on")
        if any(low.order_max_minor > high.order_max_minor for low, high in pairwise(self.tiers)):
            raise ValueError("a higher tier must not allow smaller orders")
        return self


class FeeSettings(Group):
    vat_bps: Annotated[int, Field(ge=0, lt=BASIS_POINTS)]
    quote_minutes: Positive


class PayoutSettings(Group):
    fee_minor: NotNegative
    second_approver_above_minor: NotNegative
    cooling_hours: NotNegative
    """How long a new or changed bank account waits before money may go there."""
    poll_seconds: tuple[Positive, ...] = Field(min_length=1)
    """When to ask the provider again about an open transfer; the last step repeats daily."""
