"""Text messages: the interface, one file per vendor, and an in-memory fake held to the same tests."""

from kro.core.sms.gsm7 import UnsendableTextError, ensure_one_part, to_gsm7
from kro.core.sms.interface import (
    SMS,
    Cost,
    MessageAccepted,
    MessageOutcomeUnknown,
    MessageRefused,
    SMSProvider,
    SMSResult,
    TextChannel,
    TextKind,
    TextVendor,
)
from kro.core.sms.telnyx import TelnyxSettings, TelnyxSMS
from kro.core.sms.termii import TermiiSettings, TermiiSMS
from kro.core.sms.twilio import TwilioSettings, TwilioSMS

__all__ = [
    "SMS",
    "Cost",
    "MessageAccepted",
    "MessageOutcomeUnknown",
    "MessageRefused",
    "SMSProvider",
    "SMSResult",
    "TelnyxSMS",
    "TelnyxSettings",
    "TermiiSMS",
    "TermiiSettings",
    "TextChannel",
    "TextKind",
    "TextVendor",
    "TwilioSMS",
    "TwilioSettings",
    "UnsendableTextError",
    "ensure_one_part",
    "to_gsm7",
]
