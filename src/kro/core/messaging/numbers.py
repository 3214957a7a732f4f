"""Which numbers may cost us money, and how a number is counted without being kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kro.core.encryption import BlindIndex
from kro.core.phone import masked

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_CONTEXT: Final = "text_attempts.number"
_NETWORK_DIGITS: Final = 3
_SUBSCRIBER_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Number:
    """A number to text to. ``network`` is its first digits, as operators were given them; ``range`` all but the last 4.

    ``carrier`` is whose number it once was: people take numbers along.
    """

    e164: str = field(repr=False)
    index: str = field(repr=False)
    shown: str
    country: str
    network: str
    range: str
    carrier: str | None


class NumberReader:
    """Reads numbers; ``countries`` (ISO codes) are those that are served."""

    def __init__(self, index: BlindIndex, *, countries: Collection[str]) -> None:
        self._index = index
        self._countries = frozenset(countries)

    def read(self, e164: str) -> Number | None:
        """Return a number that may be texted to, or ``None``."""
        import phonenumbers  # noqa: PLC0415 - the number plans of the world, which only senders need

        try:
            number = phonenumbers.parse(e164)
        except phonenumbers.NumberParseException:
            return None
        # Premium, shared-cost, toll-free and UAN numbers have types of their own; landlines refuse texts for money or
        # for free.
        textable = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
        country = phonenumbers.region_code_for_number(number)
        is_textable = phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in textable
        if not is_textable or country is None or country not in self._countries:
            return None
        prefix = len(f"+{number.country_code}") + _NETWORK_DIGITS
        return Number(
            e164=e164,
            index=self.index_of(e164),
            shown=masked(e164),
            country=country,
            network=e164[:prefix],
            range=e164[:-_SUBSCRIBER_DIGITS],
            carrier=_carrier_of(number),
        )

    def index_of(self, e164: str) -> str:
        """Return what a number is found by."""
        return self._index.of(e164, context=_CONTEXT)


def _carrier_of(number: PhoneNumber) -> str | None:
    from phonenumbers import carrier  # noqa: PLC0415 - a table of the whole world, which only senders need

    return carrier.name_for_number(number, "en") or None
