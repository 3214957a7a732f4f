from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kro.core.database.pool import Database
from kro.core.errors import KroError
from kro.core.outbox.envelope import Envelope, Handler
from kro.core.outbox.store import OutboxState, OutboxStore, Verdict, due_query
from kro.core.scheduler.pump import Pump, PumpOptions, Result, back_off
from kro.core.scheduler.signals import GiveUp, RetryLater
from kro.core.telemetry import get_logger, hooks
from kro.core.telemetry.catalogue import OUTBOX_TRIES
from kro.core.telemetry.tracing import working

_LOG = get_logger()
_EXHAUSTED: Final = "attempts_exhausted"


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """Seconds throughout. The last delay repeats until ``max_attempts`` tries are spent, after about seven hours."""

    poll_seconds: float = 0.2
    parallel: int = 20
    lease_seconds: float = 60.0
    delays: tuple[float, ...] = (1, 5, 30, 120, 600, 3600)
    jitter: Callable[[], float] = random.SystemRandom().random
    max_attempts: int = 12

    def pump(self) -> PumpOptions:
        """Return the loop's part; a handler is cut off at three quarters of its lease."""
        return PumpOptions(
            poll_seconds=self.poll_seconds, parallel=self.parallel, deadline_seconds=self.lease_seconds * 0.75
        )


class OutboxRelay:
    """Delivers the messages of its handlers' topics at least once: in order within a key, in parallel across keys.

    Several relays on one database share the work. A worker that dies leaves leases, and when they run out its messages
    are delivered again. Topics without a handler here stay untouched for whoever has one.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        options: RelayOptions | None = None,
    ) -> None:
        options = options or RelayOptions()
        self._pump = Pump(_Delivery(OutboxStore(database), handlers, options), options=options.pump())
        self.name = "outbox." + "+".join(handlers)
        self.due = due_query(tuple(handlers))

    async def run(self) -> None:
        """Deliver until :meth:`stop`, then finish what is in hand."""
        await self._pump.run()

    def stop(self) -> None:
        """Claim nothing more."""
        self._pump.stop()

    def wake(self) -> None:
        """Look for messages now instead of at the next poll."""
        self._pump.wake()

    async def run_until_idle(self) -> int:
        """Deliver everything that is due now and return how many tries that took."""
        return await self._pump.run_until_idle()


class _Delivery:
    """What the loop does with messages: claim, handle, and turn outcomes into verdicts."""

    def __init__(
        self,
        store: OutboxStore,
        handlers: Mapping[str, Handler],
        options: RelayOptions,
    ) -> None:
        self._store = store
        self._handlers = handlers
        self._options = options
        self._delay = back_off(options.delays, jitter=options.jitter)

    async def claim(self, limit: int) -> Sequence[Envelope]:
        return await self._store.claim(
            topics=tuple(self._handlers), lease_seconds=self._options.lease_seconds, limit=limit
        )

    async def handle(self, item: Envelope) -> None:
        if item.tries > self._options.max_attempts:
            # Every try ended without a word, so this message probably kills whoever handles it.
            raise RetryLater(_EXHAUSTED)
        facts = {"topic": item.topic, "message_id": str(item.id), "attempt": str(item.tries)}
        with working(f"outbox {item.topic}", mark=item.mark, **facts):
            await self._handlers[item.topic](item)

    async def settle(self, results: Sequence[Result[Envelope]]) -> None:
        verdicts = [self._judge(result) for result in results]
        await self._store.settle(verdicts)
        for verdict in verdicts:
            outcome = "postponed" if verdict.state is OutboxState.PENDING else verdict.state.value
            hooks.add(OUTBOX_TRIES, topic=verdict.envelope.topic, outcome=outcome)

    def _judge(self, result: Result[Envelope]) -> Verdict:
        envelope, error = result.item, result.error
        if error is None:
            return Verdict(envelope, OutboxState.DELIVERED)
        facts = {"topic": envelope.topic, "message_id": envelope.id, "attempt": envelope.tries}
        facts |= {"reason_code": name(error), "exc_info": _unforeseen(error)}
        if isinstance(error, GiveUp):
            _LOG.warning("outbox_message_given_up", **facts)
            return Verdict(envelope, OutboxState.DEAD, error=name(error))
        waited = isinstance(error, RetryLater) and not error.is_try
        if envelope.tries >= self._options.max_attempts and not waited:
            _LOG.error("outbox_message_dead", **facts)
            return Verdict(envelope, OutboxState.DEAD, error=name(error))
        asked = _asked_delay(error)
        delay = self._delay(envelope.tries) if asked is None else asked
        _LOG.warning("outbox_message_postponed", retry_in_seconds=round(delay, 1), **facts)
        return Verdict(envelope, OutboxState.PENDING, delay_seconds=delay, error=name(error), waited=waited)


def name(error: Exception) -> str:
    """Return what may be stored and logged of an error: a code, never its text, which may hold personal data."""
    match error:
        case RetryLater() | GiveUp():
            return error.reason
        case KroError():
            return error.code
        case _:
            return type(error).__name__


def _asked_delay(error: Exception) -> float | None:
    match error:
        case RetryLater():
            return error.after_seconds
        case KroError():
            return error.retry_after_seconds
        case _:
            return None


def _unforeseen(error: Exception) -> Exception | None:
    return None if isinstance(error, RetryLater | GiveUp | KroError | TimeoutError) else error
