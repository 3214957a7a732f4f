"""Brings the orders of a user in line with whether the account is frozen."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.actor import SYSTEM
from kro.core.clock import Clock
from kro.core.decisions import Decision, DecisionRunner, Message, Outcome
from kro.core.ids import IdSource
from kro.core.outbox import Envelope
from kro.order.database.orders import OrderRepository
from kro.order.database.records import OrderState
from kro.order.domain.changes import Context
from kro.order.domain.decide_freeze import decide_freeze

FREEZE_TOPIC: Final = "orders.freeze"


def freeze_message(user_id: UUID, ids: IdSource) -> Message:
    """Return the message that has a user's orders stop or go on; put it into the decision that freezes or thaws."""
    return Message(id=ids.new(), topic=FREEZE_TOPIC, payload={"user_id": user_id}, ordering_key=f"freeze:{user_id}")


class FrozenParties:
    """Stops every order of a user who was frozen, and lets them go on afterwards; again is as good as once."""

    def __init__(self, *, runner: DecisionRunner, orders: OrderRepository, clock: Clock, ids: IdSource) -> None:
        self._runner = runner
        self._orders = orders
        self._clock = clock
        self._ids = ids

    async def handle(self, envelope: Envelope) -> None:
        """Handle ``orders.freeze``: a user was frozen, or goes on."""
        for order_id in await self._orders.under_way(UUID(envelope.payload["user_id"])):
            await self._follow(order_id)

    async def _follow(self, order_id: UUID) -> None:
        def decide(state: OrderState | None) -> Outcome[None]:
            context = Context(actor=SYSTEM, now=self._clock.now(), ids=self._ids)
            outcome = state and decide_freeze(state, context=context)
            return Outcome(outcome.decision if outcome else Decision(), None)

        await self._runner.carry_out(load=lambda: self._orders.load_for_system(order_id), decide=decide)
