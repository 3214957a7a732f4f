from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kro.core.actor import SYSTEM, Actor
from kro.core.clock import Clock
from kro.core.ids import IdSource
from kro.kro_balance.domain import Posting


@dataclass(frozen=True, slots=True)
class Context:
    """Who acts and when; ``ids`` names the new rows."""

    actor: Actor
    now: datetime
    ids: IdSource

    @classmethod
    def of_system(cls, clock: Clock, ids: IdSource) -> Context:
        return cls(actor=SYSTEM, now=clock.now(), ids=ids)

    def new_id(self) -> UUID:
        return self.ids.new()

    def posting(self, *, occurred_at: datetime | None = None) -> Posting:
        """Return the head of a new journal; ``occurred_at`` is when it happened outside, if that is known."""
        return Posting(
            journal_id=self.ids.new(),
            occurred_at=occurred_at or self.now,
            actor=self.actor.label,
            request_id=self.actor.request_id,
        )
