from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.scheduler.pump import Pump, PumpOptions, Result, back_off
from kro.core.scheduler.signals import RetryLater
from kro.core.scheduler.watch import PROGRAM_TIME
from kro.core.telemetry import get_logger
from kro.core.telemetry.tracing import working

_LOG = get_logger()

# Deadlines are business time and come from the injected clock; leases are the database's clock, one for all hosts.
_DUE: Final = f"""
    SELECT t.order_id, t.kind FROM timers AS t
    WHERE t.due_at <= {PROGRAM_TIME} AND (t.lease_until IS NULL OR t.lease_until <= now())"""  # noqa: S608 - a constant

_CLAIM: Final = f"""
WITH due AS MATERIALIZED ({_DUE}
    ORDER BY t.due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE timers AS t SET attempts = t.attempts + 1, lease_until = now() + make_interval(secs => $2)
FROM due WHERE t.order_id = due.order_id AND t.kind = due.kind
RETURNING t.order_id, t.kind, t.attempts"""  # noqa: S608 - built from constants only

# A timer armed anew meanwhile starts at zero tries, so this never delays it.
_POSTPONE: Final = """
UPDATE timers AS t SET lease_until = now() + make_interval(secs => r.delay)
FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::float8[]) AS r (order_id, kind, attempts, delay)
WHERE t.order_id = r.order_id AND t.kind = r.kind AND t.attempts = r.attempts"""

Fire = Callable[[UUID, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class DueTimer:
    order_id: UUID
    kind: str
    attempts: int


@dataclass(frozen=True, slots=True)
class TimerOptions:
    """Seconds throughout. There is no last try: no deadline of an order is ever dropped."""

    poll_seconds: float = 1.0
    parallel: int = 10
    lease_seconds: float = 60.0
    delays: tuple[float, ...] = (1, 5, 30, 120, 600, 3600)
    jitter: Callable[[], float] = random.SystemRandom().random


class TimerRunner:
    """Fires due timers; the decision that follows clears the row or sets a new deadline.

    Several runners on one database share the work. A row that neither happened to fires again when its lease ends,
    which is harmless: the decision looks at the order, not at the timer.
    """

    name = "timers"
    due = _DUE

    def __init__(
        self,
        database: Database,
        fire: Fire,
        clock: Clock,
        *,
        options: TimerOptions | None = None,
    ) -> None:
        options = options or TimerOptions()
        self._pump = Pump(
            _Timers(database, fire, clock, options),
            options=PumpOptions(
                poll_seconds=options.poll_seconds,
                parallel=options.parallel,
                deadline_seconds=options.lease_seconds * 0.75,
            ),
        )

    async def run(self) -> None:
        """Fire timers until :meth:`stop`, then finish what is in hand."""
        await self._pump.run()

    def stop(self) -> None:
        """Claim nothing more."""
        self._pump.stop()

    def wake(self) -> None:
        """Look for due timers now instead of at the next poll."""
        self._pump.wake()

    async def run_until_idle(self) -> int:
        """Fire everything that is due now and return how many tries that took."""
        return await self._pump.run_until_idle()


class _Timers:
    def __init__(self, database: Database, fire: Fire, clock: Clock, options: TimerOptions) -> None:
        self._database = database
        self._fire = fire
        self._clock = clock
        self._lease_seconds = options.lease_seconds
        self._delay = back_off(options.delays, jitter=options.jitter)

    async def claim(self, limit: int) -> Sequence[DueTimer]:
        rows = await self._database.rows(_CLAIM, self._clock.now(), self._lease_seconds, limit)
        return [DueTimer(**row) for row in rows]

    async def handle(self, item: DueTimer) -> None:
        with working(f"timer {item.kind}", timer=item.kind, order_id=str(item.order_id)):
            await self._fire(item.order_id, item.kind)

    async def settle(self, results: Sequence[Result[DueTimer]]) -> None:
        failed = [(result.item, result.error) for result in results if result.error is not None]
        if not failed:
            return
        await self._database.execute(
            _POSTPONE,
            [timer.order_id for timer, _ in failed],
            [timer.kind for timer, _ in failed],
            [timer.attempts for timer, _ in failed],
            [self._postpone(timer, error) for timer, error in failed],
        )

    def _postpone(self, timer: DueTimer, error: Exception) -> float:
        facts = {"order_id": timer.order_id, "timer": timer.kind, "attempt": timer.attempts}
        if isinstance(error, RetryLater):
            _LOG.info("timer_postponed", reason_code=error.reason, **facts)
            return self._delay(timer.attempts) if error.after_seconds is None else error.after_seconds
        _LOG.error("timer_failed", exc_info=error, **facts)
        return self._delay(timer.attempts)
