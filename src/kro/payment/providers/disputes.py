"""Payments contested at the payer's bank, as the provider tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kro.payment.providers.results import NotFound, Unknown


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """One contested payment, in the units of ``kro.core.money``.

    ``provider_reference`` is the dispute's own id, ``reference`` ours of the payment it is about, ``transaction`` the
    provider's of that payment. ``amount_minor`` is what is contested, ``fees_minor`` what the provider takes for it.
    """

    provider_reference: str
    reference: str
    transaction: str
    amount_minor: int
    currency: str
    category: str | None = None
    due_at: datetime | None = None
    fees_minor: int | None = None


@dataclass(frozen=True, slots=True)
class DisputeOpened:
    """The bank has not decided yet."""

    facts: DisputeFacts


@dataclass(frozen=True, slots=True)
class DisputeWon:
    """Decided for us: all that was contested stays ours."""

    facts: DisputeFacts


@dataclass(frozen=True, slots=True)
class DisputeLost:
    """Decided for the payer, who gets ``facts.amount_minor`` back: it may be less than was contested at first."""

    facts: DisputeFacts


DisputeResult = DisputeOpened | DisputeWon | DisputeLost | NotFound | Unknown


class DisputeReader(Protocol):
    async def dispute(self, *, provider_reference: str) -> DisputeResult:
        """Ask what became of a dispute, by the provider's id of it: it is the payer who starts one."""
        ...


class DisputeLister(Protocol):
    async def disputes(self, *, since: datetime, until: datetime) -> Sequence[str]:
        """Return the provider's ids of all disputes begun in a period, each once: for those no event told us of.

        :raises ProviderUnavailableError: if the provider gave no usable answer; a part is never taken for the whole.
        """
        ...
