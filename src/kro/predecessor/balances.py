"""What customers can spend, one opening journal per account of the predecessor; and money still on its way there."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal

from kro.core.actor import SYSTEM
from kro.core.decisions import Decision
from kro.core.ids import IdSource
from kro.core.money import Money
from kro.kro_balance.domain import Posting, opening_balance
from kro.predecessor.errors import UnfitError
from kro.predecessor.people import Owners, id_of
from kro.predecessor.report import Finding, Planned, Report, Side
from kro.predecessor.rows import Row
from kro.predecessor.values import whole

TABLE = "kro_balance"
Held = Counter[tuple[str, str]]
"""What orders hold, in minor units, by the buyer's key and the currency."""


class Balances:
    def __init__(self, report: Report, owners: Owners, held: Held, *, ids: IdSource, now: datetime) -> None:
        self._ids = ids
        self._report, self._owners, self._held, self._now = report, owners, held, now
        self._seen: Counter[tuple[str, str]] = Counter()

    def look_at(self, row: Row) -> None:
        """Count the accounts of each person and currency, before any is opened."""
        self._seen[row.text("user") or "", row.text("currency") or ""] += 1

    def plan(self, row: Row) -> Planned | Finding:
        amount: Decimal | None = None
        currency = ""
        try:
            currency = row.currency()
            amount = row.need_amount("available", currency)
            self._report.owes(Side.AVAILABLE, currency, amount)
            self._compare_held(row, currency)
            return self._opened(row, amount, currency)
        except UnfitError as unfit:
            return Finding(
                TABLE, row.key, unfit.code, unfit.field, is_money=amount != 0,
                side=Side.AVAILABLE, currency=currency, amount=amount,
            )  # fmt: skip

    def _opened(self, row: Row, amount: Decimal, currency: str) -> Planned:
        if self._seen[row.text("user") or "", row.text("currency") or ""] > 1:
            raise UnfitError("account_not_unique", "user")
        if amount < 0:
            raise UnfitError("negative", "available")
        minor = _exact(amount)
        user_id = self._owners.need(row, "user")
        if minor == 0:
            return Planned(TABLE, row.key, Decision())
        if row.text("user") in self._owners.closed:
            raise UnfitError("owner_closed", "user")
        import_id = id_of(TABLE, row.key)
        posting = Posting(self._ids.new(), self._now, SYSTEM.label)
        journal = opening_balance(posting, import_id=import_id, user_id=user_id, amount=Money(minor, currency))
        return Planned(TABLE, row.key, Decision(journals=(journal,)), Side.AVAILABLE, currency, minor)

    def _compare_held(self, row: Row, currency: str) -> None:
        try:
            told = row.amount("held", currency)
        except UnfitError as unfit:
            self._differs(row, unfit.code)
            return
        if told is not None and told != self._held[row.text("user") or "", currency]:
            self._differs(row, "held_differs_from_orders")

    def _differs(self, row: Row, code: str) -> None:
        # Its money is counted with the orders that hold it; here it is only compared.
        self._report.add(Finding(TABLE, row.key, code, "held", is_money=True), stays_behind=False)


def under_way(table: str, row: Row) -> Finding | None:
    """Return what keeps a payment, payout or refund from being left behind as history: its outcome is still open."""
    try:
        if row.need("status") != "open":
            return None
        code, name = "under_way", "status"
    except UnfitError as unfit:
        code, name = unfit.code, unfit.field
    return Finding(table, row.key, code, name, is_money=True)


def _exact(amount: Decimal) -> int:
    try:
        return whole(amount)
    except UnfitError as unfit:
        raise UnfitError(unfit.code, "available") from None
