"""How every command of a party runs: loaded once, decided purely, applied once; some only with a fresh proof."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.ids import IdSource
from kro.order.database.orders import OrderRepository
from kro.order.database.records import OrderState
from kro.order.domain.changes import Context
from kro.order.domain.errors import OrderNotFoundError
from kro.verification.domain import SHUT, Gate, StepUp, StepUpClaim

T = TypeVar("T")

RenderOrder = Callable[[OrderState], Reply]
Decide = Callable[[OrderState, Context], Outcome[OrderState]]


@dataclass(frozen=True, slots=True)
class Ask:
    """One party's request: which order, who asks, and the idempotency key it came with."""

    order_id: UUID
    actor: Actor
    once: Once


class PartyCommands:
    def __init__(
        self, *, runner: DecisionRunner, orders: OrderRepository, step_up: StepUp, clock: Clock, ids: IdSource
    ) -> None:
        self._runner = runner
        self._orders = orders
        self._step_up = step_up
        self._clock = clock
        self._ids = ids

    async def run(self, ask: Ask, decide: Decide, render: RenderOrder) -> Reply:
        """Run a command that asks for no proof."""
        return await self._runner.run(
            load=lambda: self.load(ask),
            decide=lambda state: decide(found(state), self.context(ask.actor)),
            render=render,
            once=ask.once,
        )

    async def run_proven(self, ask: Ask, decide: Decide, claim: StepUpClaim | None, render: RenderOrder) -> Reply:
        """Run a command whose decision may ask for a proof: below the threshold it costs what any command costs."""
        return await self.run_on(ask, lambda: self.load(ask), decide, claim, render)

    async def run_on(
        self,
        ask: Ask,
        load: Callable[[], Awaitable[Loaded[T | None]]],
        decide: Callable[[T, Context], Outcome[OrderState]],
        claim: StepUpClaim | None,
        render: RenderOrder,
    ) -> Reply:
        """Do what :meth:`run_proven` does on what another query loads."""
        proving = self._step_up.proving(actor=ask.actor, claim=claim)

        async def looked() -> Loaded[T | None]:
            loaded = await load()
            if loaded.answer is None:
                state = found(loaded.state)
                await proving.look(lambda gate: decide(state, self.context(ask.actor, gate)))
            return loaded

        return await self._runner.run(
            load=looked,
            decide=lambda state: decide(found(state), self.context(ask.actor, proving.gate)),
            render=render,
            once=ask.once,
        )

    async def load(self, ask: Ask) -> Loaded[OrderState | None]:
        """Load the order of a request with what deciding about it needs."""
        return await self._orders.load(ask.order_id, actor=ask.actor, key=ask.once.key)

    def context(self, actor: Actor, gate: Gate = SHUT) -> Context:
        """Return who acts now, and what they have proven."""
        return Context(actor=actor, now=self._clock.now(), ids=self._ids, gate=gate)


def found(loaded: T | None) -> T:
    """Return what a load brought.

    :raises OrderNotFoundError: when there is no such order, or it is other people's.
    """
    if loaded is None:
        raise OrderNotFoundError
    return loaded
