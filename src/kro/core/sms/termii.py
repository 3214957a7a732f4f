from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Unpack

from kro.core.outgoing import JSONValue, Reply
from kro.core.sms.http_vendor import HTTPVendor, Outside, Way, concluded, money_of
from kro.core.sms.interface import (
    SMS,
    Cost,
    MessageAccepted,
    MessageOutcomeUnknown,
    MessageRefused,
    SMSResult,
    TextChannel,
    TextKind,
)

_PROVIDER: Final = "termii"

# Termii publishes neither codes nor exact texts (developers.termii.com, messaging API), so a refusal is judged by its
# status and, where several causes share one, by a word of its sentence. None of these says that the number itself is
# bad except the last, so only that one is permanent; the others are ours to repair and another provider may deliver.
_BY_STATUS: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "unauthorized",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limited",
}
_BY_WORD: Final = (
    ("balance", "insufficient_balance"),
    ("sender", "sender_not_approved"),
    ("dnd", "route_not_active"),
    ("route", "route_not_active"),
    ("channel", "route_not_active"),
    ("number", "invalid_number"),
    ("phone", "invalid_number"),
)
_PERMANENT: Final = frozenset({"invalid_number"})


_CODES_GO_BY: Final = "dnd"
_PROMOTIONAL: Final = "generic"


@dataclass(frozen=True, slots=True)
class TermiiSettings:
    """How to reach Termii; the base URL is per account. Codes go by ``dnd`` where notices go by ``generic``."""

    api_key: str = field(repr=False)
    base_url: str = "https://api.ng.termii.com"
    sender_id: str = "KRO"
    channel: str = "dnd"
    deadline_seconds: float = 25


class TermiiSMS(HTTPVendor):
    """Text messages through Termii."""

    def __init__(self, settings: TermiiSettings, **outside: Unpack[Outside]) -> None:
        super().__init__(
            Way(route=_PROVIDER, provider=_PROVIDER, channel=TextChannel.SMS, operation="send"),
            base_url=settings.base_url,
            deadline_seconds=settings.deadline_seconds,
            **outside,
        )
        self._settings = settings

    async def send(self, message: SMS) -> SMSResult:
        exchange = await self._http.call(
            operation=self._way.operation,
            method="POST",
            path="/api/sms/send",
            body={
                "api_key": self._settings.api_key,
                "to": message.to_e164.removeprefix("+"),
                "from": self._settings.sender_id,
                "sms": message.text,
                "type": "plain",
                "channel": self._channel_for(message.kind),
            },
        )
        return concluded(exchange, _read)

    async def balance(self) -> Cost | None:
        exchange = await self._http.call(
            operation="balance",
            method="GET",
            path="/api/get-balance",
            query={"api_key": self._settings.api_key},
            repeatable=True,
        )
        return money_of(exchange, amount="balance", currency="currency")

    def _channel_for(self, kind: TextKind) -> str:
        """Return Termii's route: the promotional one never reaches lines on the do-not-disturb list."""
        if kind is TextKind.CODE and self._settings.channel == _PROMOTIONAL:
            return _CODES_GO_BY
        return self._settings.channel


def _read(reply: Reply) -> SMSResult:
    if reply.status >= HTTPStatus.BAD_REQUEST:
        code = _refusal_code(reply)
        return MessageRefused(code, permanent=code in _PERMANENT, retry_after_seconds=reply.retry_after_seconds)
    # Older pages leave the code out of a success; the id is what proves one.
    message_id = _message_id(reply.object)
    if message_id is None or str(reply.object.get("code", "ok")).lower() != "ok":
        return MessageOutcomeUnknown("odd_answer")
    return MessageAccepted(provider=_PROVIDER, provider_message_id=message_id)


def _refusal_code(reply: Reply) -> str:
    if by_status := _BY_STATUS.get(reply.status):
        return by_status
    sentence = str(reply.object.get("message", "")).lower()
    return next((code for word, code in _BY_WORD if word in sentence), "refused")


def _message_id(answer: dict[str, JSONValue]) -> str | None:
    """Return the id as text: it is longer than 64 bits, and some answers send it as a number."""
    for key in ("message_id_str", "message_id"):
        value = answer.get(key)
        if isinstance(value, str) and value:
            return value
        if type(value) is int:
            return str(value)
    return None
