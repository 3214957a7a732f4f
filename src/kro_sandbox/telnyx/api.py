"""Telnyx's messages: a bearer key, errors in a list, webhooks signed with Ed25519."""

import base64
import hmac
import re
import time
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core import inbox
from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock, iso
from kro_sandbox.core.faults import DECLINED, HTTP, FaultBook, FaultKind
from kro_sandbox.core.faulty import hang, with_faults
from kro_sandbox.core.numbers import TIMEOUT_SECONDS, Magic, magic
from kro_sandbox.core.options import Options
from kro_sandbox.core.reporting import Reporting
from kro_sandbox.core.webhooks import WebhookSender
from kro_sandbox.core.wire import JSONObject, MalformedBodyError, json_response, read_object
from kro_sandbox.settings import SandboxSettings

OPERATIONS: dict[str, frozenset[FaultKind]] = {"send": HTTP | DECLINED}
COST = "0.0051"
_NUMBER = re.compile(r"\+[1-9]\d{7,14}")
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_REPEATS = 2


class TelnyxError(Exception):
    def __init__(self, code: str, detail: str, *, status: int = 400, pointer: str = "/") -> None:
        super().__init__(detail)
        self.code = code
        self.status = status
        self.pointer = pointer

    def response(self) -> Response:
        error = {
            "code": self.code,
            "title": "Bad Request",
            "detail": str(self),
            "source": {"pointer": self.pointer},
            "meta": {"url": f"https://developers.telnyx.com/docs/overview/errors/{self.code}"},
        }
        return json_response({"errors": [error]}, status=self.status)


def rate_limited(request: Request, retry_after: int) -> Response:  # noqa: ARG001  the signature all vendors share
    answer = TelnyxError("10011", "You have exceeded the maximum number of allowed requests.", status=429).response()
    answer.headers["retry-after"] = str(retry_after)
    return answer


class TelnyxAPI:
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
        self._key = Ed25519PrivateKey.from_private_bytes(settings.telnyx_signing_seed)
        self._clock = clock
        self._faults = faults
        self._webhooks = webhooks
        self._messages = messages
        self._reporting = Reporting(background=background, options=options)

    def routes(self) -> list[Route]:
        served = with_faults(
            self._send, faults=self._faults, vendor="telnyx", operation="send", rate_limited=rate_limited
        )
        return [
            Route("/telnyx/v2/messages", served, methods=["POST"]),
            Route("/telnyx/v2/balance", self._balance, methods=["GET"]),
        ]

    async def _balance(self, request: Request) -> Response:
        try:
            self._authorize(request)
        except TelnyxError as error:
            return error.response()
        return json_response({"data": {"record_type": "balance", "balance": "300.00", "currency": "USD"}})

    async def _send(self, request: Request) -> Response:
        try:
            self._authorize(request)
            body = await read_object(request)
            self._check(body)
        except TelnyxError as error:
            return error.response()
        except MalformedBodyError as error:
            return TelnyxError("10015", str(error)).response()
        kind = magic(str(body["to"]))
        if kind is Magic.SERVER_ERROR:
            return TelnyxError("10007", "An unexpected error occurred.", status=500).response()
        payload = self._accept(body)
        if kind is Magic.TIMEOUT:
            return await hang(request, seconds=TIMEOUT_SECONDS)
        return json_response({"data": payload})

    def _authorize(self, request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._settings.telnyx_key.encode()):
            raise TelnyxError("10009", "The API key looks malformed.", status=401)

    def _check(self, body: JSONObject) -> None:
        refusal = self._faults.take(vendor="telnyx", operations=("send",), kinds=DECLINED)
        if refusal is not None:
            detail = refusal.text("message", "The message cannot be sent.")
            raise TelnyxError(refusal.text("code", "40319"), detail, status=refusal.whole("status", 400))
        number, sender = str(body.get("to", "")), str(body.get("from", ""))
        if not body.get("to") or not body.get("text"):
            raise TelnyxError("10004", "The required parameter 'to' or 'text' is missing.", pointer="/to")
        if not _NUMBER.fullmatch(number):
            raise TelnyxError("10016", "The phone number must be in +E.164 format.", pointer="/to")
        if magic(number) is Magic.INVALID:
            raise TelnyxError("10002", "The phone number is invalid.", pointer="/to")
        if body.get("messaging_profile_id") != self._settings.telnyx_profile:
            raise TelnyxError("10005", "The messaging profile was not found.", status=404)
        if sender not in self._settings.text_senders or not _NAME.fullmatch(sender):
            raise TelnyxError("40319", "The sender cannot reach the destination.", pointer="/from")

    def _accept(self, body: JSONObject) -> JSONObject:
        number = str(body["to"])
        end = "delivery_failed" if magic(number) is Magic.FAILED else "delivered"
        message = self._messages.add(
            vendor="telnyx",
            channel=inbox.Channel.SMS,
            to=number,
            sender=str(body["from"]),
            text=str(body["text"]),
            status=end,
            provider_id=str(uuid4()),
        )
        url = str(body.get("webhook_url") or "")
        self._reporting.schedule(
            number,
            before=("sent",),
            end=end,
            report=lambda status: self._report(self._resource(message, status=status, url=url)),
        )
        return self._resource(message, status="queued", url=url)

    def _report(self, payload: JSONObject) -> None:
        status, event_id = payload["to"][0]["status"], str(uuid4())
        event = "message.sent" if status == "sent" else "message.finalized"
        url = payload["webhook_url"]
        body = {
            "data": {
                "record_type": "event",
                "id": event_id,
                "event_type": event,
                "occurred_at": iso(self._clock.now()),
                "payload": payload,
            },
            "meta": {"attempt": 1, "delivered_to": url},
        }
        path = "/" + url.split("://", 1)[-1].partition("/")[2] if url else None
        self._webhooks.send(
            vendor="telnyx",
            event=status,
            reference=payload["id"],
            payload=body,
            sign=self._sign,
            repeats=_REPEATS,
            path=path,
        )

    def _sign(self, content: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        signed = self._key.sign(f"{stamp}|".encode() + content)
        return {"telnyx-signature-ed25519": base64.b64encode(signed).decode(), "telnyx-timestamp": stamp}

    def _resource(self, message: inbox.Message, *, status: str, url: str) -> JSONObject:
        is_final = status in {"delivered", "delivery_failed"}
        errors = [{"code": "40008", "title": "Undeliverable"}] if status == "delivery_failed" else []
        return {
            "record_type": "message",
            "id": message.provider_id,
            "direction": "outbound",
            "type": "SMS",
            "from": {"phone_number": message.sender, "carrier": "", "line_type": ""},
            "to": [{"phone_number": message.to, "status": status, "carrier": "", "line_type": ""}],
            "text": message.text,
            "parts": 1,
            "encoding": "GSM-7",
            "cost": {"amount": COST, "currency": "USD"},
            "errors": errors,
            "received_at": message.at,
            "sent_at": None if status == "queued" else iso(self._clock.now()),
            "completed_at": iso(self._clock.now()) if is_final else None,
            "valid_until": None,
            "webhook_url": url,
            "messaging_profile_id": self._settings.telnyx_profile,
            "organization_id": "4001a0de-0000-4000-8000-0000000000ff",
            "tags": [],
        }
