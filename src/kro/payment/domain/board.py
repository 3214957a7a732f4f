"""What is known of every provider at this moment, kept for a few seconds so that no request pays for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from kro.core.clock import Clock
from kro.core.outgoing.call_log import CallLog, Lately
from kro.payment.database.provider_records import Direction, Switch
from kro.payment.database.provider_switches import SwitchRepository
from kro.payment.domain.choice import Board, Candidate, Health, Price
from kro.payment.providers import PaymentProvider, ProviderDirectory

_LOOKS_BACK: Final = timedelta(minutes=15)
_KEEPS: Final = timedelta(seconds=5)

Prices = Mapping[str, Mapping[Direction, Price]]


class ProviderBoard:
    """``prices`` by provider name; what is not listed costs nothing.

    A change of a switch is seen by other processes within five seconds.
    """

    def __init__(
        self, *, providers: ProviderDirectory, switches: SwitchRepository, calls: CallLog, prices: Prices, clock: Clock
    ) -> None:
        self._providers = providers
        self._switches = switches
        self._calls = calls
        self._prices = prices
        self._clock = clock
        self._kept: tuple[datetime, Board] | None = None
        self._reading = asyncio.Lock()

    async def current(self) -> Board:
        """Return how the providers stand, at most five seconds ago."""
        async with self._reading:
            now = self._clock.now()
            if self._kept is None or now - self._kept[0] > _KEEPS:
                self._kept = now, await self._read()
            return self._kept[1]

    def forget(self) -> None:
        """Have the next question read anew."""
        self._kept = None

    async def _read(self) -> Board:
        switches = await self._switches.all()
        operations = [(one.name, operation) for one in self._providers for operation in one.operations.values()]
        health = await self._calls.lately(operations, over=_LOOKS_BACK)
        return Board(tuple(self._candidate(one, switches, health) for one in self._providers))

    def _candidate(self, provider: PaymentProvider, switches: Sequence[Switch], health: Sequence[Lately]) -> Candidate:
        lately = {one.operation: one for one in health if one.provider == provider.name}
        return Candidate(
            name=provider.name,
            capabilities=provider.capabilities,
            currencies=provider.currencies,
            switches={one.direction: one.state for one in switches if one.provider == provider.name},
            prices=self._prices.get(provider.name, {}),
            health={
                capability: _health(lately[operation])
                for capability, operation in provider.operations.items()
                if operation in lately
            },
        )


def _health(lately: Lately) -> Health:
    return Health(calls=lately.calls, answered=lately.answered, is_shut=lately.is_shut)
