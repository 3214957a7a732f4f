"""Takes events from providers: authentic ones are kept, and nothing else happens while the provider waits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final, TypeAlias

from kro.core.clock import Clock
from kro.core.database.failures import DatabaseBusyError
from kro.core.encryption import FieldCipher
from kro.core.errors import KroError
from kro.core.ids import IdSource
from kro.core.telemetry import get_logger
from kro.core.telemetry.tracing import MARK, mark
from kro.payment.database.records import NewWebhook
from kro.payment.database.webhooks import WebhookRepository
from kro.payment.domain.errors import UnknownProviderError
from kro.payment.domain.webhook_bodies import body_context
from kro.payment.providers import (
    Acknowledgement,
    MalformedWebhookError,
    PlainAcknowledger,
    WebhookAcknowledger,
    WebhookOutcome,
    WebhookSignatureError,
    WebhookVerifier,
)

_KEPT_HEADERS: Final = ("content-type", "user-agent")
_PLAIN: Final = PlainAcknowledger()

Network: TypeAlias = IPv4Network | IPv6Network

log = get_logger()


class WebhookIntake:
    """``verifiers`` by provider name; ``acknowledgers`` of those that want more than a status.

    ``networks`` are where events of a provider come from, a second line behind its signature; anywhere if not given.

    Bodies name payers, so they are kept sealed.
    """

    def __init__(
        self,
        *,
        webhooks: WebhookRepository,
        verifiers: Mapping[str, WebhookVerifier],
        cipher: FieldCipher,
        clock: Clock,
        ids: IdSource,
        acknowledgers: Mapping[str, WebhookAcknowledger] | None = None,
        networks: Mapping[str, Sequence[Network]] | None = None,
    ) -> None:
        self._webhooks = webhooks
        self._acknowledgers = dict(acknowledgers or {})
        self._networks = dict(networks or {})
        self._verifiers = verifiers
        self._cipher = cipher
        self._clock = clock
        self._ids = ids

    async def answer(
        self, *, provider: str, raw: bytes, headers: Mapping[str, str], address: str | None = None
    ) -> Acknowledgement:
        """Take an event and return what its provider is to be told, which is good news only after the commit.

        :raises UnknownProviderError: if no such provider sends events here.
        :raises WebhookSignatureError: as ``receive``, where the provider reads no more than a status; so are
        :raises MalformedWebhookError:
        :raises DatabaseBusyError:
        """
        acknowledger = self._acknowledgers.get(provider, _PLAIN)
        try:
            outcome = await self.receive(provider=provider, raw=raw, headers=headers, address=address)
        except (WebhookSignatureError, MalformedWebhookError, DatabaseBusyError) as failure:
            told = acknowledger.acknowledge(_outcome_of(failure), raw=raw)
            if told is None:
                raise
            log.warning("webhook_refused", provider=provider, code=failure.code)
            return told
        return acknowledger.acknowledge(outcome, raw=raw) or Acknowledgement(status=200)

    async def receive(
        self, *, provider: str, raw: bytes, headers: Mapping[str, str], address: str | None = None
    ) -> WebhookOutcome:
        """Keep an event if it is authentic and new, and say whether it was new.

        ``address`` is where it came from: only heeded where the provider's own networks are configured.

        :raises UnknownProviderError: if no such provider sends events here.
        :raises WebhookSignatureError: if it is not authentic; the database is not asked for such a thing.
        :raises MalformedWebhookError: if it does not say what it is about, where the provider leaves that to us.
        :raises DatabaseBusyError: if it could not be stored, so that the provider sends it again.
        """
        verifier = self._verifiers.get(provider)
        if verifier is None:
            raise UnknownProviderError
        if not self._comes_from(provider, address):
            log.warning("webhook_from_elsewhere", provider=provider)
            raise WebhookSignatureError
        event = verifier.verify(raw=raw, headers=headers)
        kept: dict[str, Any] = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        # What works it off later belongs to this request's trace.
        taken = mark()
        webhook_id = self._ids.new()
        sealed = self._cipher.seal(raw.decode(errors="replace"), context=body_context(webhook_id))
        webhook = NewWebhook(
            id=webhook_id,
            provider=provider,
            dedupe_key=event.dedupe_key,
            event_type=event.event_type,
            subject=event.subject,
            reference=event.reference,
            body=sealed.encode(),
            body_sha256=hashlib.sha256(raw).digest(),
            received_at=self._clock.now(),
            headers=kept if taken is None else {**kept, MARK: taken},
        )
        is_new = await self._webhooks.store(webhook)
        return WebhookOutcome.ACCEPTED if is_new else WebhookOutcome.DUPLICATE

    def _comes_from(self, provider: str, address: str | None) -> bool:
        networks = self._networks.get(provider)
        if not networks:
            return True
        try:
            found = ip_address(address or "")
        except ValueError:
            return False
        return any(found in network for network in networks)


def _outcome_of(failure: KroError) -> WebhookOutcome:
    return WebhookOutcome.FAILED if isinstance(failure, DatabaseBusyError) else WebhookOutcome.REJECTED
