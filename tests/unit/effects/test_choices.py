from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kro.core.notices import (
    Channel,
    Group,
    Preferences,
    QuietHours,
    Reach,
    Reader,
    Skip,
    Template,
    Way,
    rule_of,
    ways_to_reach,
)

NOON = datetime(2026, 1, 15, 11, 0, tzinfo=UTC)
NIGHT = datetime(2026, 1, 15, 22, 10, 30, tzinfo=UTC)
ORDERS = rule_of(Template.ORDER_ACCEPTED, Reader.BUYER)
MONEY = rule_of(Template.ORDER_CLOSED, Reader.SELLER)
CHAT = rule_of(Template.ORDER_MESSAGE, Reader.BUYER)
REACH = Reach()


@pytest.mark.parametrize(
    ("quiet", "moment", "over_at"),
    [
        (QuietHours(22 * 60, 6 * 60), NOON, None),
        (QuietHours(22 * 60, 6 * 60), NIGHT, datetime(2026, 1, 16, 5, 0, tzinfo=UTC)),
        (QuietHours(22 * 60, 6 * 60), datetime(2026, 1, 16, 5, 0, tzinfo=UTC), None),
        (QuietHours(22 * 60, 6 * 60), datetime(2026, 1, 16, 4, 59, tzinfo=UTC), datetime(2026, 1, 16, 5, tzinfo=UTC)),
        (QuietHours(12 * 60, 13 * 60), NOON, datetime(2026, 1, 15, 12, 0, tzinfo=UTC)),
        (QuietHours(60, 60), NOON, None),
    ],
)
def test_quiet_hours_are_lagos_time_and_may_pass_midnight(
    quiet: QuietHours, moment: datetime, over_at: datetime | None
) -> None:
    assert quiet.over_at(moment) == over_at


def test_whoever_chose_nothing_hears_everything_at_once() -> None:
    assert ways_to_reach(ORDERS, Preferences(), REACH, now=NIGHT) == (Way(Channel.SMS), Way(Channel.MAIL))


def test_a_text_that_can_wait_waits_for_the_morning_and_a_critical_one_does_not() -> None:
    asleep = Preferences(quiet=QuietHours(22 * 60, 6 * 60))

    sms, mail = ways_to_reach(ORDERS, asleep, REACH, now=NIGHT)
    assert (sms.not_before, mail.not_before) == (datetime(2026, 1, 16, 5, 0, tzinfo=UTC), None)
    assert all(way.not_before is None for way in ways_to_reach(MONEY, asleep, REACH, now=NIGHT))


def test_what_is_locked_cannot_be_muted() -> None:
    silent = Preferences(muted=frozenset((group, channel) for group in Group for channel in Channel))

    assert all(way.skip is None for way in ways_to_reach(MONEY, silent, REACH, now=NOON))
    assert all(way.skip is Skip.MUTED for way in ways_to_reach(ORDERS, silent, REACH, now=NOON))


@pytest.mark.parametrize(
    ("reach", "sms", "mail"),
    [
        (REACH, Skip.MUTED, None),
        (Reach(mail=False), Skip.MUTED, Skip.NO_ADDRESS),
        (Reach(mail_is_bad=True), None, Skip.BAD_ADDRESS),
    ],
)
def test_a_text_stands_in_for_a_mailbox_that_went_bad(reach: Reach, sms: Skip | None, mail: Skip | None) -> None:
    by_mail_only = Preferences(muted=frozenset({(Group.ORDERS, Channel.SMS)}))

    ways = {way.channel: way.skip for way in ways_to_reach(ORDERS, by_mail_only, reach, now=NOON)}

    assert ways == {Channel.SMS: sms, Channel.MAIL: mail}


def test_nobody_is_texted_about_chat() -> None:
    bad = Reach(mail_is_bad=True)

    assert ways_to_reach(CHAT, Preferences(), bad, now=NOON) == (Way(Channel.MAIL, skip=Skip.BAD_ADDRESS),)


def test_an_account_without_a_phone_is_mailed() -> None:
    assert ways_to_reach(MONEY, Preferences(), Reach(phone=False), now=NOON) == (
        Way(Channel.SMS, skip=Skip.NO_ADDRESS),
        Way(Channel.MAIL),
    )
