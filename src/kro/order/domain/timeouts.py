"""What happens when a deadline passes; called by the worker with a timer that is due."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from kro.core.actor import SYSTEM
from kro.core.clock import Clock
from kro.core.decisions import ClearTimer, Decision, DecisionRunner, Outcome
from kro.core.ids import IdSource
from kro.order.database.orders import OrderRepository
from kro.order.database.records import OrderState
from kro.order.database.words import TimerKind
from kro.order.domain.changes import Context
from kro.order.domain.decide_agree import decide_accept_timeout, decide_fund_timeout

AskProviders = Callable[[UUID], Awaitable[None]]
"""Brings the outcome of an order's open payments up to date."""

_HANDLERS: Final = {TimerKind.ACCEPT_BY: decide_accept_timeout, TimerKind.FUND_BY: decide_fund_timeout}


class OrderTimeouts:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        orders: OrderRepository,
        ask_providers: AskProviders,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._orders = orders
        self._ask_providers = ask_providers
        self._clock = clock
        self._ids = ids

    async def fire(self, *, order_id: UUID, kind: str) -> None:
        """Act on a due timer; a late, repeated or stale one only disappears.

        :raises PaymentInProgressError: when a payment's outcome is still open; the timer stays and is tried again.
        """
        timer = TimerKind(kind)
        if timer is TimerKind.FUND_BY:
            await self._ask_providers(order_id)

        def decide(state: OrderState | None) -> Outcome[None]:
            context = Context(actor=SYSTEM, now=self._clock.now(), ids=self._ids)
            outcome = _HANDLERS[timer](state, context=context) if state is not None else None
            if outcome is None:
                return Outcome(Decision(cleared=(ClearTimer(order_id, timer),)), None)
            return Outcome(outcome.decision, None)

        await self._runner.carry_out(load=lambda: self._orders.load_for_system(order_id), decide=decide)
