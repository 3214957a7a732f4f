"""Delivery reports as the vendors sign them, made without the code that reads them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kro.core.clock import Clock
from kro.core.messaging import (
    ReportReader,
    TelnyxReports,
    TermiiReports,
    TwilioReports,
    Webhook,
    WhatsAppReports,
)

PUBLIC_URL: Final = "https://api.kro.example"
_SECRET: Final = "a secret of the tests"
_SHARED: Final = "another secret of the tests"
_TELNYX: Final = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
_HEADERS: Final = "signature"
_PUBLIC: Final = base64.b64encode(_TELNYX.public_key().public_bytes_raw()).decode()
_NEXT: Final = base64.b64encode(Ed25519PrivateKey.from_private_bytes(b"n" * 32).public_key().public_bytes_raw())

Keys = Literal["present", "beside another", "behind another", "of another"]
PRESENT: Final = "present"
_KEYS: Final[dict[Keys, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "present": ((_SECRET,), (_PUBLIC,)),
    "beside another": ((_SECRET, "the next one"), (_PUBLIC, _NEXT.decode())),
    "behind another": (("the next one", _SECRET), (_NEXT.decode(), _PUBLIC)),
    "of another": (("the next one",), (_NEXT.decode(),)),
}
VENDORS: Final = ("termii", "telnyx", "twilio", "whatsapp")


def readers(clock: Clock, keys: Keys = PRESENT) -> dict[str, ReportReader]:
    """Return what verifies the reports of this file, by the ``keys`` that are accepted."""
    secrets, public = _KEYS[keys]
    return {
        "termii": TermiiReports(secrets),
        "telnyx": TelnyxReports(public, clock),
        "twilio": TwilioReports(secrets, public_url=PUBLIC_URL, shared_keys={"webhooks_sharedkey_1": _SHARED}),
        "whatsapp": WhatsAppReports(secrets, "the token of the tests"),
    }


@dataclass(frozen=True)
class Told:
    """A report before it is signed; ``state`` is sent, failed, delivered or read."""

    message_id: str
    state: str
    reference: UUID | None = None


def webhook(vendor: str, told: Told, clock: Clock, *, age_seconds: int = 0) -> Webhook:
    """Return a report as its vendor would send it."""
    return _WRITERS[vendor](told, int(clock.now().timestamp()) - age_seconds)


def _termii(told: Told, _: int) -> Webhook:
    status = {"sent": "Message Sent", "failed": "Message Failed"}.get(
        told.state, "DELIVERED | Message delivered to handset"
    )
    body = {"type": "outbound", "message_id": told.message_id, "message": "482913", "cost": "3.9", "status": status}
    raw = json.dumps(body).encode()
    return Webhook(raw, {"x-termii-signature": hmac.new(_SECRET.encode(), raw, hashlib.sha512).hexdigest()}, "/")


def _telnyx(told: Told, stamp: int) -> Webhook:
    status = {"failed": "delivery_failed", "sent": "sent"}.get(told.state, "delivered")
    url = f"{PUBLIC_URL}/v1/webhooks/telnyx?message={told.reference}" if told.reference else None
    payload = {"id": told.message_id, "to": [{"status": status}], "errors": [], "webhook_url": url, "text": "482913"}
    event = "message.sent" if status == "sent" else "message.finalized"
    raw = json.dumps({"data": {"event_type": event, "payload": payload}, "meta": {"attempt": 1}}).encode()
    signature = base64.b64encode(_TELNYX.sign(f"{stamp}|".encode() + raw)).decode()
    return Webhook(raw, {"telnyx-signature-ed25519": signature, "telnyx-timestamp": str(stamp)}, "/")


def _twilio(told: Told, _: int) -> Webhook:
    status = {"failed": "undelivered"}.get(told.state, told.state)
    form = {"MessageSid": told.message_id, "MessageStatus": status, "To": "+2348031234567"}
    if status == "undelivered":
        form["ErrorCode"] = "30008"
    path, query = "/v1/webhooks/twilio", f"message={told.reference}" if told.reference else ""
    url = f"{PUBLIC_URL}{path}" + (f"?{query}" if query else "")
    text = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(_SECRET.encode(), text.encode(), hashlib.sha1).digest()).decode()
    return Webhook(urlencode(form).encode(), {"x-twilio-signature": signature}, path, query)


def _whatsapp(told: Told, _: int) -> Webhook:
    status = {"id": told.message_id, "status": told.state, "timestamp": "1749416383", "recipient_id": "2348031234567"}
    value = {"messaging_product": "whatsapp", "statuses": [status]}
    body = {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]}
    raw = json.dumps(body).encode()
    digest = hmac.new(_SECRET.encode(), raw, hashlib.sha256).hexdigest()
    return Webhook(raw, {"x-hub-signature-256": f"sha256={digest}"}, "/")


_WRITERS: Final[dict[str, Callable[[Told, int], Webhook]]] = {
    "termii": _termii,
    "telnyx": _telnyx,
    "twilio": _twilio,
    "whatsapp": _whatsapp,
}
