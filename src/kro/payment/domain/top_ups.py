from __future__ import annotations

from collections.abc import Callable

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Once, Reply
from kro.core.ids import IdSource
from kro.core.kyc.board import TierBoard
from kro.payment.database.records import Payment
from kro.payment.database.top_ups import TopUpRepository
from kro.payment.domain.board import ProviderBoard
from kro.payment.domain.decide_payout import payout_day_start
from kro.payment.domain.decide_top_up import OPEN_FOR, TopUpWish, decide_top_up


class TopUps:
    """Starts payments that are for no order; the receipt credits them to the balance like any other."""

    def __init__(
        self,
        *,
        runner: DecisionRunner,
        repository: TopUpRepository,
        board: ProviderBoard,
        tiers: TierBoard,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._repository = repository
        self._board = board
        self._tiers = tiers
        self._clock = clock
        self._ids = ids

    async def start(self, wish: TopUpWish, *, actor: Actor, once: Once, render: Callable[[Payment], Reply]) -> Reply:
        """Begin to collect an amount; the worker opens the page or has the account lent.

        :raises TierLimitExceededError: when the actor's tier may not hold or pay in that much.
        :raises ProviderNotOfferedError: when the wished provider does not take it.
        :raises NoProviderError: when no provider takes it.
        """
        now, board, tiers = self._clock.now(), await self._board.current(), await self._tiers.current()
        return await self._runner.run(
            load=lambda: self._repository.load(
                actor=actor,
                once=once,
                currency=wish.amount.currency,
                open_since=now - OPEN_FOR,
                day_start=payout_day_start(now),
            ),
            decide=lambda state: decide_top_up(
                state, wish, board=board, actor=actor, tiers=tiers, ids=self._ids, now=now
            ),
            render=render,
            once=once,
        )
