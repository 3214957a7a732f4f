"""SendGrid's API: 202 and an id when a mail is accepted, a list of errors when it is not."""

import hmac
import html
import re
import string

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.faults import TRANSPORT, FaultBook, FaultKind
from kro_sandbox.core.faulty import with_faults
from kro_sandbox.core.inbox import Channel, Inbox
from kro_sandbox.core.tokens import token
from kro_sandbox.core.wire import JSONObject, MalformedBodyError, json_response, read_object
from kro_sandbox.sendgrid.events import SendGridEvents
from kro_sandbox.sendgrid.validation import addresses, error, errors_of, is_sandboxed
from kro_sandbox.settings import SandboxSettings

OPERATIONS: dict[str, frozenset[FaultKind]] = {"send": TRANSPORT}
_ANCHOR = re.compile(r"<a\b[^>]*\bhref=[\"']([^\"']+)[\"'][^>]*>(.*?)</a>", re.IGNORECASE | re.DOTALL)
_HIDDEN = re.compile(r"<(style|script|title)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_ID_ALPHABET = string.ascii_letters + string.digits + "-_"


def rate_limited(request: Request, retry_after: int) -> Response:  # noqa: ARG001  the signature all vendors share
    headers = {"x-ratelimit-limit": "600", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(retry_after)}
    headers["retry-after"] = str(retry_after)
    return json_response({"errors": [error("too many requests")]}, status=429, headers=headers)


class SendGridAPI:
    def __init__(
        self, *, settings: SandboxSettings, faults: FaultBook, messages: Inbox, events: SendGridEvents
    ) -> None:
        self.events = events
        self._key = settings.sendgrid_key
        self._faults = faults
        self._messages = messages

    def routes(self) -> list[Route]:
        send = with_faults(
            self._send,
            faults=self._faults,
            vendor="sendgrid",
            operation="send",
            rate_limited=rate_limited,
            kinds=TRANSPORT,
        )
        return [Route("/sendgrid/v3/mail/send", send, methods=["POST"])]

    async def _send(self, request: Request) -> Response:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(key.strip().encode(), self._key.encode()):
            refusal = error("The provided authorization grant is invalid, expired, or revoked")
            return json_response({"errors": [refusal]}, status=401)
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return json_response({"errors": [error("Content-Type should be application/json.")]}, status=415)
        try:
            mail = await read_object(request)
        except MalformedBodyError:
            return json_response({"errors": [error("Bad Request")]}, status=400)
        errors = errors_of(mail)
        if errors:
            return json_response({"errors": errors}, status=400)
        if is_sandboxed(mail):
            return Response(status_code=200)
        return Response(status_code=202, headers={"x-message-id": self._accept(mail)})

    def _accept(self, mail: JSONObject) -> str:
        message_id = token(length=22, alphabet=_ID_ALPHABET)
        for personalization in mail["personalizations"]:
            subject, text, markup = _read(mail, personalization)
            for address in addresses(personalization, "to", "cc", "bcc"):
                self._messages.add(
                    vendor="sendgrid",
                    channel=Channel.MAIL,
                    to=address,
                    sender=str(mail["from"]["email"]),
                    subject=subject,
                    text=text,
                    html=markup,
                    provider_id=message_id,
                )
                self.events.follow(
                    address=address,
                    message_id=message_id,
                    arguments={**(mail.get("custom_args") or {}), **(personalization.get("custom_args") or {})},
                    categories=list(mail.get("categories") or []),
                )
        return message_id


def _read(mail: JSONObject, personalization: JSONObject) -> tuple[str, str, str | None]:
    """Say what the recipient sees: subject, text, HTML.

    A dynamic template lives at SendGrid, so its data is listed instead.
    """
    subject = str(personalization.get("subject") or mail.get("subject") or "")
    if mail.get("template_id"):
        data = personalization.get("dynamic_template_data") or {}
        listed = "\n".join(f"{name}: {value}" for name, value in data.items())
        return str(data.get("subject") or subject or f"Template {mail['template_id']}"), listed, None
    blocks = {block["type"]: str(block["value"]) for block in mail["content"]}
    markup = blocks.get("text/html")
    text = blocks.get("text/plain") or _text_of(markup or "")
    return subject, text, markup


def _text_of(markup: str) -> str:
    shown = _ANCHOR.sub(r"\2 \1 ", _HIDDEN.sub(" ", markup))
    lines = (re.sub(r"\s+", " ", line).strip() for line in html.unescape(_TAG.sub("\n", shown)).splitlines())
    return "\n".join(line for line in lines if line)
