import hashlib
import hmac

from kro_sandbox.core.webhooks import Delivery, WebhookSender
from kro_sandbox.core.wire import JSONObject


class Events:
    """Signs Paystack's webhooks with the secret API key over the exact bytes sent."""

    def __init__(self, *, webhooks: WebhookSender, secret_key: str) -> None:
        self._webhooks = webhooks
        self._key = secret_key.encode()

    def send(self, event: str, data: JSONObject, *, reference: str, forged: bool = False) -> Delivery:
        return self._webhooks.send(
            vendor="paystack",
            event=event,
            reference=reference,
            payload={"event": event, "data": data},
            sign=self._sign,
            forged=forged,
        )

    def _sign(self, content: bytes) -> dict[str, str]:
        signature = hmac.new(self._key, content, hashlib.sha512).hexdigest()
        return {"x-paystack-signature": signature, "user-agent": "Paystack/2.0"}
