from __future__ import annotations

import pytest

from kro.core.rate_limit import Limit, network_of
from kro.core.rate_limit.limiter import seconds_until_free

LIMIT = Limit("otp", quota=3, window_seconds=600)


@pytest.mark.parametrize(
    ("hits", "before", "elapsed", "wait"),
    [
        (3, 0, 0.0, 800),  # the next window, when a third of this one's hits no longer weighs
        (3, 0, 0.5, 500),
        (1, 3, 0.5, 100),  # 3 · (1 - e) + 1 + 1 ≤ 3 from e = ⅔ on
        (0, 3, 0.0, 200),
        (2, 3, 0.9, 60),
    ],
)
def test_the_wait_ends_when_one_more_fits(hits: int, before: int, elapsed: float, wait: int) -> None:
    assert seconds_until_free(LIMIT, hits=hits, before=before, elapsed=elapsed) == pytest.approx(wait, abs=1)


def test_a_single_shot_waits_for_the_whole_next_window() -> None:
    once = Limit("once", quota=1, window_seconds=60)

    assert seconds_until_free(once, hits=1, before=0, elapsed=0.5) == 90


@pytest.mark.parametrize(
    ("ip", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        (None, "unknown"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_a_subscriber_is_counted_as_one(ip: str | None, counted: str) -> None:
    assert network_of(ip) == counted
