"""Twilio signs the public address and the sorted parameters (twilio.com/docs, webhooks security)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from kro.core.messaging.errors import MalformedReportError, ReportSignatureError
from kro.core.messaging.routing import ENDS
from kro.core.messaging.states import AttemptState, Report
from kro.core.messaging.webhooks.envelope import Webhook, matches, reference_in, text_of
from kro.core.sms.twilio import ERRORS, PROVIDER

_SIGNATURE: Final = "x-twilio-signature"
_SETTINGS: Final = "x-twilio-webhooks-signature-settings"
_BODY_HASH: Final = "bodySHA256"
_MOST_PARAMETERS: Final = 200
_PORTS: Final = {"https": 443, "http": 80}
_STATES: Final = {
    "sent": AttemptState.SENT,
    "partially_delivered": AttemptState.SENT,
    "delivered": AttemptState.DELIVERED,
    "read": AttemptState.READ,
    "undelivered": AttemptState.FAILED,
    "failed": AttemptState.FAILED,
    "canceled": AttemptState.FAILED,
}


@dataclass(frozen=True, slots=True)
class TwilioReports:
    """``public_url`` is what the world calls us, from the configuration: a Host header is anybody's.

    ``auth_tokens`` are all a report may be signed with: the present one, and another while it is rotated.
    ``shared_keys`` by their ids; one of those signs with SHA-256 where a webhook names it.
    """

    auth_tokens: tuple[str, ...] = field(repr=False)
    public_url: str
    shared_keys: Mapping[str, str] = field(default_factory=dict, repr=False)

    def read(self, webhook: Webhook) -> tuple[Report, ...]:
        parameters = self._verified(webhook)
        state = _STATES.get(parameters.get("MessageStatus") or parameters.get("SmsStatus", ""))
        message_id = text_of(parameters.get("MessageSid") or parameters.get("SmsSid"))
        if state is None:
            return ()
        error = _error(parameters.get("ErrorCode", "")) if state is AttemptState.FAILED else None
        reference = reference_in(webhook.query)
        return (Report(PROVIDER, message_id, state, error, is_final=error in ENDS, reference=reference),)

    def _verified(self, webhook: Webhook) -> Mapping[str, str]:
        secrets, algorithm = self._keys(webhook.headers.get(_SETTINGS))
        url = f"{self.public_url}{webhook.path}" + (f"?{webhook.query}" if webhook.query else "")
        body_hashes = parse_qs(webhook.query).get(_BODY_HASH)
        if body_hashes is not None:
            # A body that is not a form is signed by its hash in the address; we ask for no such webhook.
            raise MalformedReportError
        try:
            pairs = parse_qsl(
                webhook.raw.decode(), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict"
            )
        except ValueError:
            raise ReportSignatureError from None
        signed = "".join(name + value for name, value in sorted(set(pairs)))
        expected = [_mac(secret, one + signed, algorithm) for secret in secrets for one in _spellings(url)]
        if not matches(webhook.headers.get(_SIGNATURE, ""), expected):
            raise ReportSignatureError
        return dict(pairs)

    def _keys(self, settings: str | None) -> tuple[tuple[str, ...], str]:
        """Return the secrets and the algorithm. The webhook may name a key, not bring one or weaken ours."""
        if settings is None:
            return self.auth_tokens, "sha1"
        named = dict(part.strip().partition("=")[::2] for part in settings.split(","))
        secret = self.shared_keys.get(named.get("key", ""))
        if secret is None or named.get("algorithm") != "HMAC_SHA256":
            raise ReportSignatureError
        return (secret,), "sha256"


def _mac(secret: str, message: str, algorithm: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), message.encode(), getattr(hashlib, algorithm))).decode()


def _spellings(url: str) -> Iterator[str]:
    """Yield the address without and with its default port: Twilio signs either."""
    yield url
    parts = urlsplit(url)
    if parts.port is None and parts.hostname is not None and parts.scheme in _PORTS:
        yield url.replace(parts.netloc, f"{parts.netloc}:{_PORTS[parts.scheme]}", 1)


def _error(number: str) -> str:
    known = ERRORS.get(int(number)) if number.isascii() and number.isdigit() and len(number) < len("1000000") else None
    return known or "undelivered"
