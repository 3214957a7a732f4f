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

__all__ = [
    "SMS",
    "MessageAccepted",
    "MessageOutcomeUnknown",
    "MessageRefused",
    "SMSProvider",
    "SMSResult",
    "UnsendableTextError",
    "ensure_one_part",
    "to_gsm7",
]
