from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.core.email import Email, EmailProvider
from kro.core.notices import Channel, Template
from kro.core.notifications.outcome import conclude
from kro.core.notifications.words import Templates
from kro.core.outbox import Envelope, GiveUp
from kro.core.sms import SMS, SMSProvider

_PERSON: Final = "SELECT phone, email, first_name, status FROM users WHERE id = $1"
_SPLIT: Final = """
INSERT INTO outbox (id, topic, payload)
SELECT part.id, $1, part.payload FROM unnest($2::uuid[], $3::jsonb[]) AS part (id, payload) ON CONFLICT DO NOTHING"""
_RANDOM_BITS: Final = 62


_KEEP: Final = """
INSERT INTO notice_receipts (message_id, subject_id, user_id, purpose, channel, status, at)
VALUES ($1, $2, $3, $4, $5, 'accepted', now()) ON CONFLICT DO NOTHING"""


class NotifyTopic:
    """Delivers outbox messages of topic ``notify``: ``{"user_id", "template", "channels", "facts", "receipt"?}``.

    A notice for several channels first becomes one message per channel, so that a mail that fails never repeats an
    SMS that went out. Address and name are read when the notice is sent. With ``receipt``,
    ``{"subject_id", "purpose"}``, it is kept that the channel's provider took the notice.
    """

    def __init__(self, *, database: Database, sms: SMSProvider, email: EmailProvider, templates: Templates) -> None:
        self._database = database
        self._sms = sms
        self._email = email
        self._templates = templates

    async def handle(self, envelope: Envelope) -> None:
        """Send one notice to one user."""
        # The inbox takes its part with the split.
        channels = [Channel(channel) for channel in envelope.payload["channels"] if channel != Channel.IN_APP]
        if len(channels) != 1:
            await self._split(envelope, channels)
            return
        person = await self._database.row(_PERSON, UUID(envelope.payload["user_id"]))
        if person is None:
            raise GiveUp("unknown_user")
        if person["status"] == "invited":
            # Somebody who has not come yet gets the invitation and nothing else.
            return
        template, facts = Template(envelope.payload["template"]), envelope.payload["facts"]
        if channels == [Channel.SMS] and person["phone"] is not None:
            await self._text(envelope, person["phone"], template, facts)
        elif channels == [Channel.MAIL] and person["email"] is not None:
            await self._mail(envelope, person["email"], person["first_name"], template, facts)
        else:
            return
        await self._keep_receipt(envelope, channels[0])

    async def _keep_receipt(self, envelope: Envelope, channel: Channel) -> None:
        receipt = envelope.payload.get("receipt")
        if receipt is not None:
            user_id, subject_id = UUID(envelope.payload["user_id"]), UUID(receipt["subject_id"])
            await self._database.execute(_KEEP, envelope.id, subject_id, user_id, receipt["purpose"], channel)

    async def _split(self, envelope: Envelope, channels: Sequence[Channel]) -> None:
        await self._database.execute(
            _SPLIT,
            envelope.topic,
            [part_id(envelope.id, channel) for channel in channels],
            [{**envelope.payload, "channels": [channel]} for channel in channels],
        )

    async def _text(self, envelope: Envelope, phone: str, template: Template, facts: Mapping[str, Any]) -> None:
        message = SMS(
            to_e164=phone,
            text=self._templates.sms(template, facts),
            message_id=f"{envelope.id}.{Channel.SMS}",
            purpose=template,
        )
        conclude(await self._sms.send(message), envelope)

    async def _mail(
        self, envelope: Envelope, address: str, first_name: str, template: Template, facts: Mapping[str, Any]
    ) -> None:
        words = self._templates.mail(template, facts, first_name=first_name)
        message = Email(
            to=address,
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=f"{envelope.id}.{Channel.MAIL}",
            category=template,
        )
        conclude(await self._email.send(message), envelope)


def part_id(message_id: UUID, channel: Channel) -> UUID:
    """Return the id of a notice's part: always the same, with the time of the whole (RFC 9562, 5.7)."""
    digest = hashlib.sha256(message_id.bytes + channel.encode()).digest()
    random_bits = int.from_bytes(digest[:8]) >> (64 - _RANDOM_BITS)
    return UUID(int=message_id.int >> 64 << 64 | 0b10 << _RANDOM_BITS | random_bits)
