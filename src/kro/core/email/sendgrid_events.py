"""What SendGrid reports of mails: signed with ECDSA over the time and the raw body, its last line break included.

Wire facts: twilio.com/docs/sendgrid, event webhook reference and its security features.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from kro.core.clock import Clock
from kro.core.errors import ErrorKind, KroError

SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"
TOLERANCE_SECONDS: Final = 600
_MOST: Final = 5000
_LONGEST: Final = 300
_BAD_BY_WORDS: Final = (("spam reporting", "spam_report"), ("bounced", "dropped"), ("invalid", "dropped"))


class MailReportSignatureError(KroError):
    """The signature of the webhook is missing, wrong or too old."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "invalid_webhook_signature"


class MalformedMailReportError(KroError):
    """The webhook is authentic, but not a list of events."""

    kind = ErrorKind.INVALID
    code = "malformed_webhook"


class MailReportsNotTakenError(KroError):
    """This vendor sends no reports here."""

    kind = ErrorKind.NOT_FOUND
    code = "unknown_provider"


class Fate(StrEnum):
    """What became of one mail, in the words of its receipt."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One event. ``bad`` says why nothing more should be sent to the address, if so."""

    id: str
    message_id: UUID | None
    address: str = field(repr=False)
    kind: str
    reason: str | None
    at: datetime
    fate: Fate | None = None
    bad: str | None = None


class SendGridEvents:
    """Reads webhooks; ``keys`` are public keys as the dashboard shows them, several while one replaces another."""

    def __init__(self, keys: Sequence[str], *, clock: Clock) -> None:
        self._keys = [_read_key(key) for key in keys]
        self._clock = clock

    def read(self, raw: bytes, headers: Mapping[str, str]) -> tuple[MailEvent, ...]:
        """Return the events of an authentic webhook; what is none of ours or tells nothing is left out.

        :raises MailReportsNotTakenError: when no key is configured.
        :raises MailReportSignatureError: when it is not from SendGrid, or older than ten minutes.
        :raises MalformedMailReportError: when it is no list.
        """
        if not self._keys:
            raise MailReportsNotTakenError
        self._verify(raw, headers)
        try:
            listed = json.loads(raw)
        except (ValueError, RecursionError):
            raise MalformedMailReportError from None
        if not isinstance(listed, list) or len(listed) > _MOST:
            raise MalformedMailReportError
        return tuple(_events(listed))

    def _verify(self, raw: bytes, headers: Mapping[str, str]) -> None:
        stamp = headers.get(TIMESTAMP, "")
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > len("99999999999"):
            raise MailReportSignatureError
        if abs(self._clock.now().timestamp() - int(stamp)) > TOLERANCE_SECONDS:
            raise MailReportSignatureError
        if not any(is_signed(key, raw, stamp, headers.get(SIGNATURE, "")) for key in self._keys):
            raise MailReportSignatureError


def is_signed(key: ec.EllipticCurvePublicKey, raw: bytes, timestamp: str, signature: str) -> bool:
    """Say whether a signature, DER in base64, is of the time followed by the raw body."""
    try:
        key.verify(base64.b64decode(signature, validate=True), timestamp.encode() + raw, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _read_key(text: str) -> ec.EllipticCurvePublicKey:
    key = load_der_public_key(base64.b64decode(text, validate=True))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("SendGrid's webhook key is an ECDSA public key")
    return key


def _events(listed: Sequence[object]) -> Iterator[MailEvent]:
    for one in listed:
        if not isinstance(one, dict):
            continue
        event_id, kind, at = _text(one, "sg_event_id"), _text(one, "event"), one.get("timestamp")
        # Whole seconds, from a sane century: anything else is no event of SendGrid's.
        if not event_id or not kind or type(at) is not int or not 0 < at < 2**32:
            continue
        fate, bad = _meaning(kind, one)
        yield MailEvent(
            id=event_id,
            message_id=_message_id(one.get("message_id")),
            address=_text(one, "email").lower(),
            kind=kind,
            reason=_text(one, "reason") or None,
            at=datetime.fromtimestamp(at, UTC),
            fate=fate,
            bad=bad,
        )


def _meaning(kind: str, event: Mapping[str, Any]) -> tuple[Fate | None, str | None]:
    match kind:
        case "processed":
            return Fate.ACCEPTED, None
        case "delivered":
            return Fate.DELIVERED, None
        case "bounce":
            # A block is the receiving server's mood of the day; a bounce says that there is no such mailbox.
            return Fate.FAILED, None if event.get("type") == "blocked" else "bounced"
        case "dropped":
            reason = _text(event, "reason").lower()
            return Fate.FAILED, next((bad for words, bad in _BAD_BY_WORDS if words in reason), None)
        case "spamreport":
            return None, "spam_report"
        case _:
            return None, None


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return "".join(c for c in value[:_LONGEST] if c.isprintable()) if isinstance(value, str) else ""


def _message_id(value: object) -> UUID | None:
    """Return the id of a receipt: ours are ``<uuid>.mail``."""
    try:
        return UUID(str(value).partition(".")[0])
    except ValueError:
        return None
