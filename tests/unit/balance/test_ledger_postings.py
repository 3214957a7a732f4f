"""Each event of the chart of accounts against its row in the rules: which accounts, which side, how much."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from kro.core.decisions import Journal
from kro.core.money import Money
from kro.kro_balance import domain as book
from kro.kro_balance.domain import BookedJournal, Debt, External, PayoutReserve, Posting, Release, Shares, Split
from kro.kro_balance.domain.postings.journals import journal as make

BUYER, SELLER, ORDER, THING = (UUID(int=number) for number in (1, 2, 3, 4))
NAMES = {BUYER: "buyer", SELLER: "seller", ORDER: "order", THING: "thing"}
POSTING = Posting(journal_id=UUID(int=9), occurred_at=datetime(2026, 1, 15, tzinfo=UTC), actor="test")
VENDOR = External("paystack", "r1")
RELEASE = Release(order_id=ORDER, seller_id=SELLER, currency="NGN", seller=900, fee=93, vat=7)
SPLIT = Split(order_id=ORDER, buyer_id=BUYER, seller_id=SELLER, currency="NGN", buyer=400, seller=550, fee=46, vat=4)
RESERVE = PayoutReserve(payout_id=THING, user_id=SELLER, amount=Money(1000, "NGN"), fee=43, vat=3, duty=50)
DEBT = Debt(user_id=SELLER, currency="NGN", from_available=300, owed=700)
SHARES = Shares(
    order_id=ORDER,
    currency="NGN",
    from_escrow=500,
    debts=(Debt(BUYER, "NGN", from_available=200, owed=0), Debt(SELLER, "NGN", from_available=100, owed=200)),
)


def ngn(amount: int) -> Money:
    return Money(amount, "NGN")


def sides(journal: Journal) -> dict[str, int]:
    """Return the journal as text: "account whose|which" to its amount, debits positive."""
    return {
        f"{entry.account.code} {NAMES.get(entry.account.owner_id) or entry.account.qualifier}".strip(): entry.amount
        for entry in journal.entries
    }


ROWS: dict[str, tuple[Callable[..., Journal], dict[str, Any], dict[str, int]]] = {
    "receipt": (
        book.receipt,
        {"payment_id": THING, "user_id": BUYER, "amount": ngn(1000), "external": VENDOR},
        {"provider_clearing paystack": 1000, "user_available buyer": -1000},
    ),
    "provider fee": (
        book.provider_fee,
        {"source": ("payment", THING), "amount": ngn(15), "external": VENDOR},
        {"provider_fees paystack": 15, "provider_clearing paystack": -15},
    ),
    "money with no match": (
        book.unmatched_receipt,
        {"source": ("webhook", THING), "amount": ngn(1000), "external": VENDOR},
        {"provider_clearing paystack": 1000, "suspense paystack": -1000},
    ),
    "a price that rose": (
        book.order_amended,
        {"amendment_id": THING, "order_id": ORDER, "buyer_id": BUYER, "amount": ngn(1000), "is_up": True},
        {"user_available buyer": 1000, "order_escrow order": -1000},
    ),
    "a price that fell": (
        book.order_amended,
        {"amendment_id": THING, "order_id": ORDER, "buyer_id": BUYER, "amount": ngn(1000), "is_up": False},
        {"order_escrow order": 1000, "user_available buyer": -1000},
    ),
    "suspense resolved": (
        book.suspense_resolved,
        {"suspense_id": THING, "provider": "paystack", "user_id": BUYER, "amount": ngn(1000)},
        {"suspense paystack": 1000, "user_available buyer": -1000},
    ),
    "suspense returned": (
        book.suspense_returned,
        {"suspense_id": THING, "amount": ngn(1000), "external": VENDOR},
        {"suspense paystack": 1000, "provider_clearing paystack": -1000},
    ),
    "order funded": (
        book.order_funded,
        {"order_id": ORDER, "buyer_id": BUYER, "amount": ngn(1000)},
        {"user_available buyer": 1000, "order_escrow order": -1000},
    ),
    "full release": (
        book.full_release,
        {"release": RELEASE},
        {"order_escrow order": 1000, "user_available seller": -900, "fee_revenue escrow": -93, "vat_payable": -7},
    ),
    "partial release": (
        book.partial_release,
        {"release_id": THING, "release": RELEASE},
        {"order_escrow order": 1000, "user_available seller": -900, "fee_revenue escrow": -93, "vat_payable": -7},
    ),
    "refund to wallet": (
        book.refund_to_wallet,
        {"order_id": ORDER, "buyer_id": BUYER, "amount": ngn(1000)},
        {"order_escrow order": 1000, "user_available buyer": -1000},
    ),
    "refund to wallet, fee kept": (
        book.refund_to_wallet,
        {"order_id": ORDER, "buyer_id": BUYER, "amount": ngn(900), "refund_id": THING, "fee": 93, "vat": 7},
        {"order_escrow order": 1000, "user_available buyer": -900, "fee_revenue escrow": -93, "vat_payable": -7},
    ),
    "split settlement": (
        book.split_settlement,
        {"split": SPLIT},
        {
            "order_escrow order": 1000,
            "user_available buyer": -400,
            "user_available seller": -550,
            "fee_revenue escrow": -46,
            "vat_payable": -4,
        },
    ),
    "refund to source requested": (
        book.refund_to_source_requested,
        {"refund_id": THING, "order_id": ORDER, "amount": ngn(900), "fee": 93, "vat": 7},
        {"order_escrow order": 1000, "refund_in_transit thing": -900, "fee_revenue escrow": -93, "vat_payable": -7},
    ),
    "refund of a balance to its source requested": (
        book.balance_refund_requested,
        {"refund_id": THING, "user_id": BUYER, "amount": ngn(1000)},
        {"user_available buyer": 1000, "refund_in_transit thing": -1000},
    ),
    "refund confirmed": (
        book.refund_confirmed,
        {"refund_id": THING, "amount": ngn(1000), "external": VENDOR},
        {"refund_in_transit thing": 1000, "provider_clearing paystack": -1000},
    ),
    "refund failed": (
        book.refund_failed,
        {"refund_id": THING, "user_id": BUYER, "amount": ngn(1000)},
        {"refund_in_transit thing": 1000, "user_available buyer": -1000},
    ),
    "refund after release": (
        book.refund_after_release,
        {"refund_id": THING, "seller_id": SELLER, "buyer_id": BUYER, "amount": ngn(1000), "from_available": 300},
        {"user_available seller": 300, "user_receivable seller": 700, "user_available buyer": -1000},
    ),
    "fee given back": (
        book.fee_given_back,
        {"source": ("refund", THING), "user_id": BUYER, "currency": "NGN", "fee": 93, "vat": 7},
        {"fee_revenue escrow": 93, "vat_payable": 7, "user_available buyer": -100},
    ),
    "payout requested": (
        book.payout_requested,
        {"reserve": RESERVE},
        {
            "user_available seller": 1093,
            "payout_in_transit thing": -1000,
            "fee_revenue payout": -40,
            "vat_payable": -3,
            "stamp_duty_payable": -50,
        },
    ),
    "payout refused": (
        book.payout_refused,
        {"reserve": RESERVE, "kind": "payout_failed"},
        {
            "user_available seller": -1093,
            "payout_in_transit thing": 1000,
            "fee_revenue payout": 40,
            "vat_payable": 3,
            "stamp_duty_payable": 50,
        },
    ),
    "payout settled": (
        book.payout_settled,
        {"payout_id": THING, "amount": ngn(1000), "external": VENDOR},
        {"payout_in_transit thing": 1000, "provider_clearing paystack": -1000},
    ),
    "payout duty, ours": (
        book.payout_duty_borne,
        {"payout_id": THING, "duty": ngn(50)},
        {"losses stamp_duty": 50, "stamp_duty_payable": -50},
    ),
    "payout returned": (
        book.payout_returned,
        {"payout_id": THING, "user_id": SELLER, "amount": ngn(1000), "external": VENDOR},
        {"provider_clearing paystack": 1000, "user_available seller": -1000},
    ),
    "chargeback, money in escrow": (
        book.chargeback_opened,
        {"chargeback_id": THING, "shares": Shares(ORDER, "NGN", from_escrow=1000, debts=()), "external": VENDOR},
        {"order_escrow order": 1000, "provider_clearing paystack": -1000},
    ),
    "chargeback after release": (
        book.chargeback_opened,
        {"chargeback_id": THING, "shares": Shares(None, "NGN", from_escrow=0, debts=(DEBT,)), "external": VENDOR},
        {"user_available seller": 300, "user_receivable seller": 700, "provider_clearing paystack": -1000},
    ),
    "chargeback borne by several": (
        book.chargeback_opened,
        {"chargeback_id": THING, "shares": SHARES, "external": VENDOR},
        {
            "user_available buyer": 200,
            "user_available seller": 100,
            "user_receivable seller": 200,
            "order_escrow order": 500,
            "provider_clearing paystack": -1000,
        },
    ),
    "chargeback won by several": (
        book.chargeback_won,
        {"chargeback_id": THING, "shares": SHARES, "external": VENDOR},
        {
            "provider_clearing paystack": 1000,
            "user_available buyer": -200,
            "user_available seller": -100,
            "user_receivable seller": -200,
            "order_escrow order": -500,
        },
    ),
    "chargeback fee, ours": (
        book.chargeback_fee,
        {"chargeback_id": THING, "amount": ngn(20), "external": VENDOR},
        {"losses chargeback_fee": 20, "provider_clearing paystack": -20},
    ),
    "chargeback fee, the seller's": (
        book.chargeback_fee,
        {"chargeback_id": THING, "amount": ngn(20), "external": VENDOR, "user_id": SELLER},
        {"user_available seller": 20, "provider_clearing paystack": -20},
    ),
    "receivable repaid": (
        book.receivable_repaid,
        {"source": ("order", ORDER), "user_id": SELLER, "amount": ngn(700)},
        {"user_available seller": 700, "user_receivable seller": -700},
    ),
    "receivable written off": (
        book.receivable_written_off,
        {"write_off_id": THING, "user_id": SELLER, "amount": ngn(700)},
        {"losses write_off": 700, "user_receivable seller": -700},
    ),
    "provider settles to our bank": (
        book.provider_settled,
        {"settlement_id": THING, "bank_account": "providus", "net": ngn(985), "fees": 15, "external": VENDOR},
        {"bank providus": 985, "provider_fees paystack": 15, "provider_clearing paystack": -1000},
    ),
    "goodwill": (
        book.goodwill,
        {"source": ("proposal", THING), "user_id": BUYER, "amount": ngn(500)},
        {"losses goodwill": 500, "user_available buyer": -500},
    ),
    "manual credit": (
        book.manual_adjustment,
        {"adjustment_id": THING, "user_id": BUYER, "amount": ngn(500), "direction": "credit", "reason": "support"},
        {"adjustment support": 500, "user_available buyer": -500},
    ),
    "manual debit": (
        book.manual_adjustment,
        {"adjustment_id": THING, "user_id": BUYER, "amount": ngn(500), "direction": "debit", "reason": "support"},
        {"user_available buyer": 500, "adjustment support": -500},
    ),
    "reserve held": (
        book.reserve_held,
        {"hold_id": THING, "user_id": SELLER, "amount": ngn(500)},
        {"user_available seller": 500, "user_reserve seller": -500},
    ),
    "a balance is carried over": (
        book.opening_balance,
        {"import_id": THING, "user_id": BUYER, "amount": ngn(5)},
        {"adjustment opening_balance": 5, "user_available buyer": -5},
    ),
    "an escrow is carried over": (
        book.opening_escrow,
        {"order_id": ORDER, "amount": ngn(5)},
        {"adjustment opening_balance": 5, "order_escrow order": -5},
    ),
    "an opening has its place": (
        book.opening_transferred,
        {"transfer_id": THING, "amount": ngn(5), "external": VENDOR, "is_bank": False},
        {"provider_clearing paystack": 5, "adjustment opening_balance": -5},
    ),
    "reserve freed": (
        book.reserve_freed,
        {"hold_id": THING, "user_id": SELLER, "amount": ngn(500)},
        {"user_reserve seller": 500, "user_available seller": -500},
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_moves_what_the_rules_say(row: tuple[Callable[..., Journal], dict[str, Any], dict[str, int]]) -> None:
    event, facts, expected = row

    journal = event(POSTING, **facts)

    assert sides(journal) == expected
    assert sum(entry.amount for entry in journal.entries) == 0
    assert (journal.id, journal.actor, journal.occurred_at) == (POSTING.journal_id, "test", POSTING.occurred_at)
    external = facts.get("external")
    assert (journal.provider, journal.external_ref) == (("paystack", "r1") if external else (None, None))


def test_every_event_of_the_door_is_listed() -> None:
    doors = {name: getattr(book, name) for name in book.__all__}
    events = {name for name, door in doors.items() if getattr(door, "__annotations__", {}).get("return") == "Journal"}

    assert events - {row[0].__name__ for row in ROWS.values()} == {"reversal"}


class TestSources:
    """A replay finds its kind and source taken, so each event has to name what it can happen to once."""

    def test_an_order_is_released_once_but_in_parts_many_times(self) -> None:
        whole = book.full_release(POSTING, release=RELEASE)
        part = book.partial_release(POSTING, release_id=THING, release=RELEASE)

        assert (whole.source_type, whole.source_id) == ("order", ORDER)
        assert (part.source_type, part.source_id) == ("release", THING)

    def test_an_order_is_refunded_once_but_in_parts_many_times(self) -> None:
        whole = book.refund_to_wallet(POSTING, order_id=ORDER, buyer_id=BUYER, amount=ngn(1))
        part = book.refund_to_wallet(POSTING, order_id=ORDER, buyer_id=BUYER, amount=ngn(1), refund_id=THING)

        assert (whole.source_type, whole.source_id) == ("order", ORDER)
        assert (part.source_type, part.source_id) == ("refund", THING)

    def test_a_refund_takes_its_money_from_one_place_only(self) -> None:
        escrow = book.refund_to_source_requested(POSTING, refund_id=THING, order_id=ORDER, amount=ngn(1))
        balance = book.balance_refund_requested(POSTING, refund_id=THING, user_id=BUYER, amount=ngn(1))

        assert (escrow.kind, escrow.source_id) == (balance.kind, balance.source_id)


class TestRefusals:
    def test_of_a_negative_part(self) -> None:
        greedy = Release(order_id=ORDER, seller_id=SELLER, currency="NGN", seller=-100, fee=1100, vat=0)

        with pytest.raises(AssertionError, match="negative part"):
            book.full_release(POSTING, release=greedy)

    def test_of_more_from_the_balance_than_the_refund(self) -> None:
        with pytest.raises(AssertionError, match="negative part"):
            book.refund_after_release(
                POSTING, refund_id=THING, seller_id=SELLER, buyer_id=BUYER, amount=ngn(10), from_available=11
            )

    def test_of_a_movement_of_nothing(self) -> None:
        with pytest.raises(AssertionError, match="does not balance"):
            book.order_funded(POSTING, order_id=ORDER, buyer_id=BUYER, amount=ngn(0))

    @pytest.mark.parametrize("credited", [("NGN", 99), ("USD", 100)], ids=["another amount", "another currency"])
    def test_of_sides_that_differ(self, credited: tuple[str, int]) -> None:
        currency, amount = credited

        with pytest.raises(AssertionError, match="does not balance"):
            make(
                POSTING,
                "forged",
                ("test", THING),
                debits=[(book.chart.bank("providus", "NGN"), 100)],
                credits=[(book.chart.bank("providus", currency), amount)],
            )


class TestReversal:
    WRONG = book.provider_settled(
        POSTING, settlement_id=THING, bank_account="providus", net=ngn(985), fees=15, external=VENDOR
    )
    LATER = Posting(journal_id=UUID(int=10), occurred_at=POSTING.occurred_at, actor="admin")

    def test_is_the_exact_mirror(self) -> None:
        mirror = book.reversal(self.LATER, wrong=BookedJournal(self.WRONG, reversed_by=None))

        assert sides(mirror) == {name: -amount for name, amount in sides(self.WRONG).items()}
        assert (mirror.kind, mirror.source_type, mirror.source_id) == ("reversal", "journal", self.WRONG.id)
        assert mirror.reverses_journal_id == self.WRONG.id
        assert mirror.external_ref is None

    def test_happens_once(self) -> None:
        with pytest.raises(book.AlreadyReversedError):
            book.reversal(self.LATER, wrong=BookedJournal(self.WRONG, reversed_by=UUID(int=11)))

    def test_is_not_itself_reversed(self) -> None:
        mirror = book.reversal(self.LATER, wrong=BookedJournal(self.WRONG, reversed_by=None))

        with pytest.raises(book.NotReversibleError):
            book.reversal(POSTING, wrong=BookedJournal(mirror, reversed_by=None))

    def test_never_touches_what_a_chargeback_took(self) -> None:
        shares = Shares(None, "NGN", 0, (Debt(BUYER, "NGN", 400, 0),))
        taken = book.chargeback_opened(POSTING, chargeback_id=THING, shares=shares, external=VENDOR)

        with pytest.raises(book.NotReversibleError):
            book.reversal(self.LATER, wrong=BookedJournal(taken, reversed_by=None))

    @pytest.mark.parametrize("event", ["order funded", "payout settled", "refund confirmed"])
    def test_never_touches_what_an_order_payout_or_refund_says_it_holds(self, event: str) -> None:
        post, facts, _ = ROWS[event]

        with pytest.raises(book.NotReversibleError):
            book.reversal(self.LATER, wrong=BookedJournal(post(POSTING, **facts), reversed_by=None))
