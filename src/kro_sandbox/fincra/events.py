import hashlib
import hmac

from kro_sandbox.core.options import Options
from kro_sandbox.core.webhooks import Delivery, WebhookSender
from kro_sandbox.core.wire import JSONObject


class Events:
    """Signs Fincra's webhooks with the webhook secret key over the exact bytes sent; not sent again unless told so."""

    def __init__(self, *, webhooks: WebhookSender, options: Options, secret_key: str) -> None:
        self._webhooks = webhooks
        self._options = options
        self._key = secret_key.encode()

    def send(self, event: str, data: JSONObject, *, reference: str, forged: bool = False) -> Delivery:
        return self._webhooks.send(
            vendor="fincra",
            event=event,
            reference=reference,
            payload={"event": event, "data": data},
            sign=self._sign,
            forged=forged,
            repeats=None if self._options.fincra_webhook_retry else 0,
        )

    def _sign(self, content: bytes) -> dict[str, str]:
        return {"signature": hmac.new(self._key, content, hashlib.sha512).hexdigest()}
