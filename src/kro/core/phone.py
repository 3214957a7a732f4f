"""Phone numbers in one form: E.164, mobiles only."""

from __future__ import annotations

from typing import Final

from kro.core.errors import ErrorKind, FieldError, KroError

DEFAULT_REGION: Final = "NG"
_LONGEST: Final = 40


class InvalidPhoneError(KroError):
    """The phone number is not a mobile number we can send to."""

    kind = ErrorKind.INVALID
    code = "invalid_phone"

    def __init__(self, pointer: str = "/phone") -> None:
        super().__init__(errors=(FieldError(pointer, self.code, (self.__doc__ or "")),))


def to_e164(text: str, *, regions: frozenset[str] = frozenset({DEFAULT_REGION}), pointer: str = "/phone") -> str:
    """Return a mobile number as ``+2348031234567``, whatever way a person wrote it.

    A number without a country code is Nigerian. Only countries in ``regions`` are served: sending elsewhere costs
    more and invites SMS pumping. Toll-free, premium and UAN numbers are refused by their type.

    :raises InvalidPhoneError: naming the field by its JSON pointer.
    """
    import phonenumbers  # noqa: PLC0415 - the number plans of the world: a server is ready without them

    if len(text) > _LONGEST:
        raise InvalidPhoneError(pointer)
    text = text.strip()
    if text.startswith("00"):
        # The international prefix of most of the world; Nigeria's own is 009, which the library knows.
        text = text if text.startswith("009") else f"+{text[2:]}"
    try:
        number = phonenumbers.parse(text, DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        raise InvalidPhoneError(pointer) from None
    mobile = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    # `is_possible_number` is no help: it accepts numbers that are too short.
    if (
        not phonenumbers.is_valid_number(number)
        or phonenumbers.number_type(number) not in mobile
        or phonenumbers.region_code_for_number(number) not in regions
        or number.extension
    ):
        raise InvalidPhoneError(pointer)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def masked(phone: str) -> str:
    """Return a number that says which one it is only to who knows it: ``+234803 ***4567``."""
    return f"{phone[:7]} ***{phone[-4:]}"
