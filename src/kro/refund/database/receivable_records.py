"""What users owe, as it was loaded: frozen, and free of any framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DebtState:
    """What a user owes and has in one currency, in minor units.

    ``contested`` says that a chargeback they bear a part of is not decided: the debt may still go away.
    """

    owed: int
    available: int
    contested: bool


@dataclass(frozen=True, slots=True)
class Debtor:
    """Somebody who owes the platform money; ``since`` is when they first did."""

    id: UUID
    user_id: UUID
    name: str = field(repr=False)
    currency: str
    owed: int
    available: int
    since: datetime
