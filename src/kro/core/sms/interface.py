from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from kro.core.sms.gsm7 import ensure_one_part


@dataclass(frozen=True, slots=True)
class SMS:
    """One text message. The text may hold a code, so neither it nor the number shows in representations.

    ``message_id`` is ours; ``purpose`` is a short word such as ``otp`` or ``order_funded``.

    :raises UnsendableTextError: if the text is not one part of GSM-7; ``to_gsm7`` makes it one.
    """

    to_e164: str = field(repr=False)
    text: str = field(repr=False)
    message_id: str
    purpose: str

    def __post_init__(self) -> None:
        ensure_one_part(self.text)


@dataclass(frozen=True, slots=True)
class MessageAccepted:
    """The provider queued it. This is not a delivery."""

    provider: str
    provider_message_id: str


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """The provider did not take it. ``permanent`` refusals concern this number or text: another try changes nothing."""

    code: str
    permanent: bool
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class MessageOutcomeUnknown:
    """It may have been sent. Sending again may deliver it twice: fine for a code, decide for a notice."""

    cause: str


SMSResult = MessageAccepted | MessageRefused | MessageOutcomeUnknown


class SMSProvider(Protocol):
    async def send(self, message: SMS) -> SMSResult:
        """Hand one message to the provider."""
        ...
