"""Telnyx messaging, version 2: JSON with a bearer key; errors are a list whose codes are texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Unpack
from urllib.parse import quote

from kro.core.outgoing import JSONValue, Reply
from kro.core.sms.http_vendor import HTTPVendor, Outside, Way, code_by_status, concluded, price, refused
from kro.core.sms.interface import SMS, Cost, MessageAccepted, MessageOutcomeUnknown, SMSResult, TextChannel

PROVIDER: Final = "telnyx"

# developers.telnyx.com, messaging error codes. Those of 40000 and above mostly come with delivery reports.
ERRORS: Final[Mapping[str, str]] = {
    "10002": "invalid_number",
    "10004": "invalid_request",
    "10005": "not_found",
    "10007": "server_error",
    "10009": "unauthorized",
    "10010": "unauthorized",
    "10011": "rate_limited",
    "10015": "invalid_request",
    "10016": "invalid_number",
    "40001": "invalid_number",
    "40002": "filtered",
    "40003": "filtered",
    "40004": "rejected",
    "40005": "expired",
    "40006": "unreachable",
    "40008": "undeliverable",
    "40009": "invalid_request",
    "40011": "rate_limited",
    "40319": "unroutable",
}
PERMANENT: Final = frozenset({"invalid_number"})


@dataclass(frozen=True, slots=True)
class TelnyxSettings:
    """How to reach Telnyx. A sender of letters needs the messaging profile, which lists the countries it serves."""

    api_key: str = field(repr=False)
    sender: str
    messaging_profile_id: str
    callback_url: str | None = None
    base_url: str = "https://api.telnyx.com"
    deadline_seconds: float = 25


class TelnyxSMS(HTTPVendor):
    """Text messages through Telnyx."""

    def __init__(self, settings: TelnyxSettings, **outside: Unpack[Outside]) -> None:
        super().__init__(
            Way(route=PROVIDER, provider=PROVIDER, channel=TextChannel.SMS, operation="send"),
            base_url=settings.base_url,
            headers={"Authorization": f"Bearer {settings.api_key}"},
            deadline_seconds=settings.deadline_seconds,
            **outside,
        )
        self._settings = settings

    async def send(self, message: SMS) -> SMSResult:
        body: dict[str, JSONValue] = {
            "from": self._settings.sender,
            "to": message.to_e164,
            "text": message.text,
            "messaging_profile_id": self._settings.messaging_profile_id,
            "type": "SMS",
            "encoding": "auto",
            "use_profile_webhooks": self._settings.callback_url is None,
        }
        if self._settings.callback_url is not None:
            body["webhook_url"] = f"{self._settings.callback_url}?message={quote(message.message_id, safe='')}"
        exchange = await self._http.call(operation=self._way.operation, method="POST", path="/v2/messages", body=body)
        return concluded(exchange, _read)

    async def balance(self) -> Cost | None:
        exchange = await self._http.call(operation="balance", method="GET", path="/v2/balance", repeatable=True)
        data = exchange.object.get("data") if isinstance(exchange, Reply) else None
        return price(data.get("balance"), data.get("currency")) if isinstance(data, dict) else None


def _read(reply: Reply) -> SMSResult:
    if reply.status >= HTTPStatus.BAD_REQUEST:
        codes = [ERRORS[code] for code in error_codes(reply.object.get("errors")) if code in ERRORS]
        code = next(iter(codes), None) or code_by_status(reply.status) or "refused"
        return refused(code, reply, permanent=PERMANENT)
    data = reply.object.get("data")
    message_id = data.get("id") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(message_id, str) or not message_id:
        return MessageOutcomeUnknown("odd_answer")
    return MessageAccepted(PROVIDER, message_id, cost=cost_of(data))


def error_codes(errors: JSONValue) -> list[str]:
    """Return the codes of a list of errors, in their order."""
    listed = errors if isinstance(errors, list) else []
    return [str(error["code"]) for error in listed if isinstance(error, dict) and "code" in error]


def cost_of(message: Mapping[str, JSONValue]) -> Cost | None:
    """Return what a message costs, if it says."""
    cost = message.get("cost")
    return price(cost.get("amount"), cost.get("currency")) if isinstance(cost, dict) else None
