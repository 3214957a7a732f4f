from __future__ import annotations

from collections.abc import Callable

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Once, Reply
from kro.core.ids import IdSource
from kro.core.money import Money
from kro.payment.database.records import Payment
from kro.payment.database.top_ups import TopUpRepository
from kro.payment.domain.decide_top_up import OPEN_FOR, TopUpRules, decide_top_up


class TopUps:
    """Starts payments that are for no order; the receipt credits them to the balance like any other."""

    def __init__(
        self, *, runner: DecisionRunner, repository: TopUpRepository, rules: TopUpRules, clock: Clock, ids: IdSource
    ) -> None:
        self._runner = runner
        self._repository = repository
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def start(self, *, amount: Money, actor: Actor, once: Once, render: Callable[[Payment], Reply]) -> Reply:
        """Begin to collect an amount; the checkout page is opened by the worker.

        :raises BalanceLimitError: when the actor's tier may not hold that much.
        """
        now = self._clock.now()
        return await self._runner.run(
            load=lambda: self._repository.load(
                actor=actor, once=once, currency=amount.currency, open_since=now - OPEN_FOR
            ),
            decide=lambda state: decide_top_up(state, amount, actor=actor, rules=self._rules, ids=self._ids, now=now),
            render=render,
            once=once,
        )
