from __future__ import annotations

import asyncio

import pytest

from kro.core.database.pool import Database
from kro.core.rate_limit import Limit, RateLimitedError, RateLimiter

LIMIT = Limit("test", quota=3, window_seconds=600)


@pytest.fixture
def limiter(database: Database) -> RateLimiter:
    return RateLimiter(database)


async def hits(database: Database) -> int:
    found: int = await database.value("SELECT coalesce(sum(hits), 0)::integer FROM rate_limits")
    return found


async def test_forty_at_once_let_the_quota_through(limiter: RateLimiter, database: Database) -> None:
    outcomes = await asyncio.gather(*(limiter.hit((LIMIT, "a")) for _ in range(40)), return_exceptions=True)

    assert len([outcome for outcome in outcomes if outcome is None]) == 3
    assert len([outcome for outcome in outcomes if isinstance(outcome, RateLimitedError)]) == 37
    assert await hits(database) == 3


async def test_subjects_and_buckets_are_counted_apart(limiter: RateLimiter) -> None:
    for _ in range(3):
        await limiter.hit((LIMIT, "a"))

    await limiter.hit((LIMIT, "b"))
    await limiter.hit((Limit("other", quota=1, window_seconds=600), "a"))
    with pytest.raises(RateLimitedError):
        await limiter.hit((LIMIT, "a"))


async def test_the_window_before_weighs_by_what_is_left_of_it(limiter: RateLimiter, database: Database) -> None:
    """No burst fits around the edge of two windows: three just before it leave no room just after."""
    long = Limit("test", quota=3, window_seconds=1_000_000_000)
    for _ in range(3):
        await limiter.hit((long, "a"))
    elapsed = await database.value(
        """
        UPDATE rate_limits SET window_start = window_start - interval '1000000000 seconds'
        RETURNING extract(epoch FROM now() - window_start)::float / 1000000000 - 1"""
    )
    room = int(3 - 3 * (1 - elapsed))

    for _ in range(room):
        await limiter.hit((long, "a"))

    assert 0 < room < 3
    with pytest.raises(RateLimitedError):
        await limiter.hit((long, "a"))


async def test_the_first_full_limit_stops_the_count_of_the_later(limiter: RateLimiter, database: Database) -> None:
    mine = Limit("mine", quota=1, window_seconds=600)
    await limiter.hit((mine, "me"), (LIMIT, "victim"))

    with pytest.raises(RateLimitedError) as caught:
        await limiter.hit((mine, "me"), (LIMIT, "victim"))

    assert (caught.value.policy, caught.value.quota, caught.value.window_seconds) == ("mine", 1, 600)
    assert await database.value("SELECT hits FROM rate_limits WHERE subject = 'victim'") == 1


async def test_a_forgiven_hit_is_free_again(limiter: RateLimiter) -> None:
    for _ in range(10):
        await limiter.hit((LIMIT, "a"))
        await limiter.forgive(LIMIT, "a")


async def test_forgiving_what_was_not_counted_changes_nothing(limiter: RateLimiter, database: Database) -> None:
    await limiter.forgive(LIMIT, "a")

    assert await hits(database) == 0


async def test_old_counters_are_swept(limiter: RateLimiter, database: Database) -> None:
    await limiter.hit((LIMIT, "a"))
    await limiter.hit((LIMIT, "b"))
    await database.execute("UPDATE rate_limits SET window_start = now() - interval '3 days' WHERE subject = 'a'")

    assert await limiter.sweep() == 1
    assert await hits(database) == 1
