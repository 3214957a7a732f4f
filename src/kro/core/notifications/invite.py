from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.clock import Clock
from kro.core.email import Email, EmailProvider
from kro.core.encryption import FieldCipher
from kro.core.notices import Template
from kro.core.notifications.outcome import conclude
from kro.core.notifications.words import Templates
from kro.core.outbox import Envelope, GiveUp
from kro.core.rate_limit import Limit, RateLimitedError, RateLimiter
from kro.core.sms import SMS, SMSProvider

_DAY: Final = 86_400
BY_INVITER: Final = Limit("invite_inviter_day", quota=20, window_seconds=_DAY)
BY_ADDRESS: Final = Limit("invite_address_day", quota=3, window_seconds=_DAY)


class InviteTopic:
    """Delivers outbox messages of topic ``invite``: a link into an order, to somebody without an account.

    What one person may have sent, and what one number or mailbox may get, is counted here and not when the order is
    proposed: a refusal there would tell whether a number has an account. What is too much is not sent.
    """

    def __init__(
        self,
        *,
        sms: SMSProvider,
        email: EmailProvider,
        limiter: RateLimiter,
        cipher: FieldCipher,
        clock: Clock,
        base_url: str,
    ) -> None:
        self._sms = sms
        self._email = email
        self._limiter = limiter
        self._cipher = cipher
        self._clock = clock
        self._base_url = base_url.rstrip("/")
        self._templates = Templates()

    async def handle(self, envelope: Envelope) -> None:
        """Send one invitation by one channel, as long as its link lives."""
        payload = envelope.payload
        if self._clock.now() >= datetime.fromisoformat(payload["expires_at"]):
            raise GiveUp("invite_expired")
        if envelope.attempts == 1:
            await self._count(payload["inviter_id"], payload["to"])
        token = self._cipher.open(payload["sealed"], context=payload["link_id"])
        facts = {**payload["facts"], "link": f"{self._base_url}/v1/public/invites/{token}"}
        if payload["channel"] == "sms":
            await self._text(envelope, facts)
        else:
            await self._mail(envelope, facts)

    async def _count(self, inviter_id: str, address: str) -> None:
        try:
            await self._limiter.hit((BY_INVITER, inviter_id), (BY_ADDRESS, address))
        except RateLimitedError:
            raise GiveUp("invite_limit") from None

    async def _text(self, envelope: Envelope, facts: dict[str, object]) -> None:
        message = SMS(
            to_e164=envelope.payload["to"],
            text=self._templates.sms(Template.ORDER_INVITE, facts),
            message_id=f"{envelope.id}.sms",
            purpose=Template.ORDER_INVITE,
            account_id=UUID(envelope.payload["inviter_id"]),
        )
        conclude(await self._sms.send(message), envelope)

    async def _mail(self, envelope: Envelope, facts: dict[str, object]) -> None:
        words = self._templates.mail(Template.ORDER_INVITE, facts, first_name=envelope.payload["name"])
        message = Email(
            to=envelope.payload["to"],
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=f"{envelope.id}.mail",
            category=Template.ORDER_INVITE,
            may_repeat=True,
        )
        conclude(await self._email.send(message), envelope)
