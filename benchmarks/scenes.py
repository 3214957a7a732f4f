"""The books that are posted to: many funded orders, and one release after another from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4, uuid5

from kro.core.database.pool import Database
from kro.core.decisions import Account, Decision, Entry, Journal
from kro.core.decisions.encoding import encode
from kro.core.money import Money
from kro.kro_balance.domain import External, Posting, Release, order_funded, partial_release, receipt
from kro.kro_balance.domain.chart import AccountCode, fee_revenue, vat_payable

FUNDS: Final = 10**13
AT: Final = datetime(2026, 1, 15, tzinfo=UTC)
_BOOKS: Final = UUID("0b1f7b0e-52b5-4f2a-9d0c-1c2d6f0a7e11")
_BATCH: Final = 100

Scene = Callable[[int], Journal]
"""Makes a new release of the order with this number."""


def spread(number: int) -> Journal:
    """Release to a seller of the order's own: no two orders share a row that is locked."""
    return _release(number, seller_id=_id("seller", number))


def hot_seller(number: int) -> Journal:
    """Release to one seller of all orders: every journal waits for the same balance row."""
    return _release(number, seller_id=_id("seller", 0))


def own_fee_accounts(number: int) -> Journal:
    """Release as ``spread`` does, with accounts for fee and VAT that no other order uses."""
    return _with_fee_accounts(
        spread(number),
        lambda account: replace(account, id=_id(account.code, number), qualifier=f"order {number}"),
    )


def locked_fee_accounts(number: int) -> Journal:
    """Release as ``spread`` does, with a running balance on the shared accounts of fee and VAT."""
    return _with_fee_accounts(
        spread(number),
        lambda account: replace(account, id=_id("locked", account.code), qualifier="locked", tracked=True),
    )


async def fund(database: Database, *, orders: int) -> None:
    """Give every order more than any run can release."""
    each = Money(FUNDS // orders, "NGN")
    for start in range(0, orders, _BATCH):
        batch = range(start, min(start + _BATCH, orders))
        journals = tuple(journal for number in batch for journal in _funding(number, each))
        await database.apply(encode(Decision(journals=journals)))


def _funding(number: int, amount: Money) -> tuple[Journal, Journal]:
    buyer_id = _id("buyer", number)
    paid = receipt(
        _posting(), payment_id=uuid4(), user_id=buyer_id, amount=amount, external=External("paystack", uuid4().hex)
    )
    return paid, order_funded(_posting(), order_id=_id("order", number), buyer_id=buyer_id, amount=amount)


def _release(number: int, *, seller_id: UUID) -> Journal:
    release = Release(_id("order", number), seller_id, "NGN", seller=900, fee=93, vat=7)
    return partial_release(_posting(), release_id=uuid4(), release=release)


def _with_fee_accounts(journal: Journal, change: Callable[[Account], Account]) -> Journal:
    shared = {fee_revenue("escrow", "NGN").id, vat_payable("NGN").id}
    entries = (
        Entry(change(entry.account), entry.amount) if entry.account.id in shared else entry for entry in journal.entries
    )
    return replace(journal, entries=tuple(entries))


def _posting() -> Posting:
    return Posting(journal_id=uuid4(), occurred_at=AT, actor="benchmark")


def _id(kind: str | AccountCode, which: object) -> UUID:
    return uuid5(_BOOKS, f"{kind}/{which}")
