"""Bank accounts a provider lends us to collect on, and the money that arrives on them without being asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from kro.core.money import Money
from kro.payment.providers.results import (
    CollectionFacts,
    CollectionResult,
    FailedDefinitively,
    NotSent,
    Pending,
    Unknown,
)


@dataclass(frozen=True, slots=True)
class AccountHolder:
    """Whose name a virtual account carries. Personal data: kept out of representations, logs and errors."""

    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)
    bvn: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class VirtualAccount:
    """An account to pay to; ``expires_at`` is when the provider may lend it to somebody else, ``None`` for never."""

    account_number: str
    account_name: str
    bank_name: str
    provider_reference: str
    bank_code: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VirtualAccountIssued:
    account: VirtualAccount


VirtualAccountResult = (
    VirtualAccountIssued | Pending[CollectionFacts] | FailedDefinitively[CollectionFacts] | NotSent | Unknown
)


class OneTimeAccountIssuer(Protocol):
    async def issue_one_time(self, *, reference: str, amount: Money, holder: AccountHolder) -> VirtualAccountResult:
        """Lend an account for one payment under our reference, stored before the call.

        Whatever arrives is not bound to the amount, and the number belongs to somebody else after it expired: match
        what arrives by our reference and the time, never by the number alone.
        """
        ...


class PermanentAccountIssuer(Protocol):
    async def issue_permanent(self, *, reference: str, currency: str, holder: AccountHolder) -> VirtualAccountResult:
        """Lend an account for good, to which any amount may be paid at any time."""
        ...


class InflowReader(Protocol):
    async def inflow(self, *, provider_reference: str) -> CollectionResult:
        """Ask about money that arrived on a virtual account, by the provider's own id of it.

        ``facts.reference`` is ours if the account was lent for one payment, else empty; ``facts.receiving_account``
        says where it arrived.
        """
        ...


class BalanceReader(Protocol):
    async def balance(self, *, currency: str) -> Money:
        """Return what the provider holds for us and would pay out.

        :raises ProviderUnavailableError: if the provider gave no usable answer.
        """
        ...
