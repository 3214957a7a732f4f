"""Authenticity of Fincra's webhooks, and what each one says to ask about."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from kro.payment.providers.errors import WebhookSignatureError
from kro.payment.providers.fincra.reading import JSONObject, child, optional_text
from kro.payment.providers.results import VerifiedWebhook, WebhookSubject

_SIGNATURE_HEADER: Final = "signature"
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")

# The webhook pages of docs.fincra.com (charges, collection, payout). A charge bears our reference, as ``reference`` now
# and as ``merchantReference`` in the older shape; money on a virtual account bears only Fincra's.
_EVENTS: Final = {
    "charge.successful": (WebhookSubject.COLLECTION, ("reference", "merchantReference")),
    "charge.failed": (WebhookSubject.COLLECTION, ("reference", "merchantReference")),
    "collection.successful": (WebhookSubject.INFLOW, ("reference",)),
    "collection.failed": (WebhookSubject.INFLOW, ("reference",)),
    "payout.successful": (WebhookSubject.TRANSFER, ("customerReference",)),
    "payout.failed": (WebhookSubject.TRANSFER, ("customerReference",)),
}


class FincraWebhooks:
    """Verifies ``signature``: hexadecimal HMAC-SHA512 under the webhook secret key, which is no API key.

    The message is the body as sent. Fincra's guide signs ``JSON.stringify`` of it, so a body that was laid out anew on
    its way is accepted if its compact form bears the signature: whoever lacks the key still cannot say anything that
    Fincra has not said. Without a secret nothing is authentic.
    """

    def __init__(self, *, secrets: Sequence[str]) -> None:
        self._keys = tuple(secret.encode() for secret in secrets if secret)

    def verify(self, *, raw: bytes, headers: Mapping[str, str]) -> VerifiedWebhook:
        given = next((value for name, value in headers.items() if name.lower() == _SIGNATURE_HEADER), "")
        if _SIGNATURE.fullmatch(given) is None:
            raise WebhookSignatureError
        if self._is_signed(raw, given):
            return _describe(raw)
        signed = _compact(raw)
        if signed is None or not self._is_signed(signed, given):
            raise WebhookSignatureError
        return _describe(signed)

    def _is_signed(self, message: bytes, given: str) -> bool:
        # Every key is compared, so that the time taken does not tell which of them is in use.
        matches = [hmac.compare_digest(_signature(key, message), given) for key in self._keys]
        return any(matches)


def _signature(key: bytes, message: bytes) -> str:
    return hmac.new(key, message, hashlib.sha512).hexdigest()


def _compact(raw: bytes) -> bytes | None:
    try:
        return json.dumps(json.loads(raw), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None


def _describe(signed: bytes) -> VerifiedWebhook:
    # There is no event id; the same event laid out in two ways is still one, because what was signed is counted.
    dedupe_key = hashlib.sha256(signed).hexdigest()
    event = _parse(signed)
    event_type = optional_text(event, "event") or "unreadable"
    subject, keys = _EVENTS.get(event_type, (WebhookSubject.OTHER, ("reference", "id")))
    reference = optional_text(child(event, "data"), *keys)
    if reference is None:
        subject = WebhookSubject.OTHER
    return VerifiedWebhook(event_type=event_type, dedupe_key=dedupe_key, reference=reference, subject=subject)


def _parse(signed: bytes) -> JSONObject:
    # An authentic body that cannot be read is kept for a human; refusing it would only have it sent again.
    try:
        event = json.loads(signed)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
