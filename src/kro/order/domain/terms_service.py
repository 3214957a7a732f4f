"""The commands that change terms: each loads once, decides purely and applies once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Outcome, Reply
from kro.core.ids import IdSource
from kro.core.kyc.board import TierBoard
from kro.order.database.orders import OrderRepository
from kro.order.database.records import OrderState, TermsState
from kro.order.database.words import Command
from kro.order.domain import decide_amendment, decide_terms
from kro.order.domain.changes import Context
from kro.order.domain.party_commands import Ask, PartyCommands, RenderOrder
from kro.order.domain.rules import OrderRules
from kro.verification.domain import StepUp, StepUpClaim


@dataclass(frozen=True, slots=True)
class Offered:
    """What new terms take from elsewhere: a price from the actor's own quote, conditions from a template."""

    quote_id: UUID | None = None
    template_code: str | None = None


class TermsService:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        orders: OrderRepository,
        rules: OrderRules,
        tiers: TierBoard,
        step_up: StepUp,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._commands = PartyCommands(runner=runner, orders=orders, step_up=step_up, clock=clock, ids=ids)
        self._orders = orders
        self._rules = rules
        self._tiers = tiers

    async def edit(self, ask: Ask, offered: Offered, new: decide_terms.NewTerms, *, render: RenderOrder) -> Reply:
        """Write one's own proposal anew (T02)."""
        return await self._rewrite(ask, offered, new, Command.EDIT_TERMS, render)

    async def counter(self, ask: Ask, offered: Offered, new: decide_terms.NewTerms, *, render: RenderOrder) -> Reply:
        """Answer a proposal with other terms (T03)."""
        return await self._rewrite(ask, offered, new, Command.COUNTER_OFFER, render)

    async def propose(
        self,
        ask: Ask,
        offered: Offered,
        command: decide_amendment.ProposeAmendment,
        *,
        claim: StepUpClaim | None = None,
        render: RenderOrder,
    ) -> Reply:
        """Propose to change terms while the seller works (T14); by the buyer that may take a proof."""
        rules = await self._current()
        return await self._run_offered(
            ask,
            offered,
            lambda s, c: decide_amendment.decide_propose(s, command, rules=rules, context=c),
            claim,
            render,
        )

    async def accept(
        self,
        ask: Ask,
        command: decide_amendment.AcceptAmendment,
        *,
        claim: StepUpClaim | None = None,
        render: RenderOrder,
    ) -> Reply:
        """Accept the amendment shown (T14); by the buyer that may take a proof."""
        rules = await self._current()
        return await self._commands.run_proven(
            ask, lambda s, c: decide_amendment.decide_accept(s, command, rules=rules, context=c), claim, render
        )

    async def decline(self, ask: Ask, amendment_id: UUID, *, render: RenderOrder) -> Reply:
        """Turn an amendment down (T14)."""
        return await self._commands.run(
            ask, lambda s, c: decide_amendment.decide_decline(s, amendment_id, context=c), render
        )

    async def withdraw(self, ask: Ask, amendment_id: UUID, *, render: RenderOrder) -> Reply:
        """Take one's own amendment back (T14)."""
        return await self._commands.run(
            ask, lambda s, c: decide_amendment.decide_withdraw(s, amendment_id, context=c), render
        )

    async def _rewrite(
        self, ask: Ask, offered: Offered, new: decide_terms.NewTerms, command: Command, render: RenderOrder
    ) -> Reply:
        rules = await self._current()
        return await self._run_offered(
            ask,
            offered,
            lambda s, c: decide_terms.decide_new_terms(s, new, command=command, rules=rules, context=c),
            None,
            render,
        )

    async def _run_offered(
        self,
        ask: Ask,
        offered: Offered,
        decide: Callable[[TermsState, Context], Outcome[OrderState]],
        claim: StepUpClaim | None,
        render: RenderOrder,
    ) -> Reply:
        return await self._commands.run_on(
            ask,
            lambda: self._orders.load_for_terms(
                ask.order_id,
                actor=ask.actor,
                key=ask.once.key,
                quote_id=offered.quote_id,
                template_code=offered.template_code,
            ),
            decide,
            claim,
            render,
        )

    async def _current(self) -> OrderRules:
        return replace(self._rules, tiers=await self._tiers.current())
