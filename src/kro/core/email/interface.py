from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Email:
    """One mail to one person. Texts may hold a code or a link, so only ids show in representations.

    ``message_id`` is ours and comes back in delivery events; ``category`` is a short word such as ``otp``. Vendors
    keep both for long and count them as free of personal data: never put any there. ``may_repeat`` says that a second
    arrival harms nobody; a mail about money that arrives twice looks as if money had moved twice.
    """

    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    message_id: str
    category: str
    may_repeat: bool = False


@dataclass(frozen=True, slots=True)
class EmailAccepted:
    """The provider queued it. This is not a delivery."""

    provider: str
    provider_message_id: str


@dataclass(frozen=True, slots=True)
class EmailRefused:
    """The provider did not take it. ``permanent`` refusals concern this mail: another try changes nothing."""

    code: str
    permanent: bool
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class EmailOutcomeUnknown:
    """It may have been sent; sending again may deliver it twice."""

    cause: str


EmailResult = EmailAccepted | EmailRefused | EmailOutcomeUnknown


class EmailProvider(Protocol):
    async def send(self, message: Email) -> EmailResult:
        """Hand one mail to the provider."""
        ...
