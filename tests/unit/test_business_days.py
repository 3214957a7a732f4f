from datetime import UTC, date, datetime, timedelta

import pytest

from kro.core.business_days import Days, day_of, day_start


def test_a_day_begins_an_hour_before_it_does_in_utc() -> None:
    assert day_start(date(2026, 1, 15)) == datetime(2026, 1, 14, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 1, 31, 22, 59, 59, 999_999, tzinfo=UTC), date(2026, 1, 31)),
        (datetime(2026, 1, 31, 23, tzinfo=UTC), date(2026, 2, 1)),
    ],
)
def test_a_moment_falls_on_its_day_in_lagos(moment: datetime, day: date) -> None:
    assert day_of(moment) == day


def test_days_contain_the_last_one() -> None:
    january = Days(date(2026, 1, 1), date(2026, 1, 31))

    assert len(january) == 31
    assert january.end - january.start == timedelta(days=31)
    assert january.end == Days(date(2026, 2, 1), date(2026, 2, 1)).start


def test_days_that_end_before_they_start_are_none() -> None:
    assert len(Days(date(2026, 1, 2), date(2026, 1, 1))) == 0


def test_an_open_side_has_no_bound() -> None:
    assert Days().start < Days(date(2000, 1, 1)).start
    assert Days().end > Days(None, date(2199, 12, 31)).end
