from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.core.money import Money
from kro.kro_balance.domain import NoTaxRuleError, TaxKind, TaxRule, stamp_duty, vat_on_fee, vat_rule, vat_within_fee
from kro.seed import taxes

LAGOS = timezone(timedelta(hours=1))
NEW_YEAR = datetime(2026, 1, 1, tzinfo=LAGOS)
TODAY = NEW_YEAR + timedelta(days=60)


def rule(given_row: dict[str, Any]) -> TaxRule:
    return TaxRule(
        **{
            "rate_bps": None,
            "fixed_minor": None,
            "threshold_minor": 0,
            "effective_to": None,
            **given_row,
            "kind": TaxKind(given_row["kind"]),
        }
    )


def vat(rate_bps: int, *, starts: datetime, ends: datetime | None = None) -> TaxRule:
    return TaxRule(uuid4(), TaxKind.VAT, "NGN", rate_bps, None, 0, starts, ends)


LAW = tuple(rule(row) for row in taxes(vat_bps=750))


class TestStampDuty:
    @pytest.mark.parametrize(
        ("amount", "duty"),
        [
            (999_999, 0),
            (1_000_000, 5_000),  # ₦10,000 and above
            (1_000_001, 5_000),
            (500_000_000, 5_000),  # ₦50 whatever the amount
        ],
    )
    def test_is_fifty_naira_from_ten_thousand_on(self, amount: int, duty: int) -> None:
        assert stamp_duty(Money(amount, "NGN"), LAW, TODAY) == duty

    def test_is_owed_since_the_new_year_of_lagos(self) -> None:
        assert stamp_duty(Money(1_000_000, "NGN"), LAW, NEW_YEAR - timedelta(microseconds=1)) == 0
        assert stamp_duty(Money(1_000_000, "NGN"), LAW, NEW_YEAR) == 5_000
        # One hour before midnight in UTC is midnight in Lagos.
        assert stamp_duty(Money(1_000_000, "NGN"), LAW, datetime(2025, 12, 31, 23, tzinfo=UTC)) == 5_000

    def test_knows_only_the_currencies_of_its_rules(self) -> None:
        assert stamp_duty(Money(1_000_000, "GHS"), LAW, TODAY) == 0
        assert stamp_duty(Money(1_000_000, "NGN"), (), TODAY) == 0

    def test_may_be_a_rate(self) -> None:
        one_percent = TaxRule(uuid4(), TaxKind.STAMP_DUTY, "NGN", 100, None, 0, NEW_YEAR, None)

        assert stamp_duty(Money(150, "NGN"), [one_percent], TODAY) == 2  # 1.5 kobo rounds up


class TestVAT:
    def test_comes_on_top_of_a_fee(self) -> None:
        assert vat_on_fee(Money(375_000, "NGN"), LAW, TODAY) == 28_125

    def test_or_is_contained_in_it(self) -> None:
        assert vat_within_fee(Money(5_000, "NGN"), LAW, TODAY) == 349  # 348.84

    @given(net=st.integers(0, 10**12))
    def test_both_views_agree(self, net: int) -> None:
        on_top = vat_on_fee(Money(net, "NGN"), LAW, TODAY)

        assert abs(vat_within_fee(Money(net + on_top, "NGN"), LAW, TODAY) - on_top) <= 1

    def test_changes_at_the_moment_the_law_does(self) -> None:
        change = NEW_YEAR + timedelta(days=181)
        rules = [vat(750, starts=NEW_YEAR, ends=change), vat(1_000, starts=change)]

        assert vat_on_fee(Money(10_000, "NGN"), rules, change - timedelta(microseconds=1)) == 750
        assert vat_on_fee(Money(10_000, "NGN"), rules, change) == 1_000

    def test_a_withdrawn_rule_never_was(self) -> None:
        withdrawn = TaxRule(UUID(int=9), TaxKind.VAT, "NGN", 2_000, None, 0, NEW_YEAR, None, 2, TODAY)

        assert vat_rule([*LAW, withdrawn], currency="NGN", at=TODAY).rate_bps == 750

    def test_is_never_forgotten(self) -> None:
        for charge in (vat_on_fee, vat_within_fee):
            with pytest.raises(NoTaxRuleError):
                charge(Money(10_000, "GHS"), LAW, TODAY)
            assert charge(Money(0, "GHS"), LAW, TODAY) == 0
