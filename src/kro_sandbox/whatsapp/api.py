"""Meta's Cloud API: templates only, a code stands in its body and in its button, statuses with times as texts."""

import hashlib
import hmac
import re
import secrets
import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core import inbox
from kro_sandbox.core.background import Background
from kro_sandbox.core.faults import DECLINED, HTTP, FaultBook, FaultKind
from kro_sandbox.core.faulty import hang, with_faults
from kro_sandbox.core.numbers import TIMEOUT_SECONDS, Magic, magic
from kro_sandbox.core.options import Options
from kro_sandbox.core.reporting import Reporting
from kro_sandbox.core.webhooks import WebhookSender
from kro_sandbox.core.wire import JSONObject, MalformedBodyError, json_response, read_object
from kro_sandbox.settings import SandboxSettings

OPERATIONS: dict[str, frozenset[FaultKind]] = {"send": HTTP | DECLINED}
OTP_TEMPLATE = "kro_otp"
NOTICE_TEMPLATE = "kro_notice"
NOT_ON_WHATSAPP = 131026
_DIGITS = re.compile(r"\+?[1-9]\d{7,14}")
_LONGEST_CODE = 15


class WhatsAppError(Exception):
    def __init__(self, code: int, details: str, *, status: int = 400) -> None:
        super().__init__(details)
        self.code = code
        self.status = status

    def body(self) -> JSONObject:
        return {
            "error": {
                "message": f"(#{self.code}) {self}",
                "type": "OAuthException",
                "code": self.code,
                "error_data": {"messaging_product": "whatsapp", "details": str(self)},
                "fbtrace_id": secrets.token_hex(6),
            }
        }

    def response(self) -> Response:
        return json_response(self.body(), status=self.status)


def rate_limited(request: Request, retry_after: int) -> Response:  # noqa: ARG001  the signature all vendors share
    answer = WhatsAppError(130429, "Cloud API message throughput has been reached.", status=429).response()
    answer.headers["retry-after"] = str(retry_after)
    return answer


class WhatsAppAPI:
    def __init__(
        self,
        *,
        settings: SandboxSettings,
        faults: FaultBook,
        options: Options,
        background: Background,
        webhooks: WebhookSender,
        messages: inbox.Inbox,
    ) -> None:
        self._settings = settings
        self._faults = faults
        self._webhooks = webhooks
        self._messages = messages
        self._reporting = Reporting(background=background, options=options)

    def routes(self) -> list[Route]:
        served = with_faults(
            self._send, faults=self._faults, vendor="whatsapp", operation="send", rate_limited=rate_limited
        )
        return [Route("/whatsapp/v23.0/{phone_id}/messages", served, methods=["POST"])]

    async def _send(self, request: Request) -> Response:
        try:
            self._authorize(request)
            body = await read_object(request)
            text = self._read(body)
        except WhatsAppError as error:
            return error.response()
        except MalformedBodyError as error:
            return WhatsAppError(100, str(error)).response()
        number = str(body["to"]).removeprefix("+")
        kind = magic(number)
        if kind is Magic.SERVER_ERROR:
            return WhatsAppError(131000, "Something went wrong.", status=500).response()
        message = self._accept(number, text)
        if kind is Magic.TIMEOUT:
            return await hang(request, seconds=TIMEOUT_SECONDS)
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": str(body["to"]), "wa_id": number}],
            "messages": [{"id": message.provider_id, "message_status": "accepted"}],
        }
        return json_response(answer)

    def _authorize(self, request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._settings.whatsapp_token.encode()):
            raise WhatsAppError(190, "Invalid OAuth access token.", status=401)
        if request.path_params["phone_id"] != self._settings.whatsapp_phone_id:
            raise WhatsAppError(100, "Object with this ID does not exist.")

    def _read(self, body: JSONObject) -> str:
        refusal = self._faults.take(vendor="whatsapp", operations=("send",), kinds=DECLINED)
        if refusal is not None:
            details = refusal.text("message", "The message cannot be sent.")
            raise WhatsAppError(int(refusal.text("code", "132015")), details, status=refusal.whole("status", 400))
        if body.get("messaging_product") != "whatsapp" or not _DIGITS.fullmatch(str(body.get("to", ""))):
            raise WhatsAppError(131008, "A required parameter is missing.")
        if magic(str(body["to"])) is Magic.INVALID:
            raise WhatsAppError(NOT_ON_WHATSAPP, "Message undeliverable.")
        if body.get("type") != "template" or not isinstance(body.get("template"), dict):
            raise WhatsAppError(131047, "More than 24 hours have passed since the recipient last replied.")
        template = body["template"]
        parameters = {
            component.get("type"): [one.get("text") for one in component.get("parameters", [])]
            for component in template.get("components", [])
        }
        if template.get("name") == OTP_TEMPLATE:
            return _code_of(parameters)
        if template.get("name") != NOTICE_TEMPLATE:
            raise WhatsAppError(132001, "Template name does not exist in the translation.", status=404)
        if set(parameters) != {"body"} or len(parameters["body"]) != 1:
            raise WhatsAppError(132000, "Number of parameters does not match the expected number of params.")
        return str(parameters["body"][0])

    def _accept(self, number: str, text: str) -> inbox.Message:
        end = "failed" if magic(number) is Magic.FAILED else "delivered"
        message = self._messages.add(
            vendor="whatsapp",
            channel=inbox.Channel.WHATSAPP,
            to=number,
            sender=self._settings.whatsapp_phone_id,
            text=text,
            status=end,
            provider_id=f"wamid.{secrets.token_urlsafe(24)}",
        )
        self._reporting.schedule(
            number,
            before=("sent",),
            end=end,
            after=("read",) if end == "delivered" else (),
            report=lambda status: self._report(message, status),
        )
        return message

    def _report(self, message: inbox.Message, status: str) -> None:
        told: JSONObject = {
            "id": message.provider_id,
            "status": status,
            "timestamp": str(int(time.time())),
            "recipient_id": message.to,
            "pricing": {"billable": True, "pricing_model": "PMP", "category": "authentication"},
        }
        if status == "failed":
            error = WhatsAppError(NOT_ON_WHATSAPP, "Message undeliverable.").body()["error"]
            told["errors"] = [{"code": error["code"], "title": error["message"], "error_data": error["error_data"]}]
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550100002", "phone_number_id": self._settings.whatsapp_phone_id},
            "statuses": [told],
        }
        entry = {"id": "200000000000001", "changes": [{"field": "messages", "value": value}]}
        payload = {"object": "whatsapp_business_account", "entry": [entry]}
        self._webhooks.send(
            vendor="whatsapp", event=status, reference=message.provider_id, payload=payload, sign=self._sign
        )

    def _sign(self, content: bytes) -> dict[str, str]:
        digest = hmac.new(self._settings.whatsapp_app_secret.encode(), content, hashlib.sha256).hexdigest()
        return {"x-hub-signature-256": f"sha256={digest}"}


def _code_of(parameters: dict[str, list[str]]) -> str:
    body, button = parameters.get("body", []), parameters.get("button", [])
    if len(body) != 1 or len(button) != 1:
        raise WhatsAppError(132000, "Number of parameters does not match the expected number of params.")
    if body != button or not 1 <= len(str(body[0])) <= _LONGEST_CODE:
        raise WhatsAppError(100, "The code in the body and in the button must be the same.")
    return f"{body[0]} is your verification code."
