"""Settlement notices: one constant for a signature, and a reply that is judged by its body."""

import hashlib
import json

from kro_sandbox.core.replies import Verdict
from kro_sandbox.core.webhooks import Delivery, WebhookSender
from kro_sandbox.core.wire import JSONObject

EVENT = "settlement"
# webhook-specification: "up to 4 retries", at intervals that are not published.
REPEATS = 4
_OK = 200
_VERDICTS = {"00": Verdict.RECEIVED, "01": Verdict.RECEIVED, "02": Verdict.REFUSED}


def signature(client_id: str, client_secret: str) -> str:
    """Return `X-Auth-Signature`: it says who sends, and nothing about what."""
    return hashlib.sha512(f"{client_id}:{client_secret}".encode()).hexdigest().upper()


def judge(status: int, body: bytes) -> Verdict:
    """Read the reply: 00 and 01 settle the matter, 02 ends it, and anything else has the notice sent again."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    code = said.get("responseCode") if status == _OK and isinstance(said, dict) else None
    return _VERDICTS.get(code, Verdict.REPEAT) if isinstance(code, str) else Verdict.REPEAT


class Events:
    def __init__(self, *, webhooks: WebhookSender, client_id: str, client_secret: str) -> None:
        self._webhooks = webhooks
        self._client_id = client_id
        self._secret = client_secret

    def send(self, notice: JSONObject, *, forged: bool = False) -> Delivery:
        return self._webhooks.send(
            vendor="providus",
            event=EVENT,
            reference=str(notice.get("settlementId", "")),
            payload=notice,
            sign=lambda _: self._headers(self._secret),
            # Whoever has seen one notice knows the constant; this is somebody who has not.
            forge=lambda _: self._headers(f"not {self._secret}"),
            forged=forged,
            judge=judge,
            repeats=REPEATS,
        )

    def _headers(self, secret: str) -> dict[str, str]:
        return {"Client-Id": self._client_id, "X-Auth-Signature": signature(self._client_id, secret)}
