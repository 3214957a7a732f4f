from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.http import Position
from kro.core.ids import IdSource
from kro.payment.database.reads import NEWEST
from kro.payment.database.records import WebhookState, WebhookView
from kro.payment.database.webhooks import WebhookRepository
from kro.payment.domain.errors import WebhookNotFoundError


class WebhookAdmin:
    """What admins may see of events and do with them; the routes check who they are."""

    def __init__(self, *, webhooks: WebhookRepository, clock: Clock, ids: IdSource) -> None:
        self._webhooks = webhooks
        self._clock = clock
        self._ids = ids

    async def list(
        self, *, state: WebhookState | None = None, before: Position | None = None, limit: int = 20
    ) -> Sequence[WebhookView]:
        """Return events, newest first, older than ``before``."""
        position = before or NEWEST
        return await self._webhooks.list(state=state, before=(position.created_at, position.id), limit=limit)

    async def replay(self, webhook_id: UUID, *, actor: Actor) -> None:
        """Have an event looked into again; harmless for what it has brought about already.

        :raises WebhookNotFoundError: if there is none.
        """
        found = await self._webhooks.replay(webhook_id, audit_id=self._ids.new(), actor=actor, now=self._clock.now())
        if not found:
            raise WebhookNotFoundError
