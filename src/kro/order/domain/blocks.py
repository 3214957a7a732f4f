"""Blocking: no new orders from a person, and no more messages about ended ones. What runs goes on."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.paging import NEWEST, Position
from kro.order.database.blocks import BlockRepository
from kro.order.database.thread_records import Block
from kro.order.domain.thread_errors import NoCounterpartyError


class Blocks:
    """The blocked person is not told: to them the other simply cannot be found."""

    def __init__(self, blocks: BlockRepository, *, clock: Clock) -> None:
        self._blocks = blocks
        self._clock = clock

    async def put(self, user_id: UUID, *, actor: Actor) -> None:
        """Block somebody; again is fine.

        :raises NoCounterpartyError: unless the two have or had an order with each other.
        """
        if not await self._blocks.put(actor.id, user_id, at=self._clock.now()):
            raise NoCounterpartyError

    async def remove(self, user_id: UUID, *, actor: Actor) -> None:
        """Unblock somebody.

        :raises NoCounterpartyError: when they were not blocked.
        """
        if not await self._blocks.remove(actor.id, user_id):
            raise NoCounterpartyError

    async def list(self, *, actor: Actor, before: Position | None, limit: int) -> Sequence[Block]:
        """Return whom the actor has blocked, the latest first."""
        return await self._blocks.list(actor.id, before=before or NEWEST, limit=limit)
