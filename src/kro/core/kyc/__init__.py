"""Knowing the customer: what each tier may do."""

from kro.core.kyc.tiers import (
    HIGHEST_TIER,
    LimitKind,
    PartnerLimitError,
    Requirement,
    TierLimitExceededError,
    TierRule,
    Tiers,
    earned_tier,
    read_tier_rules,
)

__all__ = [
    "HIGHEST_TIER",
    "LimitKind",
    "PartnerLimitError",
    "Requirement",
    "TierLimitExceededError",
    "TierRule",
    "Tiers",
    "earned_tier",
    "read_tier_rules",
]
