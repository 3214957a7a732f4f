"""Termii's API: the key travels in the body or the query, errors are a message and little else."""

import hashlib
import hmac
import string
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core import inbox
from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import DECLINED, HTTP, FaultBook, FaultKind
from kro_sandbox.core.faulty import Endpoint, hang, with_faults
from kro_sandbox.core.numbers import LATE_REPORT_DELAY, TIMEOUT_SECONDS, Magic, magic
from kro_sandbox.core.options import Options
from kro_sandbox.core.tokens import token
from kro_sandbox.core.webhooks import WebhookSender
from kro_sandbox.core.wire import JSONObject, MalformedBodyError, json_response, read_object
from kro_sandbox.settings import SandboxSettings
from kro_sandbox.termii.rules import COST_PER_PAGE, Channel, is_number, pages, reaches

OPERATIONS: dict[str, frozenset[FaultKind]] = {"send": HTTP | DECLINED, "balance": HTTP, "history": HTTP}

_INBOX_CHANNELS = {
    Channel.WHATSAPP: inbox.Channel.WHATSAPP,
    Channel.WHATSAPP_OTP: inbox.Channel.WHATSAPP,
    Channel.VOICE: inbox.Channel.VOICE,
}
DELIVERED = "DELIVERED | Message delivered to handset"
ON_DND = "DND Active on Phone Number"
FAILED = "Message Failed"


class TermiiError(Exception):
    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    to: list[str]
    sender: str
    text: str
    channel: Channel


def rate_limited(request: Request, retry_after: int) -> Response:  # noqa: ARG001  the signature all vendors share
    return json_response({"message": "Too Many Attempts."}, status=429, headers={"retry-after": str(retry_after)})


class TermiiAPI:
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
        self._key = settings.termii_key
        self._signing_key = settings.termii_signing_key.encode()
        self._senders = settings.termii_senders
        self._clock = clock
        self._faults = faults
        self._options = options
        self._background = background
        self._webhooks = webhooks
        self._messages = messages
        self._opening_wallet = self.wallet = settings.termii_wallet

    def reset(self) -> None:
        self.wallet = self._opening_wallet

    def routes(self) -> list[Route]:
        return [
            Route("/termii/api/sms/send", self._served("send", self._send), methods=["POST"]),
            Route("/termii/api/get-balance", self._served("balance", self._balance), methods=["GET"]),
            Route("/termii/api/sms/inbox", self._served("history", self._history), methods=["GET"]),
        ]

    def _served(self, operation: str, handler: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except TermiiError as error:
                return json_response({"message": error.message}, status=error.status)
            except MalformedBodyError as error:
                return json_response({"message": str(error)}, status=400)

        return with_faults(answer, faults=self._faults, vendor="termii", operation=operation, rate_limited=rate_limited)

    async def _send(self, request: Request) -> Response:
        body = await read_object(request)
        self._authorize(body.get("api_key"))
        order = self._read(body)
        refusal = self._faults.take(vendor="termii", operations=("send",), kinds=DECLINED)
        if refusal is not None:
            raise TermiiError(refusal.text("message", "Insufficient balance"), status=refusal.whole("status", 400))
        kinds = {magic(number) for number in order.to}
        if Magic.INVALID in kinds:
            raise TermiiError("Invalid phone number")
        if Magic.SERVER_ERROR in kinds:
            return json_response({"message": "Server Error"}, status=500)
        message_id = self._accept(order)
        if Magic.TIMEOUT in kinds:
            return await hang(request, seconds=TIMEOUT_SECONDS)
        answer = {
            "code": "ok",
            "message_id": message_id,
            "message": "Successfully Sent",
            "balance": round(self.wallet, 2),
            "user": "KRO Sandbox",
        }
        return json_response(answer)

    async def _balance(self, request: Request) -> Response:
        self._authorize(request.query_params.get("api_key"))
        return json_response({"user": "KRO Sandbox", "balance": round(self.wallet, 2), "currency": "NGN"})

    async def _history(self, request: Request) -> Response:
        self._authorize(request.query_params.get("api_key"))
        wanted = request.query_params.get("message_id")
        found = [
            _history_item(message)
            for message in self._messages.find()
            if message.vendor == "termii" and (not wanted or message.provider_id == wanted)
        ]
        return json_response(found)

    def _authorize(self, key: object) -> None:
        if not isinstance(key, str) or not hmac.compare_digest(key.encode(), self._key.encode()):
            raise TermiiError("Invalid API Key", status=401)

    def _read(self, body: JSONObject) -> Order:
        for name in ("to", "from", "sms", "type", "channel"):
            if not body.get(name):
                raise TermiiError(f"The {name} field is required.")
        numbers = body["to"] if isinstance(body["to"], list) else [body["to"]]
        if len(numbers) > 100 or not all(is_number(number) for number in numbers):  # noqa: PLR2004  Termii's limit of one request
            raise TermiiError("Invalid phone number")
        if body["type"] not in {"plain", "unicode", "encrypted", "voice"}:
            raise TermiiError("The selected type is invalid.")
        if body["channel"] not in list(Channel):
            raise TermiiError("The selected channel is invalid.")
        sender = str(body["from"])
        if not 3 <= len(sender) <= 11:  # noqa: PLR2004  a sender ID has 3 to 11 characters
            raise TermiiError("The from field must be between 3 and 11 characters.")
        if sender not in self._senders:
            raise TermiiError(
                f"ApplicationSenderId not found for applicationId: 1 and senderName: {sender}", status=404
            )
        return Order(to=numbers, sender=sender, text=str(body["sms"]), channel=Channel(body["channel"]))

    def _accept(self, order: Order) -> str:
        cost = COST_PER_PAGE * pages(order.text) * len(order.to)
        if cost > self.wallet:
            raise TermiiError("Insufficient balance")
        self.wallet -= cost
        # Longer than 64 bits on purpose: it has to stay a string.
        message_id = "30" + token(length=23, alphabet=string.digits)
        for number in order.to:
            status = _outcome(number, order.channel)
            message = self._messages.add(
                vendor="termii",
                channel=_INBOX_CHANNELS.get(order.channel, inbox.Channel.SMS),
                to=number,
                sender=order.sender,
                text=order.text,
                status=status,
                provider_id=message_id,
            )
            if self._options.termii_webhooks and magic(number) is not Magic.NEVER_REPORTED:
                self._report(message)
        return message_id

    def _report(self, message: inbox.Message) -> None:
        kind = magic(message.to)
        delay = LATE_REPORT_DELAY if kind is Magic.REPORTED_LATE else self._options.message_report_delay
        self._background.start(self._reporting(message, "Message Sent"))
        for _ in range(2 if kind is Magic.REPORTED_TWICE else 1):
            self._background.start(self._reporting(message, message.status), delay=delay)

    def _reporting(self, message: inbox.Message, status: str) -> Callable[[], Awaitable[None]]:
        async def report() -> None:
            payload = {
                "type": "outbound",
                "id": token(length=24),
                "message_id": message.provider_id,
                "receiver": message.to,
                "sender": message.sender,
                "message": message.text,
                "sent_at": self._clock.now().strftime("%Y-%m-%d %H:%M:%S"),
                "cost": str(COST_PER_PAGE * pages(message.text)),
                "status": status,
                "channel": "Number Api",
            }
            self._webhooks.send(
                vendor="termii", event=status, reference=message.provider_id, payload=payload, sign=self._sign
            )

        return report

    def _sign(self, content: bytes) -> dict[str, str]:
        return {"x-termii-signature": hmac.new(self._signing_key, content, hashlib.sha512).hexdigest()}


def _outcome(number: str, channel: Channel) -> str:
    if not reaches(number, channel):
        return ON_DND
    return FAILED if magic(number) is Magic.FAILED else DELIVERED


def _history_item(message: inbox.Message) -> JSONObject:
    return {
        "sender": message.sender,
        "receiver": message.to,
        "message": message.text,
        "amount": COST_PER_PAGE * pages(message.text),
        "status": message.status,
        "sms_type": "plain",
        "message_id": message.provider_id,
        "created_at": message.at,
    }
