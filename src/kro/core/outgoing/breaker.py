"""A breaker keeps from calling what keeps failing, so that one sick operation holds nobody up and may recover."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When a breaker opens: so many failures in a window of seconds, or such a share of the last so many calls."""

    failures: int = 5
    window_seconds: float = 20
    calls: int = 20
    share: float = 0.5
    probe_after_seconds: float = 30


DEFAULT_RULES: Final = BreakerRules()


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave for one call; ``era`` tells calls of before an opening from those after it."""

    era: int


class Breaker:
    """Says whether an operation may be called, from how its calls went. ``now`` returns monotonic seconds.

    Open, it admits nobody until ``probe_after_seconds`` have passed, then one call at a time: its success closes the
    breaker, its failure opens it anew.
    """

    def __init__(self, rules: BreakerRules = DEFAULT_RULES, *, now: Callable[[], float]) -> None:
        self._rules = rules
        self._now = now
        self._failures: deque[float] = deque(maxlen=rules.failures)
        self._last: deque[bool] = deque(maxlen=rules.calls)
        self._opened_at: float | None = None
        self._probe: Permit | None = None
        self._era = 0

    @property
    def state(self) -> BreakerState:
        if self._opened_at is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._probe is None else BreakerState.PROBING

    def admit(self) -> Permit | None:
        """Return leave for one call, to be handed back with :meth:`close` or :meth:`give_back`, or ``None``."""
        if self._opened_at is None:
            return Permit(self._era)
        rested = self._now() - self._opened_at >= self._rules.probe_after_seconds
        if self._probe is not None or not rested:
            return None
        self._probe = Permit(self._era)
        return self._probe

    def close(self, permit: Permit, *, failed: bool) -> None:
        """Count how a call went. What began before the breaker last opened or closed says nothing of today."""
        if permit.era != self._era:
            return
        if self._opened_at is not None:
            self._begin_era(opened_at=self._now() if failed else None)
            return
        now = self._now()
        self._last.append(failed)
        if failed:
            self._failures.append(now)
        if self._is_too_much(now):
            self._begin_era(opened_at=now)

    def give_back(self, permit: Permit) -> None:
        """Hand leave back that was not used up: the call was given up before anything was learned."""
        if permit is self._probe:
            self._probe = None

    def _is_too_much(self, now: float) -> bool:
        rules = self._rules
        burst = len(self._failures) == rules.failures and now - self._failures[0] <= rules.window_seconds
        mostly = len(self._last) == rules.calls and sum(self._last) >= rules.calls * rules.share
        return burst or mostly

    def _begin_era(self, *, opened_at: float | None) -> None:
        self._opened_at = opened_at
        self._probe = None
        self._era += 1
        self._failures.clear()
        self._last.clear()
