"""Which provider takes a payment or a payout: who can, who may, who works, who is cheapest; in this order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kro.core.errors import ErrorKind, FieldError, KroError
from kro.core.money import Money
from kro.payment.database.provider_records import Direction, SwitchState
from kro.payment.database.records import PaymentMethod
from kro.payment.providers.provider import Capability

_NEEDED: Final = {
    PaymentMethod.CHECKOUT: Capability.CHECKOUT,
    PaymentMethod.BANK_TRANSFER: Capability.ONE_TIME_ACCOUNTS,
}
_ENOUGH_CALLS: Final = 5
_SICK_BELOW_BPS: Final = 5_000
_BPS: Final = 10_000


class ProviderNotOfferedError(KroError):
    """The provider that was asked for does not take this."""

    kind = ErrorKind.INVALID
    code = "provider_not_offered"
    leaves_key_free = True

    def __init__(self) -> None:
        error = FieldError(pointer="/provider", code=self.code, detail="It does not take this at the moment.")
        super().__init__(errors=(error,))


class NoProviderError(KroError):
    """No provider takes this currency in this way."""

    kind = ErrorKind.INVALID
    code = "no_provider_for_currency"
    leaves_key_free = True

    def __init__(self, currency: str, *, pointer: str) -> None:
        detail = f"No provider takes {currency} in this way at the moment."
        super().__init__(detail, errors=(FieldError(pointer, self.code, detail),))


@dataclass(frozen=True, slots=True)
class Price:
    """What a provider keeps of one movement, in minor units of its currency: a share and, from an amount on, a sum."""

    bps: int = 0
    flat_minor: int = 0
    flat_from_minor: int = 0
    cap_minor: int | None = None

    def of(self, amount: Money) -> int:
        """Return the price of an amount."""
        flat = self.flat_minor if amount.amount >= self.flat_from_minor else 0
        price = amount.amount * self.bps // _BPS + flat
        return price if self.cap_minor is None else min(price, self.cap_minor)


@dataclass(frozen=True, slots=True)
class Health:
    """How one operation went lately."""

    calls: int = 0
    answered: int = 0
    is_shut: bool = False

    @property
    def is_well(self) -> bool:
        """Say whether it may be chosen before others; a few calls tell nothing yet."""
        enough = self.calls >= _ENOUGH_CALLS
        return not self.is_shut and not (enough and self.answered * _BPS < self.calls * _SICK_BELOW_BPS)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One vendor as it stands now. ``switches`` and ``prices`` by direction, ``health`` by capability."""

    name: str
    capabilities: frozenset[Capability]
    currencies: frozenset[str]
    switches: Mapping[Direction, SwitchState] = field(default_factory=dict)
    prices: Mapping[Direction, Price] = field(default_factory=dict)
    health: Mapping[Capability, Health] = field(default_factory=dict)

    def switch(self, direction: Direction) -> SwitchState:
        return self.switches.get(direction, SwitchState.ENABLED)


@dataclass(frozen=True, slots=True)
class Board:
    """Every vendor, in the order of the configuration, which decides between equals."""

    candidates: Sequence[Candidate]

    def collector(
        self, amount: Money, method: PaymentMethod, *, wish: str | None = None, pointer: str = "/method"
    ) -> str:
        """Return who is to collect an amount; ``pointer`` names what the client can change if nobody can.

        :raises ProviderNotOfferedError: if a wished one cannot or may not.
        :raises NoProviderError: if nobody can; if those who can are all switched off as well.
        """
        able = self.collectors(amount, method)
        if wish is not None:
            if wish not in able:
                raise ProviderNotOfferedError
            return wish
        if not able:
            raise NoProviderError(amount.currency, pointer=pointer)
        return able[0]

    def collectors(self, amount: Money, method: PaymentMethod) -> Sequence[str]:
        """Return everybody who takes new payments like this, the best first."""
        return self._ranked(amount, Direction.COLLECTIONS, _NEEDED[method])

    def lender(self, currency: str, *, wish: str | None = None) -> str:
        """Return who is to lend a user an account for good.

        :raises ProviderNotOfferedError: if a wished one cannot or may not.
        :raises NoProviderError: if nobody can and may.
        """
        able = self._ranked(Money(1, currency), Direction.COLLECTIONS, Capability.PERMANENT_ACCOUNTS)
        if wish is not None and wish not in able:
            raise ProviderNotOfferedError
        if not able:
            raise NoProviderError(currency, pointer="/currency")
        return wish or able[0]

    def payers(self, amount: Money) -> Sequence[str]:
        """Return everybody who takes new payouts like this, the best first."""
        return self._ranked(amount, Direction.PAYOUTS, Capability.TRANSFER_SENDER)

    def payer(self, amount: Money, *, first: str, without: Collection[str] = ()) -> str | None:
        """Return who is to send a payout meant for ``first``; ``None`` while nobody may.

        It stays with that one, unless it is sick or switched off.
        """
        able = [name for name in self.payers(amount) if name not in without]
        meant = self._named(first)
        stays = meant is not None and first not in without and meant.switch(Direction.PAYOUTS) is not _OFF
        if stays and (not able or self._is_well(first, Capability.TRANSFER_SENDER) or able[0] == first):
            return first
        return able[0] if able else None

    def may_start(self, name: str, direction: Direction) -> bool:
        """Say whether what was given to a vendor already may still be begun there."""
        found = self._named(name)
        return found is not None and found.switch(direction) is not _OFF

    def _ranked(self, amount: Money, direction: Direction, needed: Capability) -> list[str]:
        able = [
            one
            for one in self.candidates
            if needed in one.capabilities
            and amount.currency in one.currencies
            and one.switch(direction) is SwitchState.ENABLED
        ]
        free = Price()
        able.sort(
            key=lambda one: (not one.health.get(needed, _WELL).is_well, one.prices.get(direction, free).of(amount))
        )
        return [one.name for one in able]

    def _is_well(self, name: str, needed: Capability) -> bool:
        found = self._named(name)
        return found is not None and found.health.get(needed, _WELL).is_well

    def _named(self, name: str) -> Candidate | None:
        return next((one for one in self.candidates if one.name == name), None)


_OFF: Final = SwitchState.DISABLED
_WELL: Final = Health()
