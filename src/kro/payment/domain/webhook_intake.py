"""Takes events from providers: authentic ones are kept, and nothing else happens while the provider waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kro.core.clock import Clock
from kro.core.encryption import FieldCipher
from kro.core.ids import IdSource
from kro.payment.database.records import NewWebhook
from kro.payment.database.webhooks import WebhookRepository
from kro.payment.providers import WebhookVerifier

_KEPT_HEADERS: Final = ("content-type", "user-agent")


class WebhookIntake:
    """``verifiers`` by provider name. Bodies name payers, so they are kept sealed."""

    def __init__(
        self,
        *,
        webhooks: WebhookRepository,
        verifiers: Mapping[str, WebhookVerifier],
        cipher: FieldCipher,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._webhooks = webhooks
        self._verifiers = verifiers
        self._cipher = cipher
        self._clock = clock
        self._ids = ids

    async def receive(self, *, provider: str, raw: bytes, headers: Mapping[str, str]) -> None:
        """Keep an event if it is authentic and new.

        :raises WebhookSignatureError: if it is not authentic; the database is not asked for such a thing.
        :raises DatabaseBusyError: if it could not be stored, so that the provider sends it again.
        """
        event = self._verifiers[provider].verify(raw=raw, headers=headers)
        webhook_id = self._ids.new()
        sealed = self._cipher.seal(raw.decode(errors="replace"), context=f"payment_webhook_info.body:{webhook_id}")
        webhook = NewWebhook(
            id=webhook_id,
            provider=provider,
            dedupe_key=event.dedupe_key,
            event_type=event.event_type,
            subject=event.subject,
            reference=event.reference,
            body=sealed.encode(),
            received_at=self._clock.now(),
        )
        kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        await self._webhooks.store(webhook, headers=kept)
