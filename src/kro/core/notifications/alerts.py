from __future__ import annotations

import re
from typing import Final

from kro.core.email import Email, EmailProvider
from kro.core.notifications.outcome import conclude
from kro.core.notifications.words import Templates
from kro.core.outbox import Envelope
from kro.core.telemetry import get_logger

_LABEL: Final = "[KRO alert]"
_LOG = get_logger()


class AlertTopic:
    """Delivers outbox messages of topic ``alert``: ``{"kind", "subject", "detail"}``.

    The log has the alarm first, with its kind, so that it is on record while mail is away.
    """

    def __init__(self, *, email: EmailProvider, templates: Templates, address: str) -> None:
        self._email = email
        self._templates = templates
        self._address = address

    async def handle(self, envelope: Envelope) -> None:
        """Mail one alarm to the operators."""
        kind = str(envelope.payload["kind"])
        _LOG.error("alert", kind=kind, message_id=envelope.id)
        paragraphs = re.split(r"\n{2,}", str(envelope.payload["detail"]).strip())
        words = self._templates.notice(f"{_LABEL} {envelope.payload['subject']}", paragraphs)
        message = Email(
            to=self._address,
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=f"{envelope.id}.alert",
            category="alert",
            may_repeat=True,
        )
        conclude(await self._email.send(message), envelope)
