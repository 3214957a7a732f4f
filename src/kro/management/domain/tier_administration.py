"""Admins look at what the tiers may do, try a change, and make it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Reply
from kro.core.ids import IdSource
from kro.core.kyc.board import TierBoard
from kro.core.paging import Position
from kro.kro_balance.domain import RuleState
from kro.management.database.tier_admin import TierAdminRepository, TierAdminState, TierRuleView
from kro.management.domain.decide_tier_change import (
    ChangedBy,
    TierChange,
    TierStep,
    decide_tier_change,
    plan_tier_change,
)


class TierAdministration:
    def __init__(
        self, *, runner: DecisionRunner, rules: TierAdminRepository, board: TierBoard, clock: Clock, ids: IdSource
    ) -> None:
        self._runner = runner
        self._rules = rules
        self._board = board
        self._clock = clock
        self._ids = ids

    async def list(
        self, *, currency: str | None, state: RuleState | None, before: Position | None, limit: int
    ) -> Sequence[TierRuleView]:
        """Return rules of any age, newest first."""
        return await self._rules.rules(
            currency=currency, state=state, now=self._clock.now(), before=before, limit=limit
        )

    async def preview(self, change: TierChange, *, actor: Actor) -> TierStep:
        """Show what a change would close and open. Nothing is written.

        :raises ValidationFailedError: when the change contradicts the past or the other tiers.
        """
        loaded = await self._load(change.currency, actor=actor, once=None)
        return plan_tier_change(loaded.state.rules, change, ids=self._ids, now=self._clock.now())

    async def change(
        self,
        change: TierChange,
        *,
        shown: str,
        reason: str,
        actor: Actor,
        once: Once,
        render: Callable[[TierStep], Reply],
    ) -> Reply:
        """Make a change that was previewed; ``shown`` is the preview's hash.

        :raises TierPreviewOutdatedError: when somebody changed the same limits since.
        :raises ValidationFailedError: when the change contradicts the past or the other tiers.
        """
        reply = await self._runner.run(
            load=lambda: self._load(change.currency, actor=actor, once=once),
            decide=lambda state: decide_tier_change(
                state.rules,
                change,
                shown=shown,
                by=ChangedBy(actor=actor, reason=reason, now=self._clock.now()),
                ids=self._ids,
            ),
            render=render,
            once=once,
        )
        self._board.forget()
        return reply

    async def _load(self, currency: str, *, actor: Actor, once: Once | None) -> Loaded[TierAdminState]:
        loaded = await self._rules.load(currency, actor=actor, key=once.key if once else None)
        loaded.state.standing.ensure_permitted(Permission.KYC_LIMITS)
        return loaded
