"""Meta signs the body with HMAC-SHA256; one webhook may hold statuses of many messages."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from kro.core.messaging.errors import ReportSignatureError
from kro.core.messaging.states import AttemptState, Report
from kro.core.messaging.webhooks.envelope import Webhook, matches, read_json, text_of
from kro.core.whatsapp.meta import PROVIDER, named

_SIGNATURE: Final = "x-hub-signature-256"
_STATES: Final = {
    "sent": AttemptState.SENT,
    "delivered": AttemptState.DELIVERED,
    "read": AttemptState.READ,
    "failed": AttemptState.FAILED,
}
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class WhatsAppReports:
    """``app_secrets`` are all a report may be signed with: the present one, and another while it is rotated."""

    app_secrets: tuple[str, ...] = field(repr=False)
    verify_token: str = field(repr=False)

    def read(self, webhook: Webhook) -> tuple[Report, ...]:
        digests = [hmac.digest(key.encode(), webhook.raw, hashlib.sha256).hex() for key in self.app_secrets]
        if not matches(webhook.headers.get(_SIGNATURE, ""), [f"sha256={digest}" for digest in digests]):
            raise ReportSignatureError
        return tuple(_reports(read_json(webhook.raw)))[:_MOST]

    def ensure_agreed(self, *, mode: str, token: str) -> None:
        """Check that whoever sets this address up knows the token that was agreed on.

        :raises ReportSignatureError: if not.
        """
        is_right = hmac.compare_digest(token.encode(), self.verify_token.encode())
        if not is_right or mode != "subscribe":
            raise ReportSignatureError


def _reports(body: dict[str, Any]) -> Iterator[Report]:
    for entry in _objects(body.get("entry")):
        for change in _objects(entry.get("changes")):
            value = change.get("value")
            for status in _objects(value.get("statuses") if isinstance(value, dict) else None):
                state = _STATES.get(str(status.get("status")))
                if state is not None:
                    error = _error(status) if state is AttemptState.FAILED else None
                    yield Report(PROVIDER, text_of(status.get("id")), state, error)


def _error(status: dict[str, Any]) -> str:
    codes = (named(error.get("code")) for error in _objects(status.get("errors")))
    return next((code for code in codes if code is not None), "undelivered")


def _objects(items: object) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
