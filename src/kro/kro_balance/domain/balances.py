"""What users see of their money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kro.core.actor import Actor


@dataclass(frozen=True, slots=True)
class BalanceView:
    """One currency of a user, in minor units: spendable, held in escrow for own purchases, on the way to a bank."""

    currency: str
    available: int
    in_escrow: int
    in_transit: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """One movement on a user's balance: positive is money in."""

    id: int
    journal_id: UUID
    kind: str
    currency: str
    amount: int
    balance_after: int
    source_type: str
    source_id: UUID
    at: datetime


class BalanceReads(Protocol):
    async def balances(self, actor: Actor) -> Sequence[BalanceView]:
        """Return every currency the user has touched.

        :raises SessionEndedError: when the session was revoked.
        """
        ...

    async def entries(self, actor: Actor, *, currency: str, before: int | None, limit: int) -> Sequence[EntryView]:
        """Return movements, newest first, older than entry ``before``."""
        ...
