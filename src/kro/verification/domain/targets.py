"""Where codes and links go: a number by text, an address by mail."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from kro.core.errors import ValidationFailedError
from kro.core.phone import to_e164


class TargetChannel(StrEnum):
    SMS = "sms"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Target:
    """A number or an address in the one form it is counted, compared and kept in."""

    channel: TargetChannel
    address: str = field(repr=False)

    @classmethod
    def phone(cls, text: str, *, pointer: str = "/phone") -> Self:
        """Return a mobile number in E.164.

        :raises InvalidPhoneError: when the number is not a mobile number we serve.
        """
        return cls(TargetChannel.SMS, to_e164(text, pointer=pointer))

    @classmethod
    def mail(cls, text: str) -> Self:
        """Return a mail address without regard to case: nobody runs two mailboxes that differ in it alone."""
        return cls(TargetChannel.MAIL, unicodedata.normalize("NFC", text).strip().lower())

    @classmethod
    def of(cls, *, phone: str | None, email: str | None) -> Self:
        """Return the one that was given.

        :raises ValidationFailedError: when neither or both were.
        :raises InvalidPhoneError: when the number is not a mobile number we serve.
        """
        if (phone is None) == (email is None):
            raise ValidationFailedError("/phone", "one_of", "Give a phone number or a mail address, one of the two.")
        return cls.phone(phone) if phone is not None else cls.mail(email or "")

    @property
    def number(self) -> str | None:
        return self.address if self.channel is TargetChannel.SMS else None

    @property
    def mailbox(self) -> str | None:
        return self.address if self.channel is TargetChannel.MAIL else None
