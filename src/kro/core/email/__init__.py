"""Mail: the interface, one file per vendor, and an in-memory fake held to the same tests."""

from kro.core.email.interface import (
    Email,
    EmailAccepted,
    EmailOutcomeUnknown,
    EmailProvider,
    EmailRefused,
    EmailResult,
)

__all__ = [
    "Email",
    "EmailAccepted",
    "EmailOutcomeUnknown",
    "EmailProvider",
    "EmailRefused",
    "EmailResult",
]
