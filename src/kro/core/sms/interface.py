from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from kro.core.outgoing import BreakerState
from kro.core.sms.gsm7 import ensure_one_part


class TextChannel(StrEnum):
    SMS = "sms"
    WHATSAPP = "whatsapp"


class TextKind(StrEnum):
    """What a second arrival means: of a code nothing, of a notice that money may seem to have moved twice."""

    CODE = "code"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class SMS:
    """One text message. The text may hold a code, so neither it nor the number shows in representations.

    ``message_id`` is ours; ``purpose`` is a short word such as ``otp`` or ``order_funded``. ``code`` is the one-time
    code in the text, for channels that only take it apart. ``subject_id`` is what the code is for, ``wish`` where the
    reader asked to have it. ``account_id`` is who asked for the text, where an account did: its day's budget pays.

    :raises UnsendableTextError: if the text is not one part of GSM-7; ``to_gsm7`` makes it one.
    """

    to_e164: str = field(repr=False)
    text: str = field(repr=False)
    message_id: str
    purpose: str
    kind: TextKind = TextKind.NOTICE
    code: str | None = field(default=None, repr=False)
    wish: TextChannel = TextChannel.SMS
    subject_id: UUID | None = None
    account_id: UUID | None = None

    def __post_init__(self) -> None:
        ensure_one_part(self.text)


@dataclass(frozen=True, slots=True)
class Cost:
    """A price in millionths of a unit of its currency: a text costs less than a cent."""

    micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class MessageAccepted:
    """The provider queued it. This is not a delivery."""

    provider: str
    provider_message_id: str
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """The provider did not take it. ``permanent`` refusals concern this number or text: another try changes nothing."""

    code: str
    permanent: bool
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class MessageOutcomeUnknown:
    """It may have been sent. Sending again may deliver it twice: fine for a code, decide for a notice.

    ``repeatable`` is false once that has been decided against.
    """

    cause: str
    repeatable: bool = True


SMSResult = MessageAccepted | MessageRefused | MessageOutcomeUnknown


class SMSProvider(Protocol):
    async def send(self, message: SMS) -> SMSResult:
        """Hand one message to the provider."""
        ...


class TextVendor(SMSProvider, Protocol):
    """One way of one vendor, such as WhatsApp through Twilio: ``route`` names it, ``provider`` whose its ids are."""

    @property
    def route(self) -> str: ...

    @property
    def provider(self) -> str: ...

    @property
    def channel(self) -> TextChannel: ...

    def breaker(self) -> BreakerState:
        """Say whether this process calls the vendor at the moment."""
        ...

    async def balance(self) -> Cost | None:
        """Return what is left on the account, if the vendor tells."""
        ...
