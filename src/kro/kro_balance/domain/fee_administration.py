"""Admins look at fees and taxes, try a change, and make it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Reply
from kro.core.ids import IdSource
from kro.core.paging import Position
from kro.kro_balance.database.fee_admin import FeeAdminRepository
from kro.kro_balance.database.records import FeeAdminState, FeeBandView, RuleState, TaxRuleView
from kro.kro_balance.domain.decide_fee_change import (
    FeeChange,
    FeePreview,
    FeeStep,
    Sample,
    Why,
    decide_fee_change,
    preview_fee_change,
)
from kro.kro_balance.domain.decide_tax_change import TaxChange, TaxStep, decide_tax_change


class FeeAdministration:
    def __init__(self, *, runner: DecisionRunner, rules: FeeAdminRepository, clock: Clock, ids: IdSource) -> None:
        self._runner = runner
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def list_bands(
        self, *, currency: str | None, state: RuleState | None, before: Position | None, limit: int
    ) -> Sequence[FeeBandView]:
        """Return fee bands of any age, newest first."""
        return await self._rules.bands(
            currency=currency, state=state, now=self._clock.now(), before=before, limit=limit
        )

    async def list_taxes(
        self, *, currency: str | None, state: RuleState | None, before: Position | None, limit: int
    ) -> Sequence[TaxRuleView]:
        """Return tax rules of any age, newest first."""
        return await self._rules.taxes(
            currency=currency, state=state, now=self._clock.now(), before=before, limit=limit
        )

    async def preview(self, change: FeeChange, *, sample: Sample, actor: Actor) -> FeePreview:
        """Show what a change would do to the price of some amounts. Nothing is written.

        :raises ValidationFailedError: when the change contradicts itself or the past.
        :raises NothingToChangeError: when it ends what does not exist.
        :raises NoTaxRuleError: when no VAT rule is in force for the currency then.
        """
        loaded = await self._load(change.currency, actor=actor, once=None)
        return preview_fee_change(loaded.state, change, sample=sample, ids=self._ids, now=self._clock.now())

    async def change(
        self,
        change: FeeChange,
        *,
        shown: str,
        reason: str,
        actor: Actor,
        once: Once,
        render: Callable[[FeeStep], Reply],
    ) -> Reply:
        """Make a change that was previewed; ``shown`` is the preview's hash.

        :raises FeePreviewOutdatedError: when somebody changed the same fees since.
        :raises ValidationFailedError: when the change contradicts itself or the past.
        """
        return await self._runner.run(
            load=lambda: self._load(change.currency, actor=actor, once=once),
            decide=lambda state: decide_fee_change(
                state, change, shown=shown, why=self._why(actor, reason), ids=self._ids
            ),
            render=render,
            once=once,
        )

    async def change_tax(
        self, change: TaxChange, *, reason: str, actor: Actor, once: Once, render: Callable[[TaxStep], Reply]
    ) -> Reply:
        """Put the next rule of a tax in force, at once or at a date to come.

        :raises ValidationFailedError: when the rule contradicts itself or begins in the past.
        """
        return await self._runner.run(
            load=lambda: self._load(change.currency, actor=actor, once=once),
            decide=lambda state: decide_tax_change(state, change, why=self._why(actor, reason), ids=self._ids),
            render=render,
            once=once,
        )

    async def _load(self, currency: str, *, actor: Actor, once: Once | None) -> Loaded[FeeAdminState]:
        loaded = await self._rules.load(currency, actor=actor, key=once.key if once else None)
        loaded.state.standing.ensure_permitted(Permission.FEES_MANAGE)
        return loaded

    def _why(self, actor: Actor, reason: str) -> Why:
        return Why(actor=actor, reason=reason, now=self._clock.now())
