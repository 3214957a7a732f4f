from __future__ import annotations

from uuid import UUID

from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.encryption import FieldCipher
from kro.core.notices import Template
from kro.core.notifications.outcome import conclude
from kro.core.notifications.person import asker_of, language_of
from kro.core.notifications.words import Templates
from kro.core.outbox import Envelope, GiveUp
from kro.core.sms import SMS, SMSProvider, TextChannel, TextKind


class OTPTopic:
    """Delivers outbox messages of topic ``sms.otp``.

    Payload: ``{"phone", "sealed", "challenge_id", "purpose", "user_id"?, "channel"?, "task"?}``.

    ``user_id`` is who asked for the code where an account did: it reads their language, at whatever number, and counts
    against their day's budget. With a ``task``, ``{"action", "amount"}``, the text says what the code is good for.
    The code is sealed for its challenge and opened only to be sent. A code that would arrive after its life is not
    sent. A retry repeats the same code, so a second arrival confuses nobody.
    """

    def __init__(
        self,
        *,
        database: Database,
        sms: SMSProvider,
        cipher: FieldCipher,
        clock: Clock,
        ttl_seconds: int,
        templates: Templates | None = None,
    ) -> None:
        self._database = database
        self._sms = sms
        self._cipher = cipher
        self._clock = clock
        self._ttl_seconds = ttl_seconds
        self._templates = templates or Templates()

    async def handle(self, envelope: Envelope) -> None:
        """Send one code."""
        if (self._clock.now() - envelope.created_at).total_seconds() >= self._ttl_seconds:
            raise GiveUp("code_expired")
        payload = envelope.payload
        code = self._cipher.open(payload["sealed"], context=payload["challenge_id"])
        facts = {
            "code": code,
            "purpose": payload["purpose"],
            "minutes": self._ttl_seconds // 60,
        }
        template = Template.STEP_UP if "task" in payload else Template.OTP
        asker = asker_of(payload)
        language = await language_of(self._database, payload["phone"], user_id=asker)
        message = SMS(
            to_e164=payload["phone"],
            text=self._templates.sms(template, facts | payload.get("task", {}), language=language),
            message_id=f"{envelope.id}.sms",
            purpose=template,
            kind=TextKind.CODE,
            # An authentication template says nothing of the task, so the code of a task goes in words.
            code=None if "task" in payload else code,
            wish=TextChannel(payload.get("channel", TextChannel.SMS)),
            subject_id=UUID(payload["challenge_id"]),
            account_id=asker,
        )
        conclude(await self._sms.send(message), envelope)
