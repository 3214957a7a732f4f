"""What providers sent with their events: nobody acts on it, people look at it, and it is forgotten first."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.audit import AuditTrail
from kro.core.encryption import FieldCipher, SealedValueError
from kro.core.telemetry import get_logger
from kro.payment.database.webhook_bodies import WebhookBody, WebhookBodyRepository
from kro.payment.domain.errors import WebhookBodyGoneError, WebhookNotFoundError

BATCH: Final = 200
"""Bodies opened for their digests at once: some of them have hundreds of kilobytes."""

log = get_logger()


class WebhookBodies:
    """Opens what was sent for whoever may see it, and forgets it when its time is over."""

    def __init__(self, bodies: WebhookBodyRepository, *, cipher: FieldCipher, trail: AuditTrail) -> None:
        self._bodies = bodies
        self._cipher = cipher
        self._trail = trail

    async def read(self, webhook_id: UUID, *, actor: Actor) -> tuple[WebhookBody, str]:
        """Return an event and what was sent, as text; that somebody read it is on record before.

        :raises WebhookNotFoundError: if there is no such event.
        :raises WebhookBodyGoneError: if what was sent is no longer kept.
        :raises SealedValueError: if the key that sealed it is gone.
        """
        await self._trail.note("webhook.read_body", actor=actor, target=("webhook", webhook_id))
        found = await self._bodies.read(webhook_id)
        if found is None:
            raise WebhookNotFoundError
        if found.body is None:
            raise WebhookBodyGoneError
        return found, self._cipher.open(found.body.decode(), context=body_context(webhook_id))

    async def forget(self, *, older_than_days: int) -> int:
        """Forget a month, or a batch from before there were months; return 0 when nothing is left that old.

        What waits to be looked into, or was left to people, keeps what was sent.
        """
        if dropped := await self._bodies.drop_month(older_than_days=older_than_days):
            return dropped
        old = await self._bodies.old(older_than_days=older_than_days, limit=BATCH)
        if not old:
            return 0
        return await self._bodies.forget({webhook_id: self._digest(webhook_id, body) for webhook_id, body in old})

    def _digest(self, webhook_id: UUID, body: bytes) -> bytes | None:
        try:
            return hashlib.sha256(self._cipher.open(body.decode(), context=body_context(webhook_id)).encode()).digest()
        except SealedValueError:
            # Nobody can read it any more either way.
            log.warning("webhook_body_unreadable", webhook_id=webhook_id)
            return None


def body_context(webhook_id: UUID) -> str:
    """Return what a sealed body is bound to."""
    return f"payment_webhook_info.body:{webhook_id}"
