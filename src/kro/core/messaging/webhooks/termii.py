"""Termii signs the body with HMAC-SHA512; it echoes the text, so nothing of the body may be written down."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from kro.core.messaging.errors import ReportSignatureError
from kro.core.messaging.states import AttemptState, Report
from kro.core.messaging.webhooks.envelope import Webhook, matches, read_json, text_of
from kro.core.sms.http_vendor import price

_PROVIDER: Final = "termii"
_SIGNATURE: Final = "x-termii-signature"
# Termii documents sentences, which begin like these; others leave things as they are.
_BEGINNINGS: Final = (
    ("message sent", AttemptState.SENT, None),
    ("delivered", AttemptState.DELIVERED, None),
    ("dnd active", AttemptState.FAILED, "dnd_active"),
    ("message failed", AttemptState.FAILED, "undelivered"),
    ("rejected", AttemptState.FAILED, "rejected"),
    ("expired", AttemptState.FAILED, "expired"),
)


@dataclass(frozen=True, slots=True)
class TermiiReports:
    """``secret_keys`` are all a report may be signed with: the present one, and another while it is rotated."""

    secret_keys: tuple[str, ...] = field(repr=False)

    def read(self, webhook: Webhook) -> tuple[Report, ...]:
        given = webhook.headers.get(_SIGNATURE, "").strip().lower()
        expected = [hmac.digest(key.encode(), webhook.raw, hashlib.sha512).hex() for key in self.secret_keys]
        if not matches(given, expected):
            raise ReportSignatureError
        body = read_json(webhook.raw)
        message_id = text_of(body.get("message_id"))
        status = str(body.get("status", "")).strip().lower()
        cost = price(body.get("cost"), "NGN")
        return tuple(
            Report(_PROVIDER, message_id, state, error, cost=cost)
            for beginning, state, error in _BEGINNINGS
            if status.startswith(beginning)
        )[:1]
