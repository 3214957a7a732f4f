"""WhatsApp through Twilio: the endpoint of its texts, with addresses that say so and approved content by its id."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Unpack

from kro.core.sms import SMS, MessageRefused, SMSResult, TextChannel
from kro.core.sms.http_vendor import Outside, Way
from kro.core.sms.twilio import PROVIDER, TwilioAPI, TwilioSettings
from kro.core.whatsapp.meta import flat

_ROUTE: Final = "twilio_whatsapp"


@dataclass(frozen=True, slots=True)
class TwilioWhatsAppSettings:
    """``api`` has the WhatsApp number as its sender. Contents are ids (``HX…``) with one variable each."""

    api: TwilioSettings
    otp_content_sid: str
    notice_content_sid: str | None = None


class TwilioWhatsApp(TwilioAPI):
    """WhatsApp messages through Twilio."""

    def __init__(self, settings: TwilioWhatsAppSettings, **outside: Unpack[Outside]) -> None:
        way = Way(route=_ROUTE, provider=PROVIDER, channel=TextChannel.WHATSAPP, operation="send_whatsapp")
        super().__init__(way, settings.api, **outside)
        self._contents = settings

    async def send(self, message: SMS) -> SMSResult:
        contents = self._contents
        content = contents.notice_content_sid if message.code is None else contents.otp_content_sid
        if content is None:
            return MessageRefused("template_unusable", permanent=False)
        variables = {"1": message.code or flat(message.text)}
        form = {
            "To": f"whatsapp:{message.to_e164}",
            "From": f"whatsapp:{self._settings.sender}",
            "ContentSid": content,
            "ContentVariables": json.dumps(variables),
        }
        return await self._post(message, form)
