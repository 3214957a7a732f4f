"""Rebuilds an order's status and its money from its events alone: the timeline says everything that happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kro.order.database.records import Order
from kro.order.database.words import OrderStatus


@dataclass(frozen=True, slots=True)
class Told:
    """What the events up to some point say of an order; amounts in minor units, as the columns of ``orders``."""

    status: OrderStatus = OrderStatus.CREATED
    funded: int = 0
    released: int = 0
    refunded: int = 0

    @classmethod
    def of(cls, order: Order) -> Told:
        return cls(order.status, order.funded_amount, order.released_amount, order.refunded_amount)

    @property
    def held(self) -> int:
        return self.funded - self.released - self.refunded


def since(before: Told, now: Told) -> dict[str, Any]:
    """Return what an event has to carry: the new status, and by how much the amounts changed."""
    facts: dict[str, Any] = {}
    if now.status is not before.status:
        facts["status"] = now.status
    names = ("funded", "released", "refunded")
    moved = {name: delta for name in names if (delta := getattr(now, name) - getattr(before, name))}
    if moved:
        facts["moved"] = moved
    return facts


def replay(events: Iterable[Mapping[str, Any]]) -> Told:
    """Return what the data of an order's events, oldest first, add up to."""
    told = Told()
    for data in events:
        moved = data.get("moved", {})
        told = replace(
            told,
            status=OrderStatus(data.get("status", told.status)),
            **{name: getattr(told, name) + delta for name, delta in moved.items()},
        )
    return told
