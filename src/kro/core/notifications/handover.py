from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.core.encryption import FieldCipher
from kro.core.notices import Language, Template
from kro.core.notifications.outcome import conclude
from kro.core.notifications.words import Templates
from kro.core.outbox import Envelope, GiveUp
from kro.core.sms import SMS, SMSProvider, TextKind

_READER: Final = """
SELECT u.phone, coalesce(p.language, 'en') AS language
FROM users AS u LEFT JOIN notification_preferences AS p ON p.user_id = u.id WHERE u.id = $1"""


class HandoverTopic:
    """Delivers outbox messages of topic ``sms.handover``: ``{"user_id", "condition_id", "order_id", "sealed"}``.

    The code is sealed for its condition and opened only to be sent. A retry repeats the same code.
    """

    def __init__(
        self, *, database: Database, sms: SMSProvider, cipher: FieldCipher, templates: Templates | None = None
    ) -> None:
        self._database = database
        self._sms = sms
        self._cipher = cipher
        self._templates = templates or Templates()

    async def handle(self, envelope: Envelope) -> None:
        """Send one code to the buyer."""
        payload = envelope.payload
        person = await self._database.row(_READER, UUID(payload["user_id"]))
        if person is None or person["phone"] is None:
            raise GiveUp("no_phone")
        code = self._cipher.open(payload["sealed"], context=payload["condition_id"])
        message = SMS(
            to_e164=person["phone"],
            text=self._templates.sms(
                Template.HANDOVER_CODE,
                {"code": code, "order_id": payload["order_id"]},
                language=Language(person["language"]),
            ),
            message_id=f"{envelope.id}.sms",
            purpose=Template.HANDOVER_CODE,
            kind=TextKind.CODE,
            subject_id=UUID(payload["condition_id"]),
            account_id=UUID(payload["user_id"]),
        )
        conclude(await self._sms.send(message), envelope)
