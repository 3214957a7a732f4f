"""What SendGrid tells of a mail it took: a signed array of events, whose body ends with a line break.

The local part of an address says what becomes of it: `...-bounce`, `-block`, `-drop`, `-spam`, `-late` (deferred
first), `-twice` (every event twice); anything else arrives.
"""

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from uuid import uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kro_sandbox.core.background import Background
from kro_sandbox.core.options import Options
from kro_sandbox.core.webhooks import WebhookSender
from kro_sandbox.core.wire import JSONObject

_ENDINGS = {
    "bounce": {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 No such user"},
    "block": {"event": "bounce", "type": "blocked", "status": "4.7.1", "reason": "421 Try again later"},
    "drop": {"event": "dropped", "status": "5.0.0", "reason": "Bounced Address"},
    "spam": {"event": "delivered", "response": "250 OK"},
}


class SendGridEvents:
    def __init__(self, *, seed: bytes, options: Options, background: Background, webhooks: WebhookSender) -> None:
        self._key = ec.derive_private_key(int.from_bytes(seed), ec.SECP256R1())
        self._options = options
        self._background = background
        self._webhooks = webhooks

    @property
    def public_key(self) -> str:
        """The key as the dashboard shows it."""
        spki = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(spki).decode()

    def follow(self, *, address: str, message_id: str, arguments: JSONObject, categories: list[str]) -> None:
        """Tell what becomes of a mail, a while after it was taken."""
        if not self._options.message_reports:
            return
        common = {
            "email": address,
            "sg_message_id": f"{message_id}.filter0001.1.1",
            "category": categories,
            **arguments,
        }
        events = [{**common, "timestamp": int(time.time()), **one} for one in _story(address)]

        async def tell() -> None:
            await asyncio.sleep(self._options.message_report_delay)
            self.send(events, reference=message_id)

        self._background.start(tell)

    def send(self, events: list[JSONObject], *, reference: str) -> None:
        """Send events as one webhook."""
        raw = json.dumps(events, separators=(",", ":")).encode() + b"\r\n"
        self._webhooks.send(
            vendor="sendgrid",
            event=str(events[-1]["event"]),
            reference=reference,
            payload={"events": events},
            sign=self.sign,
            raw=raw,
        )

    def sign(self, content: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        signed = self._key.sign(stamp.encode() + content, ec.ECDSA(hashes.SHA256()))
        return {
            "x-twilio-email-event-webhook-signature": base64.b64encode(signed).decode(),
            "x-twilio-email-event-webhook-timestamp": stamp,
        }


def _story(address: str) -> Iterator[JSONObject]:
    ending = address.partition("@")[0].rpartition("-")[2]
    events: list[JSONObject] = [] if ending == "drop" else [{"event": "processed"}]
    if ending == "late":
        events.append({"event": "deferred", "response": "451 Try again later", "attempt": "1"})
    events.append(dict(_ENDINGS.get(ending, {"event": "delivered", "response": "250 OK"})))
    if ending == "spam":
        events.append({"event": "spamreport"})
    for event in events:
        event["sg_event_id"] = uuid4().hex
    yield from events * (2 if ending == "twice" else 1)
