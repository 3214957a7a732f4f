from __future__ import annotations

import pytest

from kro.core.outgoing.breaker import Breaker, BreakerRules, BreakerState

RULES = BreakerRules(failures=5, window_seconds=20, calls=20, share=0.5, probe_after_seconds=30)


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def breaker(seconds: Seconds) -> Breaker:
    return Breaker(RULES, now=seconds)


def call(breaker: Breaker, *, failed: bool) -> None:
    permit = breaker.admit()
    assert permit is not None
    breaker.close(permit, failed=failed)


def stands(breaker: Breaker) -> BreakerState:
    return breaker.state


def burst(breaker: Breaker, failures: int = RULES.failures) -> None:
    for _ in range(failures):
        call(breaker, failed=True)


class TestOpening:
    def test_a_burst_of_failures_opens_it(self, breaker: Breaker) -> None:
        burst(breaker, 4)
        assert stands(breaker) is BreakerState.CLOSED

        burst(breaker, 1)

        assert stands(breaker) is BreakerState.OPEN
        assert breaker.admit() is None

    def test_the_same_failures_over_a_longer_time_do_not(self, breaker: Breaker, seconds: Seconds) -> None:
        for _ in range(19):
            call(breaker, failed=seconds.now % 12 == 4)
            seconds.now += 6

        assert stands(breaker) is BreakerState.CLOSED

    def test_half_of_the_last_twenty_calls_open_it_however_slowly(self, breaker: Breaker, seconds: Seconds) -> None:
        for number in range(19):
            call(breaker, failed=number % 2 == 1)
            seconds.now += 60
        assert stands(breaker) is BreakerState.CLOSED

        call(breaker, failed=True)

        assert stands(breaker) is BreakerState.OPEN

    def test_less_than_half_does_not(self, breaker: Breaker, seconds: Seconds) -> None:
        for number in range(200):
            call(breaker, failed=number % 9 in {0, 2, 4, 6})
            seconds.now += 60

        assert stands(breaker) is BreakerState.CLOSED


class TestRecovery:
    def test_nobody_is_admitted_before_it_has_rested(self, breaker: Breaker, seconds: Seconds) -> None:
        burst(breaker)
        seconds.now += 29.9

        assert breaker.admit() is None

    def test_one_probe_at_a_time_closes_it_when_it_succeeds(self, breaker: Breaker, seconds: Seconds) -> None:
        burst(breaker)
        seconds.now += 30
        probe = breaker.admit()
        assert probe is not None
        assert (stands(breaker), breaker.admit()) == (BreakerState.PROBING, None)

        breaker.close(probe, failed=False)

        assert stands(breaker) is BreakerState.CLOSED
        burst(breaker, 4)
        assert stands(breaker) is BreakerState.CLOSED

    def test_a_failed_probe_opens_it_anew(self, breaker: Breaker, seconds: Seconds) -> None:
        burst(breaker)
        seconds.now += 30
        call(breaker, failed=True)

        assert stands(breaker) is BreakerState.OPEN
        seconds.now += 29
        assert breaker.admit() is None
        seconds.now += 1
        assert breaker.admit() is not None

    def test_a_probe_that_was_given_up_leaves_room_for_another(self, breaker: Breaker, seconds: Seconds) -> None:
        burst(breaker)
        seconds.now += 30
        probe = breaker.admit()
        assert probe is not None

        breaker.give_back(probe)

        assert breaker.admit() is not None

    def test_what_began_before_it_opened_changes_nothing(self, breaker: Breaker, seconds: Seconds) -> None:
        slow = breaker.admit()
        assert slow is not None
        burst(breaker)

        breaker.close(slow, failed=False)
        assert stands(breaker) is BreakerState.OPEN

        seconds.now += 30
        call(breaker, failed=False)
        breaker.close(slow, failed=True)
        burst(breaker, 4)
        assert stands(breaker) is BreakerState.CLOSED
