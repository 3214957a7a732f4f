"""Twilio Programmable Messaging: a form with Basic authentication; errors are a JSON object with a number."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Unpack
from urllib.parse import quote

from kro.core.outgoing import Reply
from kro.core.sms.http_vendor import HTTPVendor, Outside, Way, code_by_status, concluded, money_of, price, refused
from kro.core.sms.interface import SMS, Cost, MessageAccepted, MessageOutcomeUnknown, SMSResult, TextChannel, TextKind

PROVIDER: Final = "twilio"

# twilio.com/docs/api/errors: what a number stands for. Those of 30000 and above come with delivery reports.
ERRORS: Final[Mapping[int, str]] = {
    20003: "unauthorized",
    20429: "rate_limited",
    21211: "invalid_number",
    21408: "region_not_enabled",
    21603: "sender_not_approved",
    21606: "sender_not_approved",
    21608: "trial_account",
    21610: "opted_out",
    21612: "unroutable",
    21614: "invalid_number",
    21654: "template_incomplete",
    21657: "sender_not_approved",
    21660: "sender_not_approved",
    30003: "unreachable",
    30005: "invalid_number",
    30006: "invalid_number",
    30007: "filtered",
    30008: "unknown_failure",
    63016: "template_needed",
}
PERMANENT: Final = frozenset({"invalid_number", "opted_out"})
_SID: Final = 34


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """How to reach Twilio. ``login`` is the account and its token, or an API key and its secret.

    ``callback_url`` is where reports are sent: public, and part of what they are signed over.
    """

    account_sid: str
    login: tuple[str, str] = field(repr=False)
    sender: str
    """A number or a name of up to 11 characters, or the id of a messaging service (``MG…``)."""
    callback_url: str | None = None
    base_url: str = "https://api.twilio.com"
    code_seconds: int = 300
    """How long a code may wait in Twilio's queue."""
    deadline_seconds: float = 25


class TwilioAPI(HTTPVendor):
    """The one endpoint for every channel of Twilio's."""

    def __init__(self, way: Way, settings: TwilioSettings, **outside: Unpack[Outside]) -> None:
        login = base64.b64encode(":".join(settings.login).encode()).decode()
        super().__init__(
            way,
            base_url=settings.base_url,
            headers={"Authorization": f"Basic {login}"},
            deadline_seconds=settings.deadline_seconds,
            **outside,
        )
        self._settings = settings
        self._account = f"/2010-04-01/Accounts/{quote(settings.account_sid, safe='')}"

    async def balance(self) -> Cost | None:
        exchange = await self._http.call(
            operation="balance", method="GET", path=f"{self._account}/Balance.json", repeatable=True
        )
        return money_of(exchange, amount="balance", currency="currency")

    async def _post(self, message: SMS, content: Mapping[str, str]) -> SMSResult:
        form = {**content}
        if self._settings.callback_url is not None:
            form["StatusCallback"] = f"{self._settings.callback_url}?message={quote(message.message_id, safe='')}"
        if message.kind is TextKind.CODE:
            form["ValidityPeriod"] = str(self._settings.code_seconds)
        exchange = await self._http.call(
            operation=self._way.operation, method="POST", path=f"{self._account}/Messages.json", form=form
        )
        return concluded(exchange, _read)


class TwilioSMS(TwilioAPI):
    """Text messages through Twilio."""

    def __init__(self, settings: TwilioSettings, **outside: Unpack[Outside]) -> None:
        way = Way(route=PROVIDER, provider=PROVIDER, channel=TextChannel.SMS, operation="send")
        super().__init__(way, settings, **outside)

    async def send(self, message: SMS) -> SMSResult:
        sender = self._settings.sender
        name = "MessagingServiceSid" if sender.startswith("MG") and len(sender) == _SID else "From"
        return await self._post(message, {"To": message.to_e164, name: sender, "Body": message.text})


def _read(reply: Reply) -> SMSResult:
    answer = reply.object
    if reply.status >= HTTPStatus.BAD_REQUEST:
        number = answer.get("code")
        code = ERRORS.get(number) if isinstance(number, int) else None
        return refused(code or code_by_status(reply.status) or "refused", reply, permanent=PERMANENT)
    sid = answer.get("sid")
    if not isinstance(sid, str) or not sid:
        return MessageOutcomeUnknown("odd_answer")
    return MessageAccepted(PROVIDER, sid, cost=price(answer.get("price"), answer.get("price_unit")))
