"""Takes in money that matches nobody, and does not let it be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner
from kro.core.ids import IdSource
from kro.core.paging import NEWEST, Position
from kro.payment.database.suspense import SuspenseRepository
from kro.payment.database.suspense_records import SuspenseItem, SuspenseStatus
from kro.payment.domain.context import Context
from kro.payment.domain.decide_suspense import (
    SuspenseItemNotFoundError,
    decide_suspense_alarm,
    decide_unmatched,
)
from kro.payment.domain.progress import Progress
from kro.payment.providers import ProviderDirectory, Succeeded


class SuspenseService:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        items: SuspenseRepository,
        providers: ProviderDirectory,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._items = items
        self._providers = providers
        self._clock = clock
        self._ids = ids

    async def take_in(self, provider: str, reference: str) -> Progress:
        """Ask the provider about a payment under a reference we never gave, and keep its money apart if there is any.

        Repeats and rivals keep it once: an item is known by the provider's own id of the payment.
        """
        result = await self._providers[provider].collections.verify(reference=reference)
        if not isinstance(result, Succeeded):
            return Progress.UNKNOWN_REFERENCE
        facts = result.facts
        return await self._runner.carry_out(
            load=lambda: self._items.unmatched(
                reference=reference, provider=provider, provider_reference=facts.provider_reference
            ),
            decide=lambda found: decide_unmatched(
                found, facts, provider=provider, context=Context.of_system(self._clock, self._ids)
            ),
        )

    async def raise_alarms(self, *, limit: int = 50) -> int:
        """Tell the operators of items that are a day older than when they last heard of them; return how many."""
        return await self._runner.carry_out(
            load=lambda: self._items.due(now=self._clock.now(), limit=limit),
            decide=lambda items: decide_suspense_alarm(items, context=Context.of_system(self._clock, self._ids)),
        )

    async def get(self, item_id: UUID) -> SuspenseItem:
        """Return an item.

        :raises SuspenseItemNotFoundError: if there is none.
        """
        found = await self._items.one(item_id)
        if found is None:
            raise SuspenseItemNotFoundError
        return found

    async def list(
        self, *, status: SuspenseStatus | None, before: Position | None, limit: int
    ) -> Sequence[SuspenseItem]:
        """Return items, newest first, older than ``before``."""
        return await self._items.list(status=status, before=before or NEWEST, limit=limit)
