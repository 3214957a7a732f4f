from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from kro.core.clock import Clock
from kro.management.domain.errors import UnknownBankError
from kro.payment.domain import Bank, BankDirectory, ProviderUnavailableError

_FRESH_FOR: Final = timedelta(hours=1)


class Banks:
    """The banks money can be paid to, asked for once an hour; an old list serves while the provider is away."""

    def __init__(self, directory: BankDirectory, *, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._known: dict[str, tuple[datetime, tuple[Bank, ...]]] = {}
        self._asking = asyncio.Lock()

    async def list(self, *, currency: str) -> tuple[Bank, ...]:
        """Return the banks of a currency by name.

        :raises ProviderUnavailableError: when the provider gives no list and there never was one.
        """
        async with self._asking:
            now = self._clock.now()
            known = self._known.get(currency)
            if known is not None and now - known[0] < _FRESH_FOR:
                return known[1]
            try:
                banks = await self._directory.list_banks(currency=currency)
            except ProviderUnavailableError:
                if known is None:
                    raise
                return known[1]
            self._known[currency] = (now, banks)
            return banks

    async def name_of(self, code: str, *, currency: str) -> str:
        """Return the name of a bank.

        :raises UnknownBankError: when it is not on the list.
        """
        for bank in await self.list(currency=currency):
            if bank.code == code:
                return bank.name
        raise UnknownBankError
