from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.core.money import Money, allocate, round_half_up
from kro.kro_balance.domain import (
    AmountTooSmallError,
    FeeBand,
    FeeScope,
    NoFeeConfiguredError,
    PromoCodeInvalidError,
    choose_band,
    price,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def band(
    *,
    percent_bps: int = 250,
    minimum: int = 0,
    cap: int | None = None,
    order_type: str | None = None,
    effective_from: datetime = START,
    effective_to: datetime | None = None,
    amount_from: int = 0,
    amount_to: int | None = None,
    promo_code: str | None = None,
    withdrawn_at: datetime | None = None,
) -> FeeBand:
    return FeeBand(
        id=uuid4(),
        order_type=order_type,
        currency="NGN",
        percent_bps=percent_bps,
        minimum=minimum,
        cap=cap,
        effective_from=effective_from,
        effective_to=effective_to,
        amount_from=amount_from,
        amount_to=amount_to,
        promo_code=promo_code,
        withdrawn_at=withdrawn_at,
    )


def goods(amount: int = 5_000_000, *, currency: str = "NGN", promo_code: str | None = None) -> FeeScope:
    return FeeScope(Money(amount, currency), "goods", promo_code)


class TestPrice:
    def test_reproduces_the_worked_example_of_the_lifecycle(self) -> None:
        fees = price(Money(15_000_000, "NGN"), band=band(), vat_bps=750, buyer_share_bps=5_000)

        assert (fees.fee, fees.vat) == (375_000, 28_125)
        assert (fees.vat_buyer, fees.vat_seller) == (14_063, 14_062)
        assert (fees.buyer_pays, fees.seller_receives) == (15_201_563, 14_798_438)

    @pytest.mark.parametrize(
        ("amount", "expected"),
        [
            (20, 1),  # 0.5 kobo rounds up, away from zero
            (19, 0),
            (60, 2),  # 1.5 kobo rounds up too: half up, not half even
        ],
    )
    def test_rounds_half_up_to_the_kobo(self, amount: int, expected: int) -> None:
        assert price(Money(amount, "NGN"), band=band(), vat_bps=0, buyer_share_bps=10_000).fee == expected

    @pytest.mark.parametrize(("amount", "expected"), [(100, 10_000), (4_000_000, 100_000), (9_000_000, 200_000)])
    def test_stays_between_minimum_and_cap(self, amount: int, expected: int) -> None:
        bounded = band(minimum=10_000, cap=200_000)

        assert price(Money(amount, "NGN"), band=bounded, vat_bps=0, buyer_share_bps=10_000).fee == expected

    def test_refuses_an_amount_the_sellers_fees_would_eat(self) -> None:
        with pytest.raises(AmountTooSmallError):
            price(Money(10_000, "NGN"), band=band(minimum=10_000), vat_bps=750, buyer_share_bps=0)

    @given(
        amount=st.integers(1, 10**13),
        percent_bps=st.integers(0, 3_000),
        vat_bps=st.integers(0, 3_000),
        share=st.integers(0, 10_000),
    )
    def test_never_makes_or_loses_a_kobo(self, amount: int, percent_bps: int, vat_bps: int, share: int) -> None:
        try:
            fees = price(
                Money(amount, "NGN"), band=band(percent_bps=percent_bps), vat_bps=vat_bps, buyer_share_bps=share
            )
        except AmountTooSmallError:
            return

        assert fees.buyer_pays == fees.seller_receives + fees.fee + fees.vat
        assert min(fees.fee_buyer, fees.fee_seller, fees.vat_buyer, fees.vat_seller) >= 0


class TestChooseBand:
    def test_prefers_the_order_type_then_the_newest(self) -> None:
        general = band(effective_from=START + timedelta(days=1))
        old, new = band(order_type="goods"), band(order_type="goods", effective_from=START + timedelta(hours=1))

        assert choose_band([general, old, new], goods(), at=START + timedelta(days=2)) is new

    def test_begins_and_ends_exactly(self) -> None:
        short = band(effective_to=START + timedelta(days=1))

        assert choose_band([short], goods(), at=START) is short
        for outside in (START - timedelta(microseconds=1), START + timedelta(days=1)):
            with pytest.raises(NoFeeConfiguredError):
                choose_band([short], goods(), at=outside)

    def test_looks_at_the_amount_from_below_the_end(self) -> None:
        small, large = band(amount_to=1_000_000), band(amount_from=1_000_000)

        chosen = [choose_band([small, large], goods(amount), at=START) for amount in (1, 999_999, 1_000_000, 10**12)]

        assert chosen == [small, small, large, large]

    def test_falls_back_to_the_general_price_where_the_types_own_is_silent(self) -> None:
        general, own = band(), band(order_type="goods", amount_from=1_000_000)

        assert choose_band([general, own], goods(999_999), at=START) is general
        assert choose_band([general, own], goods(1_000_000), at=START) is own

    def test_a_promotion_is_for_those_who_name_it(self) -> None:
        usual, special = band(), band(percent_bps=0, promo_code="WELCOME", amount_to=10_000_000)

        assert choose_band([usual, special], goods(), at=START) is usual
        assert choose_band([usual, special], goods(promo_code="WELCOME"), at=START) is special
        for wrong in (goods(promo_code="WELCOM"), goods(10_000_000, promo_code="WELCOME")):
            with pytest.raises(PromoCodeInvalidError):
                choose_band([usual, special], wrong, at=START)

    def test_forgets_what_was_withdrawn(self) -> None:
        usual, planned = band(), band(effective_from=START + timedelta(days=1), withdrawn_at=START)

        assert choose_band([usual, planned], goods(), at=START + timedelta(days=2)) is usual

    def test_is_never_free_by_accident(self) -> None:
        with pytest.raises(NoFeeConfiguredError):
            choose_band([band()], goods(currency="USD"), at=START)


class TestMoney:
    @pytest.mark.parametrize(("numerator", "expected"), [(5, 1), (4, 0), (-5, -1), (-4, 0), (15, 2)])
    def test_rounds_ties_away_from_zero(self, numerator: int, expected: int) -> None:
        assert round_half_up(numerator, 10) == expected

    @given(whole=st.integers(0, 10**12), weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
    def test_allocates_the_whole_and_each_part_within_one(self, whole: int, weights: list[int]) -> None:
        if sum(weights) == 0:
            return

        parts = allocate(whole, weights)

        assert sum(parts) == whole
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * sum(weights) - whole * weight) < sum(weights)

    @pytest.mark.parametrize(("text", "currency", "minor"), [("1500.50", "NGN", 150_050), ("7", "JPY", 7)])
    def test_reads_and_writes_major_units(self, text: str, currency: str, minor: int) -> None:
        money = Money.from_major(text, currency)

        assert money.amount == minor
        assert Money.from_major(money.to_major(), currency) == money
