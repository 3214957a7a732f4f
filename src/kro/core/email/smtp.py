"""Mail through any server that speaks SMTP, over TLS that is verified or not at all."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formataddr, formatdate
from pathlib import Path
from typing import Final

import aiosmtplib

from kro.core.email.interface import Email, EmailAccepted, EmailOutcomeUnknown, EmailRefused, EmailResult
from kro.core.outgoing.breaker import Breaker
from kro.core.telemetry import get_logger

_PROVIDER: Final = "smtp"
_PERMANENT: Final = 500
_LOG = get_logger()


@dataclass(frozen=True, slots=True)
class SMTPSettings:
    """How to reach the server. ``ca_file`` is of a private authority; public ones are trusted if it is not given."""

    host: str
    port: int
    from_email: str
    from_name: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    reply_to: str | None = None
    ca_file: Path | None = None
    step_seconds: float = 10
    deadline_seconds: float = 25


class SMTPEmail:
    """Each mail has a connection of its own: STARTTLS with the server's certificate verified, then the login.

    Nothing is said in clear. The mail carries our id as its Message-ID, by which mailboxes know a repeated one.
    """

    def __init__(self, settings: SMTPSettings, *, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._context = ssl.create_default_context(cafile=settings.ca_file)
        self._breaker = Breaker(now=now)

    async def send(self, message: Email) -> EmailResult:
        permit = self._breaker.admit()
        if permit is None:
            return EmailRefused("breaker_open", permanent=False)
        try:
            result = await self._deliver(message)
        except BaseException:
            self._breaker.give_back(permit)
            raise
        sick = isinstance(result, EmailOutcomeUnknown) or result == _NOT_SENT
        self._breaker.close(permit, failed=sick)
        if not isinstance(result, EmailAccepted):
            _LOG.warning("smtp_send", outcome=type(result).__name__, message_id=message.message_id)
        return result

    async def _deliver(self, message: Email) -> EmailResult:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.step_seconds,
            start_tls=True,
            tls_context=self._context,
        )
        handed_over = False
        try:
            async with asyncio.timeout(settings.deadline_seconds):
                await client.connect()
                if settings.username is not None:
                    await client.login(settings.username, settings.password or "")
                await client.mail(settings.from_email)
                await client.rcpt(message.to)
                handed_over = True
                # From here on a lost connection says nothing of whether the mail was taken.
                await client.data(_compose(message, settings))
        except aiosmtplib.SMTPResponseException as error:
            return _refusal(error)
        except (aiosmtplib.SMTPException, OSError, ValueError, TimeoutError) as error:
            return EmailOutcomeUnknown(type(error).__name__) if handed_over else _NOT_SENT
        finally:
            client.close()
        return EmailAccepted(provider=_PROVIDER, provider_message_id=message.message_id)


_NOT_SENT: Final = EmailRefused("not_sent", permanent=False)


def _refusal(error: aiosmtplib.SMTPResponseException) -> EmailRefused:
    """Tell whom a refusal is about: only one of the recipient or the mail itself would be the same elsewhere."""
    permanent = error.code >= _PERMANENT
    match error:
        case aiosmtplib.SMTPRecipientRefused():
            return EmailRefused("address_refused" if permanent else "address_deferred", permanent=permanent)
        case aiosmtplib.SMTPDataError():
            return EmailRefused("invalid_message" if permanent else "deferred", permanent=permanent)
        case aiosmtplib.SMTPAuthenticationError():
            return EmailRefused("unauthorized", permanent=False)
        case _:
            return _NOT_SENT if not permanent else EmailRefused("refused", permanent=False)


def _compose(message: Email, settings: SMTPSettings) -> bytes:
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = formataddr((settings.from_name, settings.from_email))
    mail["To"] = message.to
    mail["Subject"] = message.subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{message.message_id}@{settings.from_email.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    if settings.reply_to is not None:
        mail["Reply-To"] = settings.reply_to
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail.as_bytes()
