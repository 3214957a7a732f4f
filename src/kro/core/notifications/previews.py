"""How each template reads, with facts of a made-up order: for those who write and check the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kro.core.errors import ErrorKind, KroError
from kro.core.notices import DIRECT, RULES, Channel, Language, Template
from kro.core.notifications.words import Templates

_AMOUNT: Final = {"amount": 15_000_000, "currency": "NGN"}
_PART: Final = {"amount": 5_000_000, "currency": "NGN"}
SAMPLE_FACTS: Final[Mapping[str, Any]] = {
    "order_id": "ord_01h455vb4pex5vsknk084sn02q",
    "payout_id": "pyt_01h455vb4pex5vsknk084sn02q",
    "refund_id": "rfd_01h455vb4pex5vsknk084sn02q",
    "title": "Refurbished laptop, 16 GB",
    "from_name": "Demo Seller",
    "amount": _AMOUNT,
    "received": _PART,
    "refunded": _PART,
    "returned": _PART,
    "taken": _PART,
    "owed": _PART,
    "held": True,
    "bank": "Guaranty Trust Bank ******4567",
    "usable_from": "15 Jan 2026, 10:00",
    "condition": "The laptop starts and its battery lasts three hours",
    "reason": "The charger is missing.",
    "hours": 24,
    "deadline": "inspect_by",
    "due_at": "2026-01-15T09:00:00+00:00",
    "link": "https://api.kro.example/v1/public/invites/sample",
    "code": "012345",
    "purpose": "login",
    "minutes": 5,
    "what": "phone number",
    "new": "+234803***0002",
    "kind": "BVN",
    "number": "******4567",
    "tier": 2,
    "action": "request_payout",
    "at": "2026-01-15T09:00:00+00:00",
    "country": "GH",
    "from": "2026-01-16T09:00:00+00:00",
    "until": "2026-01-22T09:00:00+00:00",
}
"""Every fact any template names."""


class TemplateNotFoundError(KroError):
    """There is no such template, or it has no words for this channel."""

    kind = ErrorKind.NOT_FOUND
    code = "not_found"


@dataclass(frozen=True, slots=True)
class Preview:
    """``text`` alone for a text message; a mail has its page too, the inbox a title."""

    title: str | None
    text: str
    html: str | None


class Previews:
    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def channels_of(self, template: Template) -> tuple[Channel, ...]:
        """Return every channel some reader is told by."""
        if template in DIRECT:
            return DIRECT[template]
        used = {channel for rule in RULES if rule.template is template for channel in rule.channels}
        return tuple(channel for channel in Channel if channel in used)

    def show(self, template: Template, *, language: Language, channel: Channel) -> Preview:
        """Return how a template reads.

        :raises TemplateNotFoundError: when nobody is told that by this channel.
        """
        if channel not in self.channels_of(template):
            raise TemplateNotFoundError
        if channel is Channel.SMS:
            return Preview(None, self._templates.sms(template, SAMPLE_FACTS, language=language), None)
        if channel is Channel.IN_APP:
            shown = self._templates.inbox(template, SAMPLE_FACTS, language=language)
            return Preview(shown.title, shown.body, None)
        mail = self._templates.mail(template, SAMPLE_FACTS, first_name="Demo", language=language)
        return Preview(mail.subject, mail.text, mail.html)
