"""Authenticity of Paystack's webhooks, and what each one says to ask about."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Final

from kro.payment.providers.errors import WebhookSignatureError
from kro.payment.providers.paystack.inflows import CHANNEL
from kro.payment.providers.paystack.reading import JSONObject, OddAnswerError, child, identifier, optional_text
from kro.payment.providers.results import VerifiedWebhook, WebhookSubject

_SIGNATURE_HEADER: Final = "x-paystack-signature"

# paystack.com/docs/payments/webhooks. A dispute is about a payment but has a number of its own, to be asked for. What
# is not listed is kept and asks for nothing, such as customeridentification.* and dedicatedaccount.assign.*: an account
# is lent by a call that answers.
_EVENTS: Final = {
    "charge.success": (WebhookSubject.COLLECTION, "reference"),
    "charge.dispute.create": (WebhookSubject.DISPUTE, "id"),
    "charge.dispute.remind": (WebhookSubject.DISPUTE, "id"),
    "charge.dispute.resolve": (WebhookSubject.DISPUTE, "id"),
    "transfer.success": (WebhookSubject.TRANSFER, "reference"),
    "transfer.failed": (WebhookSubject.TRANSFER, "reference"),
    "transfer.reversed": (WebhookSubject.TRANSFER, "reference"),
    "refund.pending": (WebhookSubject.REFUND, "transaction_reference"),
    "refund.processing": (WebhookSubject.REFUND, "transaction_reference"),
    "refund.processed": (WebhookSubject.REFUND, "transaction_reference"),
    "refund.failed": (WebhookSubject.REFUND, "transaction_reference"),
    "refund.needs-attention": (WebhookSubject.REFUND, "transaction_reference"),
}


class PaystackWebhooks:
    """Verifies ``x-paystack-signature``: hexadecimal HMAC-SHA512 of the raw bytes under the secret API key.

    Without a secret nothing is authentic.
    """

    def __init__(self, *, secrets: Sequence[str]) -> None:
        self._keys = tuple(secret.encode() for secret in secrets if secret)

    def verify(self, *, raw: bytes, headers: Mapping[str, str]) -> VerifiedWebhook:
        given = next((value for name, value in headers.items() if name.lower() == _SIGNATURE_HEADER), "").encode()
        # Every key is compared, so that the time taken does not tell which of them is in use.
        matches = [hmac.compare_digest(_signature(key, raw), given) for key in self._keys]
        if not any(matches):
            raise WebhookSignatureError
        return _describe(raw)


def _signature(key: bytes, raw: bytes) -> bytes:
    return hmac.digest(key, raw, "sha512").hex().encode()


def _describe(raw: bytes) -> VerifiedWebhook:
    # There is no event id, and ids within events do not tell two partial refunds apart: only the bytes do.
    dedupe_key = hashlib.sha256(raw).hexdigest()
    event = _parse(raw)
    event_type = optional_text(event, "event") or "unreadable"
    subject, key = _EVENTS.get(event_type, (WebhookSubject.OTHER, "reference"))
    data = child(event, "data")
    reference = _reference(data, key)
    if subject is WebhookSubject.COLLECTION and data.get("channel") == CHANNEL:
        subject = WebhookSubject.INFLOW
    if reference is None:
        subject = WebhookSubject.OTHER
    return VerifiedWebhook(event_type=event_type, dedupe_key=dedupe_key, reference=reference, subject=subject)


def _reference(data: JSONObject, key: str) -> str | None:
    # References are texts; only ids are numbers.
    if key != "id":
        return optional_text(data, key)
    try:
        return identifier(data, key)
    except OddAnswerError:
        return None


def _parse(raw: bytes) -> JSONObject:
    # An authentic body that cannot be read is kept for a human; refusing it would only have it sent again.
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
