from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self

from kro.core.email.interface import Email, EmailAccepted, EmailOutcomeUnknown, EmailRefused, EmailResult
from kro.core.outgoing import (
    CallRecorder,
    JSONValue,
    NotSent,
    OutcomeUnknown,
    OutgoingHTTP,
    OutgoingSettings,
    Reply,
    RetryPolicy,
)

if TYPE_CHECKING:
    import httpx2

_PROVIDER: Final = "sendgrid"
_MESSAGE_ID: Final = "X-Message-Id"

# twilio.com/docs/sendgrid, mail send errors. What concerns the mail itself is permanent; keys, quota and rate are not.
_REFUSALS: Final[dict[int, tuple[str, bool]]] = {
    HTTPStatus.BAD_REQUEST: ("invalid_message", True),
    HTTPStatus.UNAUTHORIZED: ("unauthorized", False),
    HTTPStatus.FORBIDDEN: ("forbidden", False),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too_large", True),
    HTTPStatus.TOO_MANY_REQUESTS: ("rate_limited", False),
}
_OURS: Final = ("from", "reply_to", "mail_settings", "tracking_settings", "categories")


@dataclass(frozen=True, slots=True)
class SendGridSettings:
    """How to reach SendGrid, and who the mail is from. In sandbox mode mail is checked and not sent."""

    api_key: str = field(repr=False)
    from_email: str
    from_name: str
    base_url: str = "https://api.sendgrid.com"
    sandbox_mode: bool = False
    reply_to: str | None = None


class SendGridEmail:
    """Mail through SendGrid's v3 Mail Send. It has no idempotency key, so nothing that may have left is repeated."""

    def __init__(
        self,
        settings: SendGridSettings,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        retry: RetryPolicy | None = None,
        recorder: CallRecorder | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._http = OutgoingHTTP(
            OutgoingSettings(provider=_PROVIDER, base_url=settings.base_url),
            headers={"Authorization": f"Bearer {settings.api_key}"},
            transport=transport,
            retry=retry,
            recorder=recorder,
            sleep=sleep,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, message: Email) -> EmailResult:
        exchange = await self._http.call(
            operation="send",
            method="POST",
            path="/v3/mail/send",
            body=_payload(message, self._settings),
            empty_allowed=True,
        )
        match exchange:
            case Reply():
                return _read(exchange)
            case NotSent():
                return EmailRefused("not_sent", permanent=False)
            case OutcomeUnknown():
                return EmailOutcomeUnknown(exchange.cause)


def _payload(message: Email, settings: SendGridSettings) -> dict[str, JSONValue]:
    payload: dict[str, JSONValue] = {
        "personalizations": [{"to": [{"email": message.to}], "custom_args": {"message_id": message.message_id}}],
        "from": {"email": settings.from_email, "name": settings.from_name},
        "subject": message.subject,
        "content": [{"type": "text/plain", "value": message.text}, {"type": "text/html", "value": message.html}],
        "categories": [message.category],
        # Tracking rewrites links, and link scanners would open the magic ones.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }
    if settings.reply_to is not None:
        payload["reply_to"] = {"email": settings.reply_to}
    if settings.sandbox_mode:
        payload["mail_settings"] = {"sandbox_mode": {"enable": True}}
    return payload


def _read(reply: Reply) -> EmailResult:
    if reply.status >= HTTPStatus.BAD_REQUEST:
        code, permanent = _REFUSALS.get(reply.status, ("refused", False))
        if reply.status == HTTPStatus.BAD_REQUEST and not _is_about_this_mail(reply):
            code, permanent = "misconfigured", False
        return EmailRefused(code, permanent=permanent, retry_after_seconds=reply.retry_after_seconds)
    # Sandbox mode answers 200 and gives no id.
    message_id = reply.headers.get(_MESSAGE_ID) or ("sandbox" if reply.status == HTTPStatus.OK else None)
    if message_id is None:
        return EmailOutcomeUnknown("odd_answer")
    return EmailAccepted(provider=_PROVIDER, provider_message_id=message_id)


def _is_about_this_mail(reply: Reply) -> bool:
    """Say whether a refusal names the address or the words; another vendor would refuse those too."""
    errors = reply.object.get("errors")
    fields = (
        [str(one.get("field") or "") for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    )
    return not any(field.startswith(_OURS) for field in fields)
