"""The thread of an order: what its parties write to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Reply
from kro.core.ids import IdSource
from kro.core.rate_limit import Limit, RateLimiter
from kro.order.database.thread_records import Message, MessageReport, MessageState, ThreadState
from kro.order.database.threads import NEWEST, Stretch, ThreadRepository
from kro.order.domain.changes import Context
from kro.order.domain.decide_message import NewMessage, Report, decide_redact, decide_report, decide_write
from kro.order.domain.errors import OrderNotFoundError
from kro.order.domain.party_commands import Ask
from kro.order.domain.thread_errors import MessageNotFoundError

_MESSAGES: Final = Limit("order_messages", quota=30, window_seconds=60)
_MESSAGES_DAILY: Final = Limit("order_messages_day", quota=1_000, window_seconds=86_400)
_REPORTS: Final = Limit("message_reports", quota=20, window_seconds=3_600)


@dataclass(frozen=True, slots=True)
class Reading:
    """What part of a thread to read: what follows ``after``, or else the newest messages, older than ``before``."""

    after: int | None
    before: int | None
    limit: int


class ThreadService:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        threads: ThreadRepository,
        limiter: RateLimiter,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._threads = threads
        self._limiter = limiter
        self._clock = clock
        self._ids = ids

    async def read(self, order_id: UUID, reading: Reading, *, actor: Actor) -> tuple[Sequence[Message], bool]:
        """Return messages, oldest first, and whether more follow in the direction read in.

        :raises OrderNotFoundError: when it is not the actor's order.
        """
        forward = reading.after is not None
        stretch = Stretch(
            after=reading.after or 0,
            before=reading.before if reading.before is not None else NEWEST,
            forward=forward,
            limit=reading.limit + 1,
        )
        found = await self._threads.page(order_id, stretch, actor=actor)
        if found is None:
            raise OrderNotFoundError
        page = found[: reading.limit]
        return (page if forward else tuple(reversed(page))), len(found) > reading.limit

    async def write(self, ask: Ask, command: NewMessage, *, render: Callable[[Message], Reply]) -> Reply:
        """Write a message to the other party.

        :raises RateLimitedError: after 30 messages in a minute or 1,000 in a day.
        """
        subject = str(ask.actor.id)
        await self._limiter.hit((_MESSAGES, subject), (_MESSAGES_DAILY, subject))
        return await self._runner.run(
            load=lambda: self._threads.load(
                ask.order_id, actor=ask.actor, key=ask.once.key, evidence_ids=command.evidence_ids
            ),
            decide=lambda state: decide_write(_thread(state), command, context=self._context(ask.actor)),
            render=render,
            once=ask.once,
        )

    async def redact(self, order_id: UUID, message_id: UUID, *, actor: Actor) -> None:
        """Take a message back."""

        async def load() -> MessageState | None:
            return (await self._threads.message(order_id, message_id, actor=actor, key=None)).state

        await self._runner.carry_out(
            load=load, decide=lambda state: decide_redact(_message(state), context=self._context(actor))
        )

    async def report(
        self, ask: Ask, message_id: UUID, command: Report, *, render: Callable[[MessageReport], Reply]
    ) -> Reply:
        """Report a message of the other party.

        :raises RateLimitedError: after 20 reports in an hour.
        """
        await self._limiter.hit((_REPORTS, str(ask.actor.id)))
        return await self._runner.run(
            load=lambda: self._threads.message(ask.order_id, message_id, actor=ask.actor, key=ask.once.key),
            decide=lambda state: decide_report(_message(state), command, context=self._context(ask.actor)),
            render=render,
            once=ask.once,
        )

    def _context(self, actor: Actor) -> Context:
        return Context(actor=actor, now=self._clock.now(), ids=self._ids)


def _thread(state: ThreadState | None) -> ThreadState:
    if state is None:
        raise OrderNotFoundError
    return state


def _message(state: MessageState | None) -> MessageState:
    if state is None:
        raise MessageNotFoundError
    return state
