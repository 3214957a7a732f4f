"""Orders with their conditions and what they hold."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Final

from kro.core.actor import SYSTEM
from kro.core.ids import IdSource
from kro.core.money import BASIS_POINTS
from kro.kro_balance.domain import Fees, Posting
from kro.order.domain import (
    CannotGoOnError,
    ConditionKind,
    ConditionStatus,
    ConfirmedBy,
    ImportedCondition,
    ImportedOrder,
    OrderRules,
    OrderStatus,
    OrderType,
    Party,
    import_order,
)
from kro.predecessor.balances import Held
from kro.predecessor.errors import UnfitError
from kro.predecessor.people import Owners, id_of
from kro.predecessor.report import Finding, Planned, Report, Side
from kro.predecessor.rows import Row
from kro.predecessor.values import whole

TABLE = "orders"
_HOLDING: Final = frozenset({"in_progress", "completed", "issue_reported", "disputed"})
_HALF: Final = 5_000
_MOST_HOURS: Final = 24 * 366


class Trades:
    def __init__(
        self, report: Report, owners: Owners, held: Held, *, rules: OrderRules, ids: IdSource, now: datetime
    ) -> None:
        self._ids = ids
        self._report, self._owners, self._held = report, owners, held
        self._rules, self._now = rules, now
        self._conditions: defaultdict[str, list[Row]] = defaultdict(list)
        self.known: set[str] = set()

    def take_condition(self, row: Row) -> None:
        """Keep a condition until its order is read."""
        self._conditions[row.text("order") or ""].append(row)

    def orphans(self) -> list[Row]:
        """Return the conditions whose order was never read."""
        return [row for order, rows in self._conditions.items() if order not in self.known for row in rows]

    def plan(self, row: Row) -> Planned | Finding:
        self.known.add(row.key)
        held: Decimal | None = None
        currency = ""
        try:
            currency = row.currency()
            held = self._held_by(row, currency)
            self._report.owes(Side.HELD, currency, held)
            self._held[row.text("buyer") or "", currency] += held  # type: ignore[assignment] # sums are exact decimals
            order = self._order(row, currency, held)
            conditions = self._conditions_of(row, currency)
            posting = Posting(self._ids.new(), self._now, SYSTEM.label)
            decision = import_order(order, conditions, rules=self._rules, posting=posting)
        except (UnfitError, CannotGoOnError) as unfit:
            return Finding(
                TABLE, row.key, unfit.code, unfit.field, is_money=held != 0,
                side=Side.HELD, currency=currency, amount=held,
            )  # fmt: skip
        return Planned(TABLE, row.key, decision, Side.HELD, currency, order.held)

    def _held_by(self, row: Row, currency: str) -> Decimal:
        """Return what the predecessor holds for an order: what it says, or the price where its status says so."""
        told = row.amount("held", currency)
        if told is not None:
            return told
        if row.need("status") not in _HOLDING:
            return Decimal()
        parts = [row.amount(name, currency) or Decimal() for name in ("amount", "fee_buyer", "vat_buyer")]
        return sum(parts, Decimal())

    def _order(self, row: Row, currency: str, held: Decimal) -> ImportedOrder:
        status = OrderStatus(row.need("status"))
        buyer_id, seller_id = self._owners.need(row, "buyer"), self._owners.need(row, "seller")
        if held < 0:
            raise UnfitError("negative", "held")
        try:
            holds = whole(held)
        except UnfitError as unfit:
            raise UnfitError(unfit.code, "held") from None
        return ImportedOrder(
            id=id_of(TABLE, row.key),
            buyer_id=buyer_id,
            seller_id=seller_id,
            proposed_by=Party(row.get("proposed_by") or Party.BUYER),
            order_type=OrderType(row.get("order_type") or OrderType.GOODS),
            title=row.need("title"),
            description=row.get("description") or "",
            fees=_fees(row, currency),
            held=holds,
            delivery_hours=_hours(row, "delivery_hours") or 168,
            inspection_hours=_hours(row, "inspection_hours"),
            status=status,
            on_hold=bool(row.get("on_hold")),
            accept_by=row.time("accept_by"),
            fund_by=row.time("fund_by"),
            deliver_by=row.time("deliver_by"),
            inspect_by=row.time("inspect_by"),
            completed_at=row.time("completed_at"),
            created_at=row.need("created_at"),
            ended_at=row.time("ended_at"),
        )

    def _conditions_of(self, order: Row, currency: str) -> tuple[ImportedCondition, ...]:
        rows = self._conditions.get(order.key, [])
        try:
            rows = sorted(rows, key=lambda row: (row.get("position") or 0, row.key))
            return tuple(_condition(row, currency) for row in rows)
        except UnfitError as unfit:
            raise UnfitError(unfit.code, f"conditions.{unfit.field}") from None


def _condition(row: Row, currency: str) -> ImportedCondition:
    required = row.get("required")
    return ImportedCondition(
        id=id_of("conditions", row.key),
        kind=ConditionKind(row.get("kind") or ConditionKind.CONFIRM),
        title=row.need("title"),
        description=row.get("description") or "",
        confirmed_by=ConfirmedBy(row.get("confirmed_by") or ConfirmedBy.BUYER),
        required=True if required is None else bool(required),
        status=ConditionStatus(row.need("status")),
        amount=row.money("amount", currency, otherwise=0) or None,
        not_before=row.time("not_before"),
        submitted_at=row.time("submitted_at"),
        settled_at=row.time("settled_at"),
    )


def _fees(row: Row, currency: str) -> Fees:
    fee_buyer, fee_seller = (row.money(name, currency, otherwise=0) for name in ("fee_buyer", "fee_seller"))
    fee = fee_buyer + fee_seller
    return Fees(
        currency=currency,
        amount=row.money("amount", currency),
        buyer_share_bps=fee_buyer * BASIS_POINTS // fee if fee else _HALF,
        fee_buyer=fee_buyer,
        fee_seller=fee_seller,
        vat_buyer=row.money("vat_buyer", currency, otherwise=0),
        vat_seller=row.money("vat_seller", currency, otherwise=0),
    )


def _hours(row: Row, name: str) -> int | None:
    found: int | None = row.get(name)
    if found is not None and not 0 < found <= _MOST_HOURS:
        raise UnfitError("out_of_range", name)
    return found
