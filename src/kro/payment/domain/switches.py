from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Reply
from kro.core.ids import IdSource
from kro.payment.database.provider_records import Direction, Switch, SwitchChange, SwitchState
from kro.payment.database.provider_switches import SwitchRepository
from kro.payment.domain.board import ProviderBoard
from kro.payment.domain.choice import Candidate
from kro.payment.domain.context import Context
from kro.payment.domain.decide_switch import decide_switch
from kro.payment.domain.errors import ProviderNotFoundError

RenderSwitch: TypeAlias = Callable[[Switch], Reply]


class ProviderSwitches:
    """What admins let each provider do: take new business, only finish what it has, or begin nothing."""

    def __init__(
        self, *, runner: DecisionRunner, switches: SwitchRepository, board: ProviderBoard, clock: Clock, ids: IdSource
    ) -> None:
        self._runner = runner
        self._switches = switches
        self._board = board
        self._clock = clock
        self._ids = ids

    async def candidates(self) -> tuple[Candidate, ...]:
        """Return every provider as the choice between them sees it now."""
        self._board.forget()
        return tuple((await self._board.current()).candidates)

    async def turn(
        self,
        provider: str,
        direction: Direction,
        state: SwitchState,
        *,
        reason: str,
        actor: Actor,
        once: Once,
        render: RenderSwitch,
    ) -> Reply:
        """Turn a switch; every process heeds it within five seconds.

        :raises ProviderNotFoundError: if no such provider is configured.
        :raises PermissionDeniedError: when the actor may not.
        """
        if all(one.name != provider for one in (await self._board.current()).candidates):
            raise ProviderNotFoundError
        reply = await self._runner.run(
            load=lambda: self._load(provider, direction, actor=actor, once=once),
            decide=lambda change: decide_switch(
                change,
                provider=provider,
                direction=direction,
                state=state,
                reason=reason,
                context=Context(actor=actor, now=self._clock.now(), ids=self._ids),
            ),
            render=render,
            once=once,
        )
        self._board.forget()
        return reply

    async def _load(self, provider: str, direction: Direction, *, actor: Actor, once: Once) -> Loaded[SwitchChange]:
        loaded = await self._switches.for_admin(provider, direction, actor=actor, key=once.key)
        loaded.state.standing.ensure_permitted(Permission.PROVIDERS_MANAGE)
        return loaded
