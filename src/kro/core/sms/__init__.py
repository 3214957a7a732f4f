"""Text messages: the interface, one file per vendor, and an in-memory fake held to the same tests."""

from kro.core.sms.gsm7 import UnsendableTextError, ensure_one_part, to_gsm7
from kro.core.sms.interface import (
    SMS,
    MessageAccepted,
    MessageOutcomeUnknown,
    MessageRefused,
    SMSProvider,
    SMSResult,
)
from kro.core.sms.termii import TermiiSettings, TermiiSMS

__all__ = [
    "SMS",
    "MessageAccepted",
    "MessageOutcomeUnknown",
    "MessageRefused",
    "SMSProvider",
    "SMSResult",
    "TermiiSMS",
    "TermiiSettings",
    "UnsendableTextError",
    "ensure_one_part",
    "to_gsm7",
]
