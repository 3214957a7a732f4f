"""Texts: which vendor serves which numbers, how long one waits for a report, and what a day may cost."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from kro.core.config.groups import Group, NotNegative, Positive

RouteName = Literal["termii", "telnyx", "twilio", "whatsapp", "twilio_whatsapp"]
RangePrefix = Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{0,9}$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class TextRoute(Group):
    """The routes, in their order, of one kind of text to numbers with a prefix; the longest prefix that fits counts.

    Routes whose vendor is not configured are left out.
    """

    prefix: Annotated[str, StringConstraints(pattern=r"^(\+[1-9]\d{0,13})?$")]
    kind: Literal["code", "notice"]
    via: tuple[RouteName, ...] = Field(min_length=1)


class TextCaps(Group):
    """What a day's texts may cost by the estimates of ``prices_minor``, in kobo; alarms come at 50, 80 and 100 %.

    ``range_minor`` is for every block of ten thousand numbers, ``ranges`` for all numbers with a prefix, beside it;
    ``account_minor`` for what one account asks for, to whatever numbers, with an alarm at 100 % only.
    """

    number_minor: Positive
    range_minor: Positive
    ranges: dict[RangePrefix, Positive] = Field(default_factory=dict)
    account_minor: Positive
    country_minor: Positive
    provider_minor: Positive
    total_minor: Positive


class ConversionWatch(Group):
    """Codes sent to a range of numbers and never used are the mark of SMS pumping: such a range is paused.

    Of the codes sent in the last ``window_minutes``, so many at least, fewer than ``floor_bps`` were used.
    """

    window_minutes: Positive
    least_sent: Positive
    floor_bps: Annotated[int, Field(ge=0, le=10_000)]


class ReceiptEvidence(StrEnum):
    ACCEPTED = "accepted"
    DELIVERED = "delivered"

    @property
    def states(self) -> tuple[str, ...]:
        """Return the states of a receipt that are enough."""
        return (self.DELIVERED,) if self is ReceiptEvidence.DELIVERED else (self.ACCEPTED, self.DELIVERED)


class MessagingSettings(Group):
    routes: tuple[TextRoute, ...] = Field(min_length=1)
    countries: tuple[CountryCode, ...] = Field(min_length=1)
    """Where texts are sent at all; others cost more and invite SMS pumping."""
    report_seconds: Annotated[int, Field(ge=20, le=40)]
    """How long a code waits for its delivery report before it is sent another way."""
    extra_codes: Annotated[int, Field(ge=0, le=2)]
    extra_notices: Annotated[int, Field(ge=0, le=2)]
    remember_days: Positive
    """How long the route that last reached a number is preferred for it."""
    prices_minor: dict[str, NotNegative]
    """What one text costs by each route, in kobo; what vendors really charge is kept beside it."""
    caps: TextCaps
    conversion: ConversionWatch
    receipt_evidence: ReceiptEvidence = ReceiptEvidence.ACCEPTED
    """From when on a reminder counts as having reached somebody: a vendor took it, or reported it delivered."""

    @model_validator(mode="after")
    def _every_route_has_a_price(self) -> Self:
        unpriced = {name for route in self.routes for name in route.via} - self.prices_minor.keys()
        if unpriced:
            raise ValueError(f"pricesMinor must name a price for {', '.join(sorted(unpriced))}, or no cap would hold")
        return self
