"""Twilio's Messages endpoint: forms in, JSON out, reports signed for the address that the caller gave."""

import base64
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core import inbox
from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import DECLINED, HTTP, FaultBook, FaultKind
from kro_sandbox.core.faulty import Endpoint, hang, with_faults
from kro_sandbox.core.numbers import TIMEOUT_SECONDS, Magic, magic
from kro_sandbox.core.options import Options
from kro_sandbox.core.reporting import Reporting
from kro_sandbox.core.webhooks import WebhookSender
from kro_sandbox.core.wire import JSONObject, json_response, read_object
from kro_sandbox.settings import SandboxSettings
from kro_sandbox.twilio.orders import WHATSAPP, Order, TwilioError, content_of, end_of
from kro_sandbox.twilio.signature import signature

OPERATIONS: dict[str, frozenset[FaultKind]] = {"send": HTTP | DECLINED, "send_whatsapp": HTTP | DECLINED}
_NUMBER = re.compile(r"\+[1-9]\d{7,14}")
_FORM = "application/x-www-form-urlencoded"


def rate_limited(request: Request, retry_after: int) -> Response:  # noqa: ARG001  the signature all vendors share
    answer = TwilioError(20429, "Too Many Requests", status=429).response()
    answer.headers["retry-after"] = str(retry_after)
    return answer


class TwilioAPI:
    def __init__(
        self,
        *,
        settings: SandboxSettings,
        clock: Clock,
        faults: FaultBook,
        options: Options,
        background: Background,
        webhooks: WebhookSender,
        messages: inbox.Inbox,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._faults = faults
        self._webhooks = webhooks
        self._messages = messages
        self._reporting = Reporting(background=background, options=options)

    def routes(self) -> list[Route]:
        root = "/twilio/2010-04-01/Accounts/{account}"
        return [
            Route(f"{root}/Messages.json", self._send, methods=["POST"]),
            Route(f"{root}/Balance.json", self._balance, methods=["GET"]),
        ]

    async def _balance(self, request: Request) -> Response:
        try:
            self._authorize(request)
        except TwilioError as error:
            return error.response()
        return json_response({"account_sid": self._settings.twilio_account, "balance": "500.00", "currency": "USD"})

    async def _send(self, request: Request) -> Response:
        is_whatsapp = b"whatsapp%3A" in await request.body()
        operation = "send_whatsapp" if is_whatsapp else "send"
        endpoint: Endpoint = self._create
        served = with_faults(
            endpoint, faults=self._faults, vendor="twilio", operation=operation, rate_limited=rate_limited
        )
        return await served(request)

    async def _create(self, request: Request) -> Response:
        try:
            self._authorize(request)
            order = self._read(await read_object(request))
        except TwilioError as error:
            return error.response()
        kind = magic(order.number)
        if kind is Magic.SERVER_ERROR:
            return TwilioError(20500, "Internal Server Error", status=500).response()
        message = self._accept(order)
        if kind is Magic.TIMEOUT:
            return await hang(request, seconds=TIMEOUT_SECONDS)
        return json_response(self._resource(message, order), status=201)

    def _authorize(self, request: Request) -> None:
        wanted = f"{self._settings.twilio_account}:{self._settings.twilio_token}".encode()
        given = request.headers.get("authorization", "").removeprefix("Basic ")
        is_form = request.headers.get("content-type", "").startswith(_FORM)
        is_right = hmac.compare_digest(given.encode(), base64.b64encode(wanted))
        if not is_right or request.path_params["account"] != self._settings.twilio_account:
            raise TwilioError(20003, "Authenticate", status=401)
        if request.method == "POST" and not is_form:
            raise TwilioError(20415, "Unsupported Media Type", status=415)

    def _read(self, form: Mapping[str, str]) -> Order:
        to, sender = form.get("To", ""), form.get("From", "")
        is_whatsapp = to.startswith(WHATSAPP)
        operation = "send_whatsapp" if is_whatsapp else "send"
        refusal = self._faults.take(vendor="twilio", operations=(operation,), kinds=DECLINED)
        if refusal is not None:
            raise TwilioError(
                int(refusal.text("code", "21612")),
                refusal.text("message", "The message cannot be sent."),
                status=refusal.whole("status", 400),
            )
        number = to.removeprefix(WHATSAPP)
        if not _NUMBER.fullmatch(number) or magic(number) is Magic.INVALID:
            raise TwilioError(21211, f"The 'To' number {number} is not a valid phone number.")
        if not sender:
            raise TwilioError(21603, "A 'From' phone number is required.")
        senders = (f"{WHATSAPP}{self._settings.twilio_whatsapp_from}",) if is_whatsapp else self._settings.text_senders
        if sender not in senders:
            raise TwilioError(21660, "Mismatch between the 'From' number and the account.")
        return Order(
            to=to,
            sender=sender,
            text=content_of(form),
            channel=inbox.Channel.WHATSAPP if is_whatsapp else inbox.Channel.SMS,
            callback=form.get("StatusCallback"),
            is_free_text="ContentSid" not in form,
        )

    def _accept(self, order: Order) -> inbox.Message:
        end = end_of(order)
        message = self._messages.add(
            vendor="twilio",
            channel=order.channel,
            to=order.number,
            sender=order.sender,
            text=order.text,
            status=end,
            provider_id=f"SM{secrets.token_hex(16)}",
        )
        if order.callback is not None:
            callback = order.callback
            is_read = order.channel is inbox.Channel.WHATSAPP and end == "delivered"
            self._reporting.schedule(
                order.number,
                before=("queued", "sending", "sent"),
                end=end,
                after=("read",) if is_read else (),
                report=lambda status: self._report(message, order, status, callback),
            )
        return message

    def _report(self, message: inbox.Message, order: Order, status: str, callback: str) -> None:
        payload: JSONObject = {
            "SmsSid": message.provider_id,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": order.to,
            "MessageSid": message.provider_id,
            "AccountSid": self._settings.twilio_account,
            "From": order.sender,
            "ApiVersion": "2010-04-01",
        }
        if status in {"failed", "undelivered"}:
            payload["ErrorCode"] = "63016" if order.is_free_text and order.to.startswith(WHATSAPP) else "30008"
        place = urlsplit(callback)
        path = f"{place.path}?{place.query}" if place.query else place.path
        self._webhooks.send(
            vendor="twilio",
            event=status,
            reference=message.provider_id,
            payload=payload,
            sign=lambda content: {"x-twilio-signature": signature(self._settings.twilio_token, callback, content)},
            repeats=1,
            path=path,
            as_form=True,
        )

    def _resource(self, message: inbox.Message, order: Order) -> JSONObject:
        now, uri = _rfc2822(self._clock.now()), f"/2010-04-01/Accounts/{self._settings.twilio_account}/Messages"
        return {
            "sid": message.provider_id,
            "account_sid": self._settings.twilio_account,
            "api_version": "2010-04-01",
            "to": order.to,
            "from": order.sender,
            "body": order.text,
            "status": "queued",
            "direction": "outbound-api",
            "num_segments": "1",
            "num_media": "0",
            "price": None,
            "price_unit": None,
            "error_code": None,
            "error_message": None,
            "date_created": now,
            "date_updated": now,
            "date_sent": None,
            "messaging_service_sid": None,
            "uri": f"{uri}/{message.provider_id}.json",
            "subresource_uris": {"media": f"{uri}/{message.provider_id}/Media.json"},
        }


def _rfc2822(moment: datetime) -> str:
    return format_datetime(moment)
