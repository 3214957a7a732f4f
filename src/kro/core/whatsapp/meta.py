"""Meta's Cloud API. Outside a conversation only approved templates may be sent, so a text is a template's parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Unpack
from urllib.parse import quote

from kro.core.outgoing import JSONValue, Reply
from kro.core.sms import SMS, MessageAccepted, MessageOutcomeUnknown, MessageRefused, SMSResult, TextChannel
from kro.core.sms.http_vendor import HTTPVendor, Outside, Way, code_by_status, concluded, refused

PROVIDER: Final = "whatsapp"

# developers.facebook.com, Cloud API error codes; Meta asks to build on the codes, because titles will go away.
ERRORS: Final[Mapping[int, str]] = {
    10: "unauthorized",
    100: "invalid_request",
    190: "unauthorized",
    130429: "rate_limited",
    131000: "server_error",
    131008: "invalid_request",
    131026: "not_on_whatsapp",
    131047: "template_needed",
    131048: "spam_limited",
    131049: "spam_limited",
    131056: "rate_limited",
    132000: "template_unusable",
    132001: "template_unusable",
    132015: "template_unusable",
}
_PERMISSIONS: Final = range(200, 300)
PERMANENT: Final = frozenset({"not_on_whatsapp"})


@dataclass(frozen=True, slots=True)
class WhatsAppSettings:
    """How to reach Meta. ``otp_template`` is an authentication template with a copy-code button.

    ``notice_template`` is a utility template whose body has one parameter, the text; without it notices are refused.
    """

    access_token: str = field(repr=False)
    phone_number_id: str
    otp_template: str
    notice_template: str | None = None
    language: str = "en"
    base_url: str = "https://graph.facebook.com"
    version: str = "v23.0"
    deadline_seconds: float = 25


class WhatsAppCloud(HTTPVendor):
    """WhatsApp messages through Meta itself."""

    def __init__(self, settings: WhatsAppSettings, **outside: Unpack[Outside]) -> None:
        super().__init__(
            Way(route=PROVIDER, provider=PROVIDER, channel=TextChannel.WHATSAPP, operation="send"),
            base_url=settings.base_url,
            headers={"Authorization": f"Bearer {settings.access_token}"},
            deadline_seconds=settings.deadline_seconds,
            **outside,
        )
        self._settings = settings
        self._path = f"/{settings.version}/{quote(settings.phone_number_id, safe='')}/messages"

    async def send(self, message: SMS) -> SMSResult:
        template = self._template(message)
        if template is None:
            return MessageRefused("template_unusable", permanent=False)
        exchange = await self._http.call(
            operation=self._way.operation,
            method="POST",
            path=self._path,
            body={
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": message.to_e164.removeprefix("+"),
                "type": "template",
                "template": template,
            },
        )
        return concluded(exchange, _read)

    def _template(self, message: SMS) -> JSONValue:
        name = self._settings.notice_template if message.code is None else self._settings.otp_template
        if name is None:
            return None
        components: list[JSONValue] = [{"type": "body", "parameters": [_text(message.code or flat(message.text))]}]
        if message.code is not None:
            # The button copies the code, so it has it too; created as `otp`, it is a `url` when sent.
            button: JSONValue = {"type": "button", "sub_type": "url", "index": "0", "parameters": [_text(message.code)]}
            components.append(button)
        return {"name": name, "language": {"code": self._settings.language}, "components": components}


def _text(value: str) -> JSONValue:
    return {"type": "text", "text": value}


def flat(text: str) -> str:
    """Return a text as a parameter may be: on one line, without runs of spaces."""
    return " ".join(text.split())


def named(code: JSONValue) -> str | None:
    """Return our word for Meta's error code."""
    if not isinstance(code, int):
        return None
    return "unauthorized" if code in _PERMISSIONS else ERRORS.get(code)


def _read(reply: Reply) -> SMSResult:
    if reply.status >= HTTPStatus.BAD_REQUEST:
        error = reply.object.get("error")
        code = named(error.get("code")) if isinstance(error, dict) else None
        return refused(code or code_by_status(reply.status) or "refused", reply, permanent=PERMANENT)
    messages = reply.object.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    message_id = first.get("id") if isinstance(first, dict) else None
    if not isinstance(message_id, str) or not message_id:
        return MessageOutcomeUnknown("odd_answer")
    return MessageAccepted(PROVIDER, message_id)
