"""Codes and links that open or guard an account: sealed until they are sent, and sent only while they live."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from kro.core.clock import Clock
from kro.core.email import Email, EmailProvider
from kro.core.encryption import FieldCipher
from kro.core.notices import Template
from kro.core.notifications.outcome import conclude
from kro.core.notifications.words import Templates
from kro.core.outbox import Envelope, GiveUp
from kro.core.sms import SMS, SMSProvider, TextKind

_NAMELESS: Final = "there"
"""Who asked may not be who is written to, so that these mails call nobody by name."""
LINK_PAGES: Final = {
    "login": "/v1/public/magic-links/{token}",
    "password_reset": "/v1/public/password-resets/{token}",
    "change_stop": "/v1/public/contact-changes/{token}",
}
_TEMPLATES: Final = {
    "login": Template.LOGIN_LINK,
    "password_reset": Template.PASSWORD_RESET_LINK,
    "change_stop": Template.CONTACT_CHANGE_STARTED,
}


class MailOTPTopic:
    """Delivers outbox messages of topic ``mail.otp``: ``{"email", "sealed", "challenge_id", "purpose", "task"?}``."""

    def __init__(self, *, email: EmailProvider, cipher: FieldCipher, clock: Clock, ttl_seconds: int) -> None:
        self._email = email
        self._cipher = cipher
        self._clock = clock
        self._ttl_seconds = ttl_seconds
        self._templates = Templates()

    async def handle(self, envelope: Envelope) -> None:
        """Mail one code; one that would arrive after its life is not sent."""
        if (self._clock.now() - envelope.created_at).total_seconds() >= self._ttl_seconds:
            raise GiveUp("code_expired")
        payload = envelope.payload
        facts = {
            "code": self._cipher.open(payload["sealed"], context=payload["challenge_id"]),
            "purpose": payload["purpose"],
            "minutes": self._ttl_seconds // 60,
        }
        template = Template.STEP_UP if "task" in payload else Template.OTP
        words = self._templates.mail(template, facts | payload.get("task", {}), first_name=_NAMELESS)
        message = Email(
            to=payload["email"],
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=f"{envelope.id}.mail",
            category=template,
        )
        conclude(await self._email.send(message), envelope)


class LinkTopic:
    """Delivers outbox messages of topic ``link``: ``{"link_id", "sealed", "purpose", "channel", "to", "expires_at"}``.

    The token is opened only here, and stands in the message alone.
    """

    def __init__(
        self, *, sms: SMSProvider, email: EmailProvider, cipher: FieldCipher, clock: Clock, base_url: str
    ) -> None:
        self._sms = sms
        self._email = email
        self._cipher = cipher
        self._clock = clock
        self._base_url = base_url.rstrip("/")
        self._templates = Templates()

    async def handle(self, envelope: Envelope) -> None:
        """Send one link by the channel it was asked for, as long as it lives."""
        payload = envelope.payload
        if self._clock.now() >= datetime.fromisoformat(payload["expires_at"]):
            raise GiveUp("link_expired")
        template = _TEMPLATES[payload["purpose"]]
        token = self._cipher.open(payload["sealed"], context=payload["link_id"])
        page = LINK_PAGES[payload["purpose"]].format(token=token)
        facts = {**payload.get("facts", {}), "link": f"{self._base_url}{page}"}
        if payload["channel"] == "sms":
            text = SMS(
                to_e164=payload["to"],
                text=self._templates.sms(template, facts),
                message_id=f"{envelope.id}.sms",
                purpose=template,
                kind=TextKind.CODE,
            )
            conclude(await self._sms.send(text), envelope)
            return
        words = self._templates.mail(template, facts, first_name=_NAMELESS)
        mail = Email(
            to=payload["to"],
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=f"{envelope.id}.mail",
            category=template,
        )
        conclude(await self._email.send(mail), envelope)
