"""What the clients remember: every operation they asked for, every answer they got, and what it is worth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from kro.core.ids import read_id

Journal = tuple[str, str, UUID]
"""Kind, source type and source: what the ledger may hold once."""


@dataclass(slots=True, eq=False)
class Operation:
    """One command under one idempotency key, from the first try to its answer."""

    who: str
    key: str
    path: str
    body: Any
    tries: int = 0
    status: int | None = None
    answer: bytes = b""
    replayed: bool = False
    judged: bool = False

    @property
    def acknowledged(self) -> bool:
        return self.status is not None and self.status < 300

    @property
    def json(self) -> Any:
        return orjson.loads(self.answer)

    @property
    def code(self) -> str:
        return "" if self.acknowledged else str(self.json.get("code", ""))


@dataclass(slots=True)
class TopUp:
    who: int
    amount: int
    reference: str
    paid: bool = False


@dataclass(slots=True)
class Withdrawal:
    """A payout; its amount is unique in the run, so that the bank's side can be told apart without the database."""

    who: int
    amount: int
    total: int
    approved: bool = False
    rejected: bool = False


@dataclass(slots=True)
class GivenBack:
    """A refund to the card of a top-up; only one for each top-up."""

    who: int
    amount: int
    reference: str


@dataclass(slots=True)
class Book:
    operations: list[Operation] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    available: Counter[int] = field(default_factory=Counter)
    escrow: Counter[int] = field(default_factory=Counter)
    journals: Counter[Journal] = field(default_factory=Counter)
    orders: dict[UUID, str] = field(default_factory=dict)
    top_ups: dict[UUID, TopUp] = field(default_factory=dict)
    payouts: dict[UUID, Withdrawal] = field(default_factory=dict)
    refunds: dict[UUID, GivenBack] = field(default_factory=dict)

    @property
    def acknowledged(self) -> int:
        return sum(operation.acknowledged for operation in self.operations)

    def order_is(self, order: Any) -> None:
        self.orders[read_id("ord", order["id"])] = order["status"]

    def funded(self, order: Any, *, buyer: int) -> None:
        due = order["fees"]["buyer_pays"]["amount"]
        self._move("order_funded", "order", order["id"])
        self.available[buyer] -= due
        self.escrow[buyer] += due

    def released(self, order: Any, *, buyer: int, seller: int) -> None:
        self._move("full_release", "order", order["id"])
        self.escrow[buyer] -= order["fees"]["buyer_pays"]["amount"]
        self.available[seller] += order["fees"]["seller_receives"]["amount"]

    def given_up(self, order: Any, *, buyer: int) -> None:
        self._move("refund_to_wallet", "order", order["id"])
        self.escrow[buyer] -= order["fees"]["buyer_pays"]["amount"]
        self.available[buyer] += order["fees"]["buyer_pays"]["amount"]

    def topping_up(self, payment: Any, *, who: int) -> TopUp:
        found = TopUp(who, payment["amount"]["amount"], payment["reference"])
        self.top_ups[read_id("pay", payment["id"])] = found
        return found

    def withdrawing(self, payout: Any, *, who: int) -> Withdrawal:
        found = Withdrawal(who, payout["amount"]["amount"], payout["total_debit"]["amount"])
        self.payouts[read_id("pyt", payout["id"])] = found
        return found

    def giving_back(self, refund: Any, *, who: int, reference: str) -> None:
        self.refunds[read_id("rfd", refund["id"])] = GivenBack(who, refund["amount"]["amount"], reference)

    def _move(self, kind: str, source: str, shown: str) -> None:
        self.journals[kind, source, read_id({"order": "ord"}[source], shown)] += 1
