"""How money that arrives reaches whoever it was meant for: in the same atomic write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from kro.core.decisions import Decision
from kro.core.money import Money


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money a provider has received for us, about to be credited to its payer."""

    payment_id: UUID
    order_id: UUID | None
    user_id: UUID
    amount: Money
    provider: str
    external_ref: str
    occurred_at: datetime


class ReceiptListener(Protocol):
    """Contributes to the write that credits a receipt; both methods run again after every lost race."""

    async def load(self, receipt: Receipt) -> object:
        """Load what :meth:`decide` needs. Balances read here do not contain the receipt yet."""
        ...

    def decide(self, state: Any, receipt: Receipt, *, now: datetime) -> Decision:  # noqa: ANN401 - what its own load returned
        """Return what the receipt changes for the listener, purely; an empty decision if it is not concerned."""
        ...


@dataclass(frozen=True, slots=True)
class Contribution:
    """A listener with what it has loaded for one receipt."""

    listener: ReceiptListener
    state: object

    def decide(self, receipt: Receipt, *, now: datetime) -> Decision:
        return self.listener.decide(self.state, receipt, now=now)


async def gather(listeners: Sequence[ReceiptListener], receipt: Receipt) -> tuple[Contribution, ...]:
    """Load for every listener."""
    return tuple([Contribution(listener, await listener.load(receipt)) for listener in listeners])
