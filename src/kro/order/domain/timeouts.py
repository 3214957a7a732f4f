"""What happens when a deadline passes; called by the worker with a timer that is due."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from kro.core.actor import SYSTEM
from kro.core.clock import Clock
from kro.core.decisions import ClearTimer, Decision, DecisionRunner, Outcome
from kro.core.ids import IdSource
from kro.order.database.orders import OrderRepository
from kro.order.database.records import OrderState
from kro.order.database.words import TimerKind
from kro.order.domain.changes import Context
from kro.order.domain.decide_due import decide_due
from kro.order.domain.rules import OrderRules
from kro.order.domain.settling import Settling

AskProviders = Callable[[UUID], Awaitable[None]]
"""Brings the outcome of an order's open payments up to date."""


class OrderTimeouts:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        orders: OrderRepository,
        rules: OrderRules,
        settling: Settling,
        ask_providers: AskProviders,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._orders = orders
        self._rules = rules
        self._settling = settling
        self._ask_providers = ask_providers
        self._clock = clock
        self._ids = ids

    async def fire(self, *, order_id: UUID, kind: str) -> None:
        """Act on a due timer; a late, repeated or stale one only disappears.

        :raises PaymentInProgressError: when a payment's outcome is still open; the timer stays and is tried again.
        """
        if kind == TimerKind.FUND_BY:
            await self._ask_providers(order_id)

        def decide(state: OrderState | None) -> Outcome[None]:
            context = Context(actor=SYSTEM, now=self._clock.now(), ids=self._ids)
            outcome = state and decide_due(state, kind, rules=self._rules, settling=self._settling, context=context)
            # Whatever came of it, this timer has done its work; one that was armed anew meanwhile has not.
            cleared = Decision(cleared=(ClearTimer(order_id, kind, due_until=context.now),))
            return Outcome(cleared + (outcome.decision if outcome else Decision()), None)

        await self._runner.carry_out(load=lambda: self._orders.load_for_system(order_id), decide=decide)
