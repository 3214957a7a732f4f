"""Limits and periods of the business; every amount in minor units (kobo), every rate in basis points."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kro.core.config.groups import Group, NotNegative, Positive
from kro.core.money import BASIS_POINTS


class DisputeSettings(Group):
    """How long a disagreement takes at most, and when one person may not decide it alone."""

    respond_hours: Positive
    negotiate_hours: Positive
    evidence_hours: Positive
    decide_days: Positive
    appeal_hours: Positive
    appeal_decide_days: Positive
    overdue_days: Positive
    """How long after the time for a decision the default outcome takes effect."""
    second_admin_above_minor: NotNegative


class OrderSettings(Group):
    """How long each side has (order lifecycle, timers)."""

    accept_hours: Positive
    fund_hours: Positive
    inspect_hours: Positive
    service_inspect_hours: Positive
    overdue_grace_hours: Positive
    buyer_extension_hours: Positive
    """By how much a buyer may extend the inspection, once."""
    revisions: NotNegative
    """How often a buyer may ask for changes, where the terms do not say."""
    non_delivery_days: Positive
    """How long after the delivery time everything goes back to the buyer by itself."""
    receipt_channels: Positive
    """On how many channels the buyer must have been reminded, with receipts, before money is released by itself."""
    receipt_extension_hours: Positive
    receipt_extensions: NotNegative
    offer_hours: Positive
    amendment_hours: Positive
    """How long an amendment of the terms waits for its answer."""
    disputes: DisputeSettings


class EvidenceSettings(Group):
    """Files that parties hand in."""

    max_bytes: Annotated[int, Field(gt=0, le=104_857_600)]
    """The largest file; a few of them are held in memory at once while they are checked."""
    files_per_order: Positive
    pending_per_user: Annotated[int, Field(gt=0, le=1_000)]
    """How many uploads a user may have begun and not completed."""
    upload_minutes: Annotated[int, Field(gt=0, le=1_440)]
    """How long a link to upload a file is good."""
    complete_minutes: Positive
    """How long after its beginning an upload can be completed."""
    download_minutes: Annotated[int, Field(gt=0, le=60)]

    @model_validator(mode="after")
    def _completable(self) -> Self:
        if self.complete_minutes < self.upload_minutes:
            raise ValueError("completeMinutes must not be less than uploadMinutes")
        return self


class KYCTier(Group):
    tier: NotNegative
    order_max_minor: NotNegative
    payout_max_minor: NotNegative
    """The most one payout may be."""
    payout_day_max_minor: NotNegative
    balance_max_minor: Positive | None = None
    """``None``: no ceiling."""
    paid_in_day_max_minor: Positive | None = None
    """The most that may be paid in on one day; ``None``: no ceiling."""
    requires: tuple[Literal["phone", "identity", "bvn", "nin", "address"], ...] = ()
    """What has to be known of a person for the tier to be theirs without an admin's doing."""


class KYCSettings(Group):
    """What a new installation starts with; from then on the dated rules of the database count."""

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
    """The VAT rate a new installation starts with; from then on the dated tax rules of the database count."""
    quote_minutes: Positive


class PayoutSettings(Group):
    fee_minor: NotNegative
    second_approver_above_minor: NotNegative
    auto_approve_below_minor: tuple[NotNegative, ...]
    """By verification tier, from tier 0 on: a smaller payout to an account in the owner's name needs no approval."""
    max_per_hour: Positive
    max_per_day: Positive
    """How often one user may ask for a payout."""
    cooling_hours: NotNegative
    """How long a new or changed bank account waits before money may go there."""
    poll_seconds: tuple[Positive, ...] = Field(min_length=1)
    """When to ask the provider again about an open transfer; the last step repeats daily."""
    stamp_duty_bearer: Literal["user", "platform"]
    """Who pays the stamp duty of a payout: its owner on top of the amount, or the platform."""


class RefundSettings(Group):
    """What a refund to its source needs, and what becomes of the fee of an order that is given back."""

    approval_above_minor: NotNegative
    """Up to here a user's refund to source needs nobody's approval."""
    second_approver_above_minor: NotNegative
    max_attempts: Positive
    """After so many definitive failures the money goes to the owner's balance."""
    retry_seconds: tuple[Positive, ...] = Field(min_length=1)
    """How long to wait after each definitive failure before the next try; the last one repeats."""
    poll_seconds: tuple[Positive, ...] = Field(min_length=1)
    """When to ask the provider again about an open refund; the last step repeats daily."""
    fee_policy: dict[str, Literal["returned", "kept"]]
    """The buyer's fee by the cause of a refund; a cause that is not listed returns it."""


class ChargebackSettings(Group):
    """Who bears what a provider takes for a dispute, and how a dispute is followed until the bank decides."""

    fee_bearer: Literal["platform", "seller"]
    """A seller bears it only as far as the balance covers all of it."""
    poll_hours: Positive
    warn_hours: Positive
    """How long before the bank's deadline the operators are reminded."""
    look_back_days: Positive
    """How far back the provider's list is searched for disputes that no event told us of."""


class AlertSettings(Group):
    """Where alarms about money go."""

    email: str
