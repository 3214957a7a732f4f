from __future__ import annotations

from collections.abc import Callable

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Once, Reply
from kro.core.ids import IdSource
from kro.payment.database.records import Payment
from kro.payment.database.top_ups import TopUpRepository
from kro.payment.domain.board import ProviderBoard
from kro.payment.domain.decide_top_up import OPEN_FOR, TopUpRules, TopUpWish, decide_top_up


class TopUps:
    """Starts payments that are for no order; the receipt credits them to the balance like any other."""

    def __init__(
        self,
        *,
        runner: DecisionRunner,
        repository: TopUpRepository,
        board: ProviderBoard,
        rules: TopUpRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._repository = repository
        self._board = board
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def start(self, wish: TopUpWish, *, actor: Actor, once: Once, render: Callable[[Payment], Reply]) -> Reply:
        """Begin to collect an amount; the worker opens the page or has the account lent.

        :raises BalanceLimitError: when the actor's tier may not hold that much.
        :raises ProviderNotOfferedError: when the wished provider does not take it.
        :raises NoProviderError: when no provider takes it.
        """
        now, board = self._clock.now(), await self._board.current()
        return await self._runner.run(
            load=lambda: self._repository.load(
                actor=actor, once=once, currency=wish.amount.currency, open_since=now - OPEN_FOR
            ),
            decide=lambda state: decide_top_up(
                state, wish, board=board, actor=actor, rules=self._rules, ids=self._ids, now=now
            ),
            render=render,
            once=once,
        )
