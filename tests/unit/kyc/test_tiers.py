"""What a tier may do at a moment, what it asks for, and how its rules follow one another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.core.actor import Actor, ActorKind
from kro.core.decisions import Insert, Update
from kro.core.errors import ValidationFailedError
from kro.core.ids import SequentialIdSource
from kro.core.kyc import LimitKind, Requirement, TierLimitExceededError, TierRule, Tiers, earned_tier
from kro.management.domain.decide_tier_change import (
    ChangedBy,
    TierChange,
    TierPreviewOutdatedError,
    decide_tier_change,
    plan_tier_change,
)
from tier_scenes import tier_rule, tiers_with

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
ADMIN = Actor(kind=ActorKind.ADMIN, id=UUID(int=9))


class TestTiers:
    def test_an_amount_at_the_limit_passes_and_one_kobo_more_does_not(self) -> None:
        tiers = tiers_with("payout_limit", 0, 100)

        tiers.ensure(LimitKind.PAYOUT, tier=1, currency="NGN", asked=100, at=NOW)
        with pytest.raises(TierLimitExceededError) as refused:
            tiers.ensure(LimitKind.PAYOUT, tier=1, currency="NGN", asked=61, used=40, at=NOW)

        assert refused.value.facts == {
            "limit": "payout",
            "currency": "NGN",
            "allowed": 100,
            "used": 40,
            "requested": 61,
        }

    def test_a_rule_counts_from_its_first_moment_to_before_its_end(self) -> None:
        low = tier_rule(1, order_limit=1, effective_to=NOW)
        high = tier_rule(1, id=UUID(int=50), order_limit=2, effective_from=NOW)
        tiers = Tiers((low, high))

        before, at = [tiers.limit(LimitKind.ORDER, 1, "NGN", at=NOW - timedelta(microseconds=n)) for n in (1, 0)]

        assert (before, at) == (1, 2)

    def test_a_withdrawn_rule_never_counts_and_a_tier_without_a_rule_may_do_nothing(self) -> None:
        tiers = Tiers((tier_rule(1, withdrawn_at=NOW), tier_rule(2)))

        assert tiers.limit(LimitKind.ORDER, 1, "NGN", at=NOW) == 0
        assert tiers.limit(LimitKind.ORDER, 2, "NGN", at=NOW) is None

    def test_a_currency_without_rules_has_no_limits(self) -> None:
        assert tiers_with("order_limit", 0).limit(LimitKind.ORDER, 0, "USD", at=NOW) is None

    @given(st.integers(0, 10**12), st.lists(st.integers(1, 10**11), max_size=20))
    def test_whatever_passes_in_turn_never_adds_up_to_more_than_the_limit(self, limit: int, wishes: list[int]) -> None:
        tiers, used = tiers_with("day_in_limit", limit), 0
        for wish in wishes:
            try:
                tiers.ensure(LimitKind.PAID_IN_DAY, tier=0, currency="NGN", asked=wish, used=used, at=NOW)
            except TierLimitExceededError:
                continue
            used += wish

        assert used <= limit


class TestEarnedTier:
    RULES = (
        tier_rule(0),
        tier_rule(1, requires=(Requirement.PHONE,)),
        tier_rule(2, requires=(Requirement.PHONE, Requirement.IDENTITY)),
        tier_rule(3, requires=(Requirement.PHONE, Requirement.BVN, Requirement.NIN, Requirement.ADDRESS)),
    )

    @pytest.mark.parametrize(
        ("known", "tier"),
        [
            ((), 0),
            (("phone",), 1),
            (("phone", "identity", "bvn"), 2),
            (("identity", "bvn", "nin", "address"), 0),
            (("phone", "identity", "bvn", "nin"), 2),
            (("phone", "identity", "bvn", "nin", "address"), 3),
        ],
    )
    def test_is_the_highest_whose_every_step_is_known(self, known: tuple[str, ...], tier: int) -> None:
        assert earned_tier(self.RULES, frozenset(Requirement(one) for one in known)) == tier


def change(**terms: Any) -> TierChange:
    limits = dict.fromkeys(("order_limit", "payout_limit", "day_in_limit", "day_out_limit", "balance_limit"))
    return TierChange(**{"tier": 1, "currency": "NGN", **limits, "requires": (), "effective_from": None, **terms})


class TestChange:
    BEFORE: tuple[TierRule, ...] = tiers_with("order_limit", 10, 20, 30, None).rules

    def test_ends_the_rule_in_force_and_opens_the_next(self) -> None:
        wish = change(order_limit=25)
        shown = plan_tier_change(self.BEFORE, wish, ids=SequentialIdSource(), now=NOW).shown
        by = ChangedBy(actor=ADMIN, reason="Board decision 7", now=NOW)

        outcome = decide_tier_change(self.BEFORE, wish, shown=shown, by=by, ids=SequentialIdSource())

        closing, opening = outcome.decision.writes
        assert isinstance(closing, Update)
        assert isinstance(opening, Insert)
        assert (closing.id, closing.changes) == (self.BEFORE[1].id, {"effective_to": NOW})
        assert opening.rows[0]["order_limit"] == 25
        assert [audit.reason for audit in outcome.decision.audits] == ["Board decision 7"]

    def test_is_made_only_as_it_was_shown(self) -> None:
        shown = plan_tier_change(self.BEFORE, change(order_limit=25), ids=SequentialIdSource(), now=NOW).shown
        by = ChangedBy(actor=ADMIN, reason="a slip", now=NOW)

        with pytest.raises(TierPreviewOutdatedError):
            decide_tier_change(self.BEFORE, change(order_limit=26), shown=shown, by=by, ids=SequentialIdSource())

    @pytest.mark.parametrize(
        ("terms", "pointer"),
        [
            ({"order_limit": 31}, "/order_limit"),
            ({"order_limit": None}, "/order_limit"),
            ({"order_limit": 9}, "/order_limit"),
            ({"effective_from": NOW - timedelta(seconds=1), "order_limit": 20}, "/effective_from"),
        ],
    )
    def test_never_gives_a_higher_tier_less_nor_changes_the_past(self, terms: dict[str, Any], pointer: str) -> None:
        with pytest.raises(ValidationFailedError) as refused:
            plan_tier_change(self.BEFORE, change(**terms), ids=SequentialIdSource(), now=NOW)

        assert [error.pointer for error in refused.value.errors] == [pointer]
