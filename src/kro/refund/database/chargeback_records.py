"""Chargebacks as they were loaded: frozen, and free of any framework."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from kro.core.money import Money
from kro.order.domain import OrderState


class ChargebackStatus(StrEnum):
    OPENED = "opened"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Chargeback:
    """The row of ``chargebacks``, column by column; amounts in minor units of ``currency``."""

    id: UUID
    provider: str
    provider_reference: str
    payment_id: UUID
    order_id: UUID | None
    payer_id: UUID
    seller_id: UUID | None
    currency: str
    amount: int
    from_escrow: int
    from_payer: int
    from_seller: int
    payer_owed: int
    seller_owed: int
    returned: int
    fee: int
    category: str | None
    status: ChargebackStatus
    due_at: datetime | None
    next_poll_at: datetime | None
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    version: int

    @property
    def contested(self) -> Money:
        return Money(self.amount, self.currency)


@dataclass(frozen=True, slots=True)
class Means:
    """What a user has to spend and what they owe the platform already, in minor units."""

    user_id: UUID
    available: int
    owes: int


@dataclass(frozen=True, slots=True)
class Borne:
    """What other chargebacks of the same order took for good, by who bore it; ``open`` counts the undecided ones."""

    by_escrow: int = 0
    by_payer: int = 0
    by_seller: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class ContestedPayment:
    """The payment a dispute is about.

    ``received`` is what it brought (``None`` while it is not credited), ``taken_back`` what chargebacks have taken of
    it, ``order_received`` what all payments of its order brought.
    """

    id: UUID
    order_id: UUID | None
    provider: str
    currency: str
    received: int | None
    taken_back: int
    order_received: int
    version: int


@dataclass(frozen=True, slots=True)
class ChargebackState:
    """``told`` are the reasons for which people have been told already that the dispute does not fit our books."""

    payment: ContestedPayment
    payer: Means
    seller: Means | None
    borne: Borne
    chargeback: Chargeback | None
    order: OrderState | None
    told: frozenset[str] = frozenset()


def chargeback_row(chargeback: Chargeback) -> dict[str, Any]:
    """Return the columns of a new chargeback."""
    return {field.name: getattr(chargeback, field.name) for field in fields(chargeback)}
