"""What stands before each operation of a provider: a breaker, and a bulkhead that bounds how many call at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kro.core.outgoing.breaker import DEFAULT_RULES, Breaker, BreakerRules, BreakerState, Permit
from kro.core.outgoing.exchange import Exchange, NotSent, OutcomeUnknown

BREAKER_OPEN = "breaker_open"
BULKHEAD_FULL = "bulkhead_full"


@dataclass(frozen=True, slots=True)
class GateRules:
    """How many calls of one operation may be under way, and how long one waits for its turn, in seconds."""

    at_once: int = 10
    wait_seconds: float = 2
    breaker: BreakerRules = DEFAULT_RULES


class Gates:
    """One gate for each operation, so that one that is sick or slow leaves the others alone."""

    def __init__(self, rules: GateRules | None = None, *, now: Callable[[], float] = time.monotonic) -> None:
        self._rules = rules or GateRules()
        self._now = now
        self._gates: dict[str, _Gate] = {}

    async def through(self, operation: str, call: Callable[[], Awaitable[Exchange]]) -> Exchange:
        """Make a call, or answer ``NotSent`` when the gate is shut: nothing has left, and trying later is safe."""
        gate = self._gates.get(operation)
        if gate is None:
            gate = self._gates[operation] = _Gate(self._rules, self._now)
        return await gate.through(call)

    def states(self) -> dict[str, BreakerState]:
        """Return how the breaker of each operation called so far stands."""
        return {operation: gate.breaker.state for operation, gate in self._gates.items()}


class _Gate:
    def __init__(self, rules: GateRules, now: Callable[[], float]) -> None:
        self.breaker = Breaker(rules.breaker, now=now)
        self._slots = asyncio.Semaphore(rules.at_once)
        self._wait_seconds = rules.wait_seconds

    async def through(self, call: Callable[[], Awaitable[Exchange]]) -> Exchange:
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._slots.acquire()
        except TimeoutError:
            return NotSent(BULKHEAD_FULL)
        try:
            # Asked only now: while one waited, the breaker may have opened.
            permit = self.breaker.admit()
            return NotSent(BREAKER_OPEN) if permit is None else await self._counted(permit, call)
        finally:
            self._slots.release()

    async def _counted(self, permit: Permit, call: Callable[[], Awaitable[Exchange]]) -> Exchange:
        try:
            outcome = await call()
        except BaseException:
            self.breaker.give_back(permit)
            raise
        self.breaker.close(permit, failed=isinstance(outcome, NotSent | OutcomeUnknown))
        return outcome
