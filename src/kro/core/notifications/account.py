"""Codes, links and words that open or guard an account, to one number or address that need not be the owner's any more.

Codes and tokens are sealed until they are sent, and sent only while they live.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.email import Email, EmailProvider
from kro.core.encryption import FieldCipher
from kro.core.notices import Template
from kro.core.notifications.outcome import conclude
from kro.core.notifications.person import asker_of, language_of
from kro.core.notifications.words import Templates
from kro.core.outbox import Envelope, GiveUp
from kro.core.sms import SMS, SMSProvider, TextKind

_NAMELESS: Final = "there"
"""Who asked may not be who is written to, so that these mails call nobody by name."""
LINK_PAGES: Final = {
    "login": "/v1/public/magic-links/{token}",
    "password_reset": "/v1/public/password-resets/{token}",
    "change_stop": "/v1/public/contact-changes/{token}",
    # What follows the # is no part of any request but the one the page sends with it.
    "admin_invite": "/admin/enrolment#token={token}",
    "admin_factor_reset": "/admin/enrolment#token={token}",
}
_TEMPLATES: Final = {
    "login": Template.LOGIN_LINK,
    "password_reset": Template.PASSWORD_RESET_LINK,
    "change_stop": Template.CONTACT_CHANGE_STARTED,
    "admin_invite": Template.ADMIN_INVITE,
    "admin_factor_reset": Template.ADMIN_FACTOR_RESET,
}


class _Mails:
    """Mails one template to one address, in the language of whose it is."""

    def __init__(self, *, database: Database, email: EmailProvider) -> None:
        self._database = database
        self._email = email
        self._templates = Templates()

    async def send(self, envelope: Envelope, to: str, template: Template, facts: Mapping[str, Any]) -> None:
        language = await language_of(self._database, to, user_id=asker_of(envelope.payload))
        words = self._templates.mail(template, facts, first_name=_NAMELESS, language=language)
        mail = Email(
            to=to,
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=f"{envelope.id}.mail",
            category=template,
            may_repeat=True,
        )
        conclude(await self._email.send(mail), envelope)


class _Direct:
    """Sends one template by one channel to one number or address."""

    def __init__(self, *, database: Database, sms: SMSProvider, email: EmailProvider) -> None:
        self._database = database
        self._sms = sms
        self._mails = _Mails(database=database, email=email)
        self._templates = Templates()

    async def send(
        self, envelope: Envelope, template: Template, facts: Mapping[str, Any], *, kind: TextKind = TextKind.NOTICE
    ) -> None:
        to = envelope.payload["to"]
        if envelope.payload["channel"] != "sms":
            await self._mails.send(envelope, to, template, facts)
            return
        language = await language_of(self._database, to, user_id=asker_of(envelope.payload))
        text = self._templates.sms(template, facts, language=language)
        message = SMS(to_e164=to, text=text, message_id=f"{envelope.id}.sms", purpose=template, kind=kind)
        conclude(await self._sms.send(message), envelope)


class MailOTPTopic:
    """Delivers outbox messages of topic ``mail.otp``.

    ``{"email", "sealed", "challenge_id", "purpose", "user_id"?, "task"?}``: in the language of that user, if there is.
    """

    def __init__(
        self, *, database: Database, email: EmailProvider, cipher: FieldCipher, clock: Clock, ttl_seconds: int
    ) -> None:
        self._mails = _Mails(database=database, email=email)
        self._cipher = cipher
        self._clock = clock
        self._ttl_seconds = ttl_seconds

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
        await self._mails.send(envelope, payload["email"], template, facts | payload.get("task", {}))


class LinkTopic:
    """Delivers outbox messages of topic ``link``.

    ``{"link_id", "sealed", "purpose", "channel", "to", "expires_at", "facts"?}``: the token is opened only here, and
    stands in the message alone.
    """

    def __init__(
        self,
        *,
        database: Database,
        sms: SMSProvider,
        email: EmailProvider,
        cipher: FieldCipher,
        clock: Clock,
        base_url: str,
    ) -> None:
        self._direct = _Direct(database=database, sms=sms, email=email)
        self._cipher = cipher
        self._clock = clock
        self._base_url = base_url.rstrip("/")

    async def handle(self, envelope: Envelope) -> None:
        """Send one link by the channel it was asked for, as long as it lives."""
        payload = envelope.payload
        if self._clock.now() >= datetime.fromisoformat(payload["expires_at"]):
            raise GiveUp("link_expired")
        token = self._cipher.open(payload["sealed"], context=payload["link_id"])
        page = LINK_PAGES[payload["purpose"]].format(token=token)
        facts = {**payload.get("facts", {}), "link": f"{self._base_url}{page}"}
        await self._direct.send(envelope, _TEMPLATES[payload["purpose"]], facts, kind=TextKind.CODE)


class FormerContactTopic:
    """Delivers outbox messages of topic ``contact.former``: ``{"channel", "to", "user_id", "facts"}``.

    Tells the number or address that was the user's until now that it is theirs no more, in their language.
    """

    def __init__(self, *, database: Database, sms: SMSProvider, email: EmailProvider) -> None:
        self._direct = _Direct(database=database, sms=sms, email=email)

    async def handle(self, envelope: Envelope) -> None:
        """Tell one number or address."""
        await self._direct.send(envelope, Template.CONTACT_CHANGED, envelope.payload["facts"])
