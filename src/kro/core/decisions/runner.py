"""Load, decide, apply: the only way anything that moves money or state is run."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from kro.core.decisions.decision import Decision
from kro.core.decisions.errors import BusyError, KeyReusedError, LostRaceError
from kro.core.decisions.reply import Once, Reply, StoredAnswer
from kro.core.errors import ErrorKind, KroError
from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import ORDER_EVENTS

MAX_TRIES: Final = 6
"""A decision that lost this many races in a row answers 409 instead of holding the client."""

_KEPT: Final = frozenset({ErrorKind.CONFLICT, ErrorKind.INVALID})
"""Refusals of what was asked. Who asks, and trouble of ours, is judged anew each time."""

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[S]):
    """What one load query brought: the state to decide on, and the answer already given under the same key, if any."""

    state: S
    answer: StoredAnswer | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """A decision and the value its caller sees."""

    decision: Decision
    value: T


class DecisionStore(Protocol):
    async def write(self, decision: Decision, answer: StoredAnswer | None = None) -> None:
        """Write a decision in one atomic statement, with the answer under its idempotency key.

        :raises LostRaceError: when a version, a natural key or the idempotency key was taken meanwhile.
        :raises InProgressError: when the same idempotency key is being processed.
        :raises InsufficientFundsError: when a balance would fall below zero.
        """
        ...


class DecisionRunner:
    """Runs load, decide and apply, again when somebody else was first, and keeps the answer under its key."""

    def __init__(self, store: DecisionStore, *, render_problem: Callable[[KroError], Reply]) -> None:
        self._store = store
        self._render_problem = render_problem

    async def run(
        self,
        *,
        load: Callable[[], Awaitable[Loaded[S]]],
        decide: Callable[[S], Outcome[T]],
        render: Callable[[T], Reply],
        once: Once | None = None,
    ) -> Reply:
        """Return the reply of a command that takes effect exactly once per idempotency key.

        A refusal of what was asked (409, 422) is stored under the key too, so that a repeat gets the same answer;
        whatever may end otherwise the next time leaves the key free.

        :raises KroError: what ``decide`` raised, or the database's refusal of what was decided.
        :raises BusyError: after ``MAX_TRIES`` lost races.
        """
        for attempt in range(MAX_TRIES):
            loaded = await load()
            if loaded.answer is not None and once is not None:
                return _replay(loaded.answer, once)
            try:
                try:
                    outcome = decide(loaded.state)
                    reply = render(outcome.value)
                    answer = StoredAnswer.of(once, reply) if once is not None else None
                    await self._store.write(outcome.decision, answer)
                    _count(outcome.decision)
                except KroError as refusal:
                    await self._keep_refusal(refusal, once)
                    raise
            except LostRaceError:
                await _back_off(attempt)
                continue
            return reply
        raise BusyError

    async def carry_out(self, *, load: Callable[[], Awaitable[S]], decide: Callable[[S], Outcome[T]]) -> T:
        """Run a command that has no client waiting for a stored answer: workers, webhooks, timers.

        :raises KroError: what ``decide`` raised.
        :raises BusyError: after ``MAX_TRIES`` lost races.
        """
        for attempt in range(MAX_TRIES):
            outcome = decide(await load())
            try:
                if outcome.decision != Decision():
                    await self._store.write(outcome.decision)
                    _count(outcome.decision)
            except LostRaceError:
                await _back_off(attempt)
                continue
            return outcome.value
        raise BusyError

    async def _keep_refusal(self, refusal: KroError, once: Once | None) -> None:
        if once is None or refusal.kind not in _KEPT or refusal.retryable or refusal.leaves_key_free:
            return
        answer = StoredAnswer.of(once, self._render_problem(refusal))
        await self._store.write(Decision(), answer)


def _count(decision: Decision) -> None:
    for event in decision.events:
        hooks.add(ORDER_EVENTS, type=event.type)


def _replay(answer: StoredAnswer, once: Once) -> Reply:
    if (answer.fingerprint, answer.route) != (once.fingerprint, once.route):
        raise KeyReusedError
    return Reply(status=answer.status, body=answer.body.encode(), content_type=answer.content_type, replayed=True)


async def _back_off(attempt: int) -> None:
    if attempt:
        await asyncio.sleep(random.uniform(0.02, 0.2) * min(attempt, 4) / 4)  # noqa: S311 - jitter, not a secret
