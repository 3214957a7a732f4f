"""How long payments and payouts are followed, and what a payout costs and needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kro.payment.database.payout_words import DutyBearer

DAY: Final = timedelta(days=1)
FIRST_POLL: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CollectionRules:
    """``poll_seconds`` count from the start of a payment; after the last step a provider is asked once a day.

    ``payer_email_domain`` completes an address for payers who gave none, because a checkout page asks for one.
    """

    callback_url: str
    payer_email_domain: str
    poll_seconds: tuple[int, ...] = (60, 300, 900, 3_600, 21_600)
    give_up_after: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class PayoutRules:
    """Amounts in minor units. ``fee_minor`` contains its VAT.

    ``max_per_hour`` and ``max_per_day`` are how often one user may ask. ``lease`` is how long one call to the provider
    may take before it counts as lost: longer than any deadline of the provider's client. ``not_found_cooling`` is how
    long "no such transfer" is not believed; afterwards the reference is used again, but only where the provider
    documents that it takes no reference twice (``references_are_unique``). ``return_watch`` is how long a success is
    asked about again, because banks send money back. ``alarm_after`` and ``people_after`` are how long a transfer may
    be open before people are told, and before two of them may decide.
    """

    provider: str
    fee_minor: int
    second_approver_above_minor: int
    duty_bearer: DutyBearer = DutyBearer.USER
    max_per_hour: int = 10
    max_per_day: int = 20
    poll_seconds: tuple[int, ...] = (60, 300, 900, 3_600, 10_800, 21_600, 43_200)
    lease: timedelta = timedelta(minutes=3)
    not_found_cooling: timedelta = DAY
    references_are_unique: bool = True
    return_watch: timedelta = timedelta(days=7)
    alarm_after: timedelta = timedelta(hours=1)
    people_after: timedelta = DAY


@dataclass(frozen=True, slots=True)
class PayoutLimits:
    """What the owner's verification tier allows, in minor units; ``None`` is no limit.

    A payout below ``auto_approve_below_minor`` needs nobody's approval if nothing else speaks against it; 0 switches
    that off.
    """

    transaction_minor: int | None
    day_minor: int | None
    auto_approve_below_minor: int = 0


def next_poll(*, since: datetime, ladder: Sequence[int], now: datetime) -> datetime:
    """Return when to ask next: the first step of the ladder that lies ahead, then every day."""
    ahead = (since + timedelta(seconds=step) for step in ladder)
    return next((at for at in ahead if at > now), now + DAY)
