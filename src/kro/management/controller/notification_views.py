"""What the API says about notices, and takes about what people want to hear."""

import re
from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints

from kro.core.errors import FieldError
from kro.core.http import Input, Output
from kro.core.ids import show_id
from kro.core.notices import Channel, Group, Language, Preferences, QuietHours, Weight
from kro.core.notifications import Notification, PreferenceLockedError

_TIME: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_CHOSEN: Final = (Channel.SMS, Channel.MAIL)

ClockTime = Annotated[str, StringConstraints(pattern=_TIME), Field(examples=["22:00"])]


class NotificationRead(Output):
    id: str = Field(examples=["ntf_01kajz7k3nf9b8r2m4q6s8t0vw"])
    group: Group
    weight: Weight
    template: str = Field(examples=["order_accepted"])
    title: str
    body: str = Field(description="Plain text; an empty line ends a paragraph.")
    about: str | None = Field(
        description="The order, payout or refund it is about.", examples=["ord_01kajz7k3nf9b8r2m4q6s8t0vw"]
    )
    created_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, one: Notification) -> Self:
        return cls(
            id=show_id("ntf", one.id),
            group=Group(one.topic),
            weight=Weight(one.weight),
            template=one.template,
            title=one.title,
            body=one.body,
            about=one.about,
            created_at=one.created_at,
            read_at=one.read_at,
        )


class UnreadRead(Output):
    unread: int = Field(description="Counted up to 1000.")


class MarkedRead(Output):
    marked: int


class QuietHoursModel(Input):
    """Lagos time; `start` may be later than `end`, over midnight. No text about anything that can wait comes then."""

    start: ClockTime
    end: ClockTime


class ChannelsModel(Input):
    sms: bool = True
    mail: bool = True


class GroupRead(Output):
    group: Group
    locked: bool = Field(description="About security, money or deadlines: always on.")
    channels: dict[Channel, bool]


class PreferencesRead(Output):
    language: Language
    quiet_hours: QuietHoursModel | None
    groups: list[GroupRead]

    @classmethod
    def of(cls, chosen: Preferences) -> Self:
        quiet = chosen.quiet
        return cls(
            language=chosen.language,
            quiet_hours=QuietHoursModel(start=_shown(quiet.start), end=_shown(quiet.end)) if quiet else None,
            groups=[
                GroupRead(
                    group=group,
                    locked=group.is_locked,
                    channels={channel: chosen.wants(group, channel) for channel in Channel},
                )
                for group in Group
            ],
        )


class PreferencesIn(Input):
    """All of what you choose; what is left out is on, and without quiet hours there are none."""

    language: Language = Language.EN
    quiet_hours: QuietHoursModel | None = None
    groups: dict[Group, ChannelsModel] = Field(default_factory=dict)

    def to_preferences(self) -> Preferences:
        """Return what was chosen.

        :raises PreferenceLockedError: when something is switched off that cannot be.
        """
        off = [
            (group, channel)
            for group, channels in self.groups.items()
            for channel in _CHOSEN
            if not getattr(channels, channel)
        ]
        locked = [pair for pair in off if pair[0].is_locked]
        if locked:
            raise PreferenceLockedError(
                errors=tuple(
                    FieldError(f"/groups/{group}/{channel}", "locked", "This cannot be switched off.")
                    for group, channel in locked
                )
            )
        quiet = self.quiet_hours
        has_quiet = quiet is not None and quiet.start != quiet.end
        return Preferences(
            language=self.language,
            muted=frozenset(off),
            quiet=QuietHours(_minutes(quiet.start), _minutes(quiet.end)) if quiet and has_quiet else None,
        )


def _minutes(text: str) -> int:
    hours, minutes = re.split(":", text)
    return int(hours) * 60 + int(minutes)


def _shown(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
