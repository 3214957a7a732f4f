"""Ratings and the reputation they make."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Reply
from kro.core.ids import IdSource
from kro.order.database.rating_records import RatingState, Reputation
from kro.order.database.ratings import RatingRepository
from kro.order.domain.changes import Context
from kro.order.domain.decide_rate import RateOrder, decide_rate
from kro.order.domain.party_commands import Ask, found
from kro.order.domain.thread_errors import NoCounterpartyError


class RatingService:
    def __init__(self, *, runner: DecisionRunner, ratings: RatingRepository, clock: Clock, ids: IdSource) -> None:
        self._runner = runner
        self._ratings = ratings
        self._clock = clock
        self._ids = ids

    async def rate(self, ask: Ask, command: RateOrder, *, render: Callable[[RatingState, bool], Reply]) -> Reply:
        """Rate the other party of a settled order, once."""
        now = self._clock.now()
        return await self._runner.run(
            load=lambda: self._ratings.load(ask.order_id, actor=ask.actor, key=ask.once.key),
            decide=lambda state: decide_rate(
                found(state), command, context=Context(actor=ask.actor, now=now, ids=self._ids)
            ),
            render=lambda state: render(state, state.is_visible(now)),
            once=ask.once,
        )

    async def read(self, order_id: UUID, *, actor: Actor) -> tuple[RatingState, bool]:
        """Return the ratings of an order, and whether the actor may see the other party's yet.

        :raises OrderNotFoundError: when it is not the actor's order.
        """
        state = found((await self._ratings.load(order_id, actor=actor, key=None)).state)
        return state, state.is_visible(self._clock.now())

    async def reputation(self, user_id: UUID, *, actor: Actor) -> Reputation:
        """Return what is known of the actor themselves or of somebody they have an order with.

        :raises NoCounterpartyError: for anybody else.
        """
        found = await self._ratings.reputation(user_id, actor=actor, now=self._clock.now())
        if found is None:
            raise NoCounterpartyError
        return found
