"""What a statement says of one movement: who bore which charge, and rows that add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.core.actor import Standing
from kro.core.ids import show_id
from kro.kro_balance.database.statement_records import Holder, OrderPrice, StatementFacts, StatementLine
from kro.kro_balance.domain.statement_rows import Charges, Part, charges_of, rows_of
from kro.kro_balance.domain.statements import assemble

AT = datetime(2026, 1, 15, 9, tzinfo=UTC)
BUYER, SELLER = UUID(int=1), UUID(int=2)
# The worked example: ₦150,000.00, a fee of 2.5 % shared half and half, VAT of 7.5 % on it.
ORDER = OrderPrice(
    id=uuid4(),
    title="Laptop",
    seller_id=SELLER,
    amount=15_000_000,
    fee_buyer=187_500,
    fee_seller=187_500,
    vat_buyer=14_063,
    vat_seller=14_062,
)


def line(kind: str, amount: int, **facts: Any) -> StatementLine:
    given: dict[str, Any] = {
        "entry_id": 1,
        "at": AT,
        "balance_after": 20_000_000,
        "source_type": "order",
        "source_id": uuid4(),
    } | facts
    return StatementLine(kind=kind, amount=amount, **given)


class TestTheBuyer:
    def test_pays_their_share_into_escrow(self) -> None:
        funded = line("order_funded", -15_201_563, order=ORDER, from_escrow=-15_201_563)

        rows = rows_of(funded, owner_id=BUYER)

        assert [(row.part, row.description, row.amount) for row in rows] == [
            (Part.MOVEMENT, "Paid into escrow: Laptop", -15_000_000),
            (Part.FEE, "Fee", -187_500),
            (Part.VAT, "VAT", -14_063),
        ]
        assert [row.balance_after for row in rows] == [20_201_563, 20_014_063, 20_000_000]
        assert {row.reference for row in rows} == {show_id("ord", ORDER.id)}

    def test_gets_it_back_with_a_full_refund(self) -> None:
        refunded = line("refund_to_wallet", 15_201_563, order=ORDER, from_escrow=15_201_563)

        assert charges_of(refunded, owner_id=BUYER) == Charges(fee=-187_500, vat=-14_063)
        assert [row.description for row in rows_of(refunded, owner_id=BUYER)] == [
            "Refund from escrow: Laptop",
            "Fee given back",
            "VAT given back",
        ]

    def test_does_not_get_back_what_the_policy_keeps(self) -> None:
        kept = line("refund_to_wallet", 15_000_000, order=ORDER, from_escrow=15_201_563, fee=187_500, vat=14_063)

        assert charges_of(kept, owner_id=BUYER) == Charges()

    def test_gets_back_what_a_split_leaves_of_it(self) -> None:
        # Half the order is released: half the fees are earned, the rest goes back with the buyer's half.
        split = line("split_settlement", 7_600_781, order=ORDER, from_escrow=15_201_563, fee=187_500, vat=14_062)

        assert charges_of(split, owner_id=BUYER) == Charges(fee=93_750 - 187_500, vat=7_031 - 14_063)

    def test_of_a_part_is_not_told_a_guess(self) -> None:
        part = line("refund_to_wallet", 1_000_000, order=ORDER, from_escrow=1_000_000)

        assert charges_of(part, owner_id=BUYER) == Charges()


class TestTheSeller:
    def test_bears_only_their_own_share_at_release(self) -> None:
        released = line("full_release", 14_798_438, order=ORDER, from_escrow=15_201_563, fee=375_000, vat=28_125)

        assert [(row.part, row.amount) for row in rows_of(released, owner_id=SELLER)] == [
            (Part.MOVEMENT, 15_000_000),
            (Part.FEE, -187_500),
            (Part.VAT, -14_062),
        ]

    def test_bears_nothing_when_the_buyer_bears_all(self) -> None:
        theirs = replace(ORDER, fee_buyer=375_000, fee_seller=0, vat_buyer=28_125, vat_seller=0)
        released = line("full_release", 15_000_000, order=theirs, from_escrow=15_403_125, fee=375_000, vat=28_125)

        assert charges_of(released, owner_id=SELLER) == Charges()

    def test_of_a_free_order_bears_nothing(self) -> None:
        free = replace(ORDER, fee_buyer=0, fee_seller=0, vat_buyer=0, vat_seller=0)

        assert charges_of(line("full_release", 15_000_000, order=free), owner_id=SELLER) == Charges()


class TestWithoutAnOrder:
    def test_a_withdrawal_shows_fee_vat_and_stamp_duty(self) -> None:
        payout_id = uuid4()
        withdrawal = line(
            "payout_requested",
            -10_010_000,
            source_type="payout",
            source_id=payout_id,
            destination="Guaranty Trust Bank ******4567",
            fee=4_651,
            vat=349,
            stamp_duty=5_000,
        )

        rows = rows_of(withdrawal, owner_id=BUYER)

        assert [(row.description, row.amount) for row in rows] == [
            ("Withdrawal: Guaranty Trust Bank ******4567", -10_000_000),
            ("Fee", -4_651),
            ("VAT", -349),
            ("Stamp duty", -5_000),
        ]
        assert rows[-1].balance_after == withdrawal.balance_after
        assert rows[0].reference == show_id("pyt", payout_id)

    def test_one_that_failed_gives_all_of_it_back(self) -> None:
        failed = line("payout_failed", 10_010_000, source_type="payout", fee=-4_651, vat=-349, stamp_duty=-5_000)

        assert [row.amount for row in rows_of(failed, owner_id=BUYER)] == [10_000_000, 4_651, 349, 5_000]

    def test_a_fee_given_back_is_nothing_but_charges(self) -> None:
        given_back = line("fee_given_back", 201_563, source_type="refund", fee=-187_500, vat=-14_063)

        assert [row.part for row in rows_of(given_back, owner_id=BUYER)] == [Part.FEE, Part.VAT]

    def test_money_received_names_the_provider(self) -> None:
        received = line("receipt", 100, source_type="payment", provider="paystack")

        assert rows_of(received, owner_id=BUYER)[0].description == "Money received through Paystack"

    def test_a_kind_without_words_of_its_own_is_still_said(self) -> None:
        row = rows_of(line("interest_paid", 100, source_type="interest"), owner_id=BUYER)[0]

        assert (row.description, row.reference) == ("Interest paid", None)


charges = st.integers(-(10**9), 10**9)
lines = st.lists(
    st.tuples(st.integers(-(10**12), 10**12).filter(bool), charges, charges, charges, st.booleans()), max_size=30
)


@given(opening=st.integers(0, 10**12), moved=lines)
def test_whatever_moved_opening_plus_rows_is_closing(
    opening: int, moved: list[tuple[int, int, int, int, bool]]
) -> None:
    balance, found = opening, []
    for number, (amount, fee, vat, duty, of_order) in enumerate(moved):
        balance += amount
        facts = {"order": ORDER} if of_order else {}
        found.append(
            line(
                "full_release",
                amount,
                entry_id=number,
                balance_after=balance,
                fee=fee,
                vat=vat,
                stamp_duty=duty,
                **facts,
            )
        )

    statement = issue(opening, found)

    assert statement.closing == balance
    assert statement.opening + sum(row.amount for row in statement.rows) == statement.closing
    assert statement.opening + statement.totals.money_in - statement.totals.money_out == statement.closing
    running = opening
    for row in statement.rows:
        running += row.amount
        assert row.balance_after == running


def test_a_statement_that_does_not_add_up_is_not_issued() -> None:
    missing = [line("receipt", 100, balance_after=100), line("receipt", 100, balance_after=250)]

    with pytest.raises(AssertionError, match="add up"):
        issue(0, missing)


def issue(opening: int, found: list[StatementLine]) -> Any:
    holder = Holder(id=SELLER, name="Test Seller", phone="+2348031110002")
    facts = StatementFacts(standing=Standing(True, "active"), holder=holder, opening=opening, lines=found)
    return assemble(facts, currency="NGN", first=date(2026, 1, 1), last=date(2026, 1, 31), now=AT)
