"""Mail: the interface, one file per vendor, and an in-memory fake held to the same tests."""

from kro.core.email.interface import (
    Email,
    EmailAccepted,
    EmailOutcomeUnknown,
    EmailProvider,
    EmailRefused,
    EmailResult,
)
from kro.core.email.routes import MailRoutes
from kro.core.email.sendgrid import SendGridEmail, SendGridSettings

__all__ = [
    "Email",
    "EmailAccepted",
    "EmailOutcomeUnknown",
    "EmailProvider",
    "EmailRefused",
    "EmailResult",
    "MailRoutes",
    "SendGridEmail",
    "SendGridSettings",
]
