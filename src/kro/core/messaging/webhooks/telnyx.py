"""Telnyx signs ``<timestamp>|<body>`` with Ed25519 (developers.telnyx.com, receiving webhooks)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kro.core.clock import Clock
from kro.core.messaging.errors import MalformedReportError, ReportSignatureError
from kro.core.messaging.routing import ENDS
from kro.core.messaging.states import AttemptState, Report
from kro.core.messaging.webhooks.envelope import Webhook, read_json, reference_in, text_of
from kro.core.sms.telnyx import ERRORS, PROVIDER, cost_of, error_codes

_SIGNATURE: Final = "telnyx-signature-ed25519"
_TIMESTAMP: Final = "telnyx-timestamp"
_OLDEST_SECONDS: Final = 300
_LONGEST: Final = 12
_STATES: Final = {
    "sent": AttemptState.SENT,
    "delivery_unconfirmed": AttemptState.SENT,
    "delivered": AttemptState.DELIVERED,
    "sending_failed": AttemptState.FAILED,
    "delivery_failed": AttemptState.FAILED,
}
_EVENTS: Final = frozenset({"message.sent", "message.finalized"})


@dataclass(frozen=True, slots=True)
class TelnyxReports:
    """``public_keys`` are base64 of 32 bytes, as the portal shows them; several while the key is rotated."""

    public_keys: tuple[str, ...]
    clock: Clock

    def read(self, webhook: Webhook) -> tuple[Report, ...]:
        self._verify(webhook)
        data = read_json(webhook.raw).get("data")
        if not isinstance(data, dict):
            raise MalformedReportError
        if data.get("event_type") not in _EVENTS:
            return ()
        payload = data.get("payload")
        if not isinstance(payload, dict):
            raise MalformedReportError
        return _reports(payload)

    def _verify(self, webhook: Webhook) -> None:
        stamp = webhook.headers.get(_TIMESTAMP, "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _LONGEST):
            raise ReportSignatureError
        if abs(self.clock.now().timestamp() - int(stamp)) > _OLDEST_SECONDS:
            raise ReportSignatureError
        signature, message = webhook.headers.get(_SIGNATURE, ""), f"{stamp}|".encode() + webhook.raw
        if not any(_is_signed(message, signature, key) for key in self.public_keys):
            raise ReportSignatureError


def _is_signed(message: bytes, signature: str, key: str) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), message)
    except (binascii.Error, InvalidSignature, ValueError):
        return False
    return True


def _reports(payload: dict[str, Any]) -> tuple[Report, ...]:
    to = payload.get("to")
    first = to[0] if isinstance(to, list) and to else None
    if not isinstance(first, dict):
        raise MalformedReportError
    state = _STATES.get(str(first.get("status")))
    message_id = text_of(payload.get("id"))
    if state is None:
        return ()
    error = None
    if state is AttemptState.FAILED:
        error = next((ERRORS[code] for code in error_codes(payload.get("errors")) if code in ERRORS), "undelivered")
    return (
        Report(
            PROVIDER,
            message_id,
            state,
            error,
            is_final=error in ENDS,
            # From the signed body: the query of the request is not signed.
            reference=_reference(payload.get("webhook_url")),
            cost=cost_of(payload),
        ),
    )


def _reference(url: object) -> Any:  # noqa: ANN401 - an id or nothing
    try:
        return reference_in(urlsplit(str(url or "")).query)
    except ValueError:
        return None
