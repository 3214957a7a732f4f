"""What is asked of Twilio, and what it says against it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from kro_sandbox.core import inbox
from kro_sandbox.core.numbers import Magic, magic
from kro_sandbox.core.wire import json_response
from kro_sandbox.settings import TWILIO_NOTICE_CONTENT, TWILIO_OTP_CONTENT

WHATSAPP = "whatsapp:"
_LONGEST = 1600


class TwilioError(Exception):
    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    def response(self) -> Response:
        body = {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return json_response(body, status=self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    to: str
    sender: str
    text: str
    channel: inbox.Channel
    callback: str | None
    is_free_text: bool

    @property
    def number(self) -> str:
        return self.to.removeprefix(WHATSAPP)


def end_of(order: Order) -> str:
    is_outside_session = order.is_free_text and order.channel is inbox.Channel.WHATSAPP
    if is_outside_session:
        return "failed"
    return "undelivered" if magic(order.number) is Magic.FAILED else "delivered"


def content_of(form: Mapping[str, str]) -> str:
    variables, content = form.get("ContentVariables"), form.get("ContentSid")
    if content is None:
        if variables is not None:
            raise TwilioError(21654, "ContentSid is required when ContentVariables are given.")
        if not 1 <= len(form.get("Body", "")) <= _LONGEST:
            raise TwilioError(21617, "The message body is missing or exceeds the 1600 character limit.")
        return form["Body"]
    try:
        values = json.loads(variables or "{}")
    except ValueError:
        raise TwilioError(21656, "The ContentVariables parameter is invalid.") from None
    if content not in {TWILIO_OTP_CONTENT, TWILIO_NOTICE_CONTENT} or list(values) != ["1"]:
        raise TwilioError(21656, "The ContentVariables parameter is invalid.")
    return f"{values['1']} is your verification code." if content == TWILIO_OTP_CONTENT else str(values["1"])
