"""Every vendor that signs what it tells us, with whichever secret it has, made without the code that verifies it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Told:
    """One request of a vendor's."""

    path: str
    raw: bytes
    headers: dict[str, str]


def configured(secret: str, *, beside: Sequence[str] = ()) -> dict[str, Any]:
    """Return the groups of settings in which a secret and others beside it are accepted from every vendor."""
    others = {"webhookSecrets": list(beside)}
    return {
        "paystack": {"secretKey": secret, **others},
        "fincra": {"webhookSecret": secret, **others},
        "providus": {"clientSecret": secret, **others},
        "termii": {"secretKey": secret, **others},
        "twilio": {"authToken": secret, **others},
        "whatsapp": {"appSecret": secret, **others},
        "telnyx": {"publicKey": _public(secret), "publicKeys": [_public(one) for one in beside]},
    }


def is_believed(answer: httpx2.Response) -> bool:
    """Whether a webhook was taken. Providus is always answered 200, with its own code for what was not."""
    code = answer.json().get("responseCode", "00") if answer.content else "00"
    return answer.status_code == httpx2.codes.OK and code == "00"


def _body(body: object) -> bytes:
    return json.dumps(body).encode()


def _hmac(secret: str, raw: bytes, algorithm: str) -> str:
    return hmac.digest(secret.encode(), raw, algorithm).hex()


def _seed(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())


def _public(secret: str) -> str:
    return base64.b64encode(_seed(secret).public_key().public_bytes_raw()).decode()


def _paystack(secret: str, _: str) -> Told:
    raw = _body({"event": "charge.success", "data": {"reference": uuid4().hex}})
    return Told("paystack", raw, {"x-paystack-signature": _hmac(secret, raw, "sha512")})


def _fincra(secret: str, _: str) -> Told:
    raw = _body({"event": "charge.successful", "data": {"reference": uuid4().hex}})
    return Told("fincra", raw, {"signature": _hmac(secret, raw, "sha512")})


def _providus(secret: str, _: str) -> Told:
    name = "kro_sandbox_client"
    raw = _body(
        {"settlementId": uuid4().hex, "sessionId": uuid4().hex, "accountNumber": "9900000001", "transactionAmount": "1"}
    )
    signature = hashlib.sha512(f"{name}:{secret}".encode()).hexdigest()
    return Told("providus", raw, {"Client-Id": name, "X-Auth-Signature": signature})


def _termii(secret: str, _: str) -> Told:
    raw = _body({"type": "outbound", "message_id": uuid4().hex, "status": "DELIVERED"})
    return Told("termii", raw, {"x-termii-signature": _hmac(secret, raw, "sha512")})


def _twilio(secret: str, public_url: str) -> Told:
    form = {"MessageSid": uuid4().hex, "MessageStatus": "delivered"}
    text = f"{public_url}/v1/webhooks/twilio" + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return Told("twilio", urlencode(form).encode(), {"x-twilio-signature": signature, **kind})


def _whatsapp(secret: str, _: str) -> Told:
    raw = _body({"entry": [{"changes": [{"value": {"statuses": [{"id": uuid4().hex, "status": "delivered"}]}}]}]})
    return Told("whatsapp", raw, {"x-hub-signature-256": f"sha256={_hmac(secret, raw, 'sha256')}"})


def _telnyx(secret: str, _: str) -> Told:
    payload = {"id": uuid4().hex, "to": [{"status": "delivered"}]}
    raw, stamp = _body({"data": {"event_type": "message.finalized", "payload": payload}}), str(int(time.time()))
    signature = base64.b64encode(_seed(secret).sign(f"{stamp}|".encode() + raw)).decode()
    return Told("telnyx", raw, {"telnyx-signature-ed25519": signature, "telnyx-timestamp": stamp})


VENDORS: Final[tuple[Callable[[str, str], Told], ...]] = (
    _paystack,
    _fincra,
    _providus,
    _termii,
    _twilio,
    _whatsapp,
    _telnyx,
)
"""Each makes a request signed with a secret, to the public address it was told."""
