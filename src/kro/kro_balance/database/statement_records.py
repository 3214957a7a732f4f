"""What the queries behind histories and statements bring: frozen, and free of any framework. Amounts in minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from kro.core.actor import Standing


@dataclass(frozen=True, slots=True, order=True)
class LinePosition:
    """A place in the history of one balance, which is in order of time and, within one moment, of entries."""

    at: datetime
    entry_id: int


NEWEST: Final = LinePosition(datetime.max.replace(tzinfo=UTC), 2**63 - 1)
"""Before this position every line is on the first page: with a bound at all times the index serves every page."""


@dataclass(frozen=True, slots=True)
class OrderPrice:
    """What an order was agreed at; ``vat_…`` is on top of ``fee_…``, and each party bears its own."""

    id: UUID
    title: str
    seller_id: UUID
    amount: int
    fee_buyer: int
    fee_seller: int
    vat_buyer: int
    vat_seller: int

    @property
    def buyer_pays(self) -> int:
        return self.amount + self.fee_buyer + self.vat_buyer


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement of a balance, positive for money in, with what its journal says about charges.

    ``fee``, ``vat`` and ``stamp_duty`` are what the whole journal charged (negative: gave back), whoever bore it;
    ``from_escrow`` is what it took out of ``order``'s escrow. ``destination`` is the bank account of a payout, masked.
    """

    entry_id: int
    at: datetime
    kind: str
    amount: int
    balance_after: int
    source_type: str
    source_id: UUID
    provider: str | None = None
    destination: str | None = None
    fee: int = 0
    vat: int = 0
    stamp_duty: int = 0
    from_escrow: int = 0
    order: OrderPrice | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose statement it is."""

    id: UUID
    name: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """``opening`` is the balance before the first of ``lines``, which are in order of posting."""

    standing: Standing
    holder: Holder
    opening: int
    lines: Sequence[StatementLine]
