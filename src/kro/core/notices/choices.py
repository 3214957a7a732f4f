"""What a person chose to hear, and by which ways a notice reaches them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from kro.core.business_days import LAGOS
from kro.core.notices.matrix import Rule
from kro.core.notices.words import Channel, Group, Language, Weight

_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Minutes after midnight in Lagos; ``start`` may be later than ``end``, over midnight."""

    start: int
    end: int

    def over_at(self, moment: datetime) -> datetime | None:
        """Return when the quiet hours that a moment falls into are over, or ``None``."""
        local = moment.astimezone(LAGOS)
        minute = local.hour * 60 + local.minute
        length = (self.end - self.start) % _DAY
        if (minute - self.start) % _DAY >= length:
            return None
        rest = timedelta(minutes=(self.end - minute) % _DAY)
        return local.replace(second=0, microsecond=0) + rest


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one person chose; whoever has chosen nothing hears everything, in English."""

    language: Language = Language.EN
    muted: frozenset[tuple[Group, Channel]] = field(default_factory=frozenset)
    quiet: QuietHours | None = None

    def wants(self, group: Group, channel: Channel) -> bool:
        """Say whether a notice of a group goes out by a channel; the inbox and what is locked cannot be muted."""
        return group.is_locked or channel is Channel.IN_APP or (group, channel) not in self.muted


class Skip(StrEnum):
    """Why a notice does not go out by a channel the matrix names."""

    MUTED = "muted"
    NO_ADDRESS = "no_address"
    BAD_ADDRESS = "bad_address"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where somebody can be reached: the addresses there are, and whether the mailbox takes our mail."""

    phone: bool = True
    mail: bool = True
    mail_is_bad: bool = False

    def skip(self, channel: Channel) -> Skip | None:
        """Say why a channel cannot be used."""
        given = {Channel.SMS: self.phone, Channel.MAIL: self.mail}.get(channel, True)
        if not given:
            return Skip.NO_ADDRESS
        return Skip.BAD_ADDRESS if channel is Channel.MAIL and self.mail_is_bad else None


@dataclass(frozen=True, slots=True)
class Way:
    """One channel outside of the app: when it may be used at the earliest, or why it is not used at all."""

    channel: Channel
    not_before: datetime | None = None
    skip: Skip | None = None


def ways_to_reach(rule: Rule, preferences: Preferences, reach: Reach, *, now: datetime) -> tuple[Way, ...]:
    """Return what becomes of each channel of a notice except the inbox, which always has it.

    Whoever muted texts because mail reaches them, and whose mailbox is bad, is texted about what matters.
    """
    stands_in = rule.weight is not Weight.INFORMATIVE and reach.skip(Channel.MAIL) is Skip.BAD_ADDRESS
    quiet = None if rule.weight is Weight.CRITICAL or preferences.quiet is None else preferences.quiet.over_at(now)
    ways: list[Way] = []
    for channel in rule.channels:
        if channel is Channel.IN_APP:
            continue
        wanted = preferences.wants(rule.group, channel) or (channel is Channel.SMS and stands_in)
        skip = reach.skip(channel) if wanted else Skip.MUTED
        ways.append(Way(channel, not_before=quiet if channel is Channel.SMS else None, skip=skip))
    return tuple(ways)
