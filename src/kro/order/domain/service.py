"""The commands of the parties: each loads once, decides purely and applies once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Once, Outcome, Reply
from kro.core.ids import IdSource
from kro.core.kyc.board import TierBoard
from kro.core.money import Money
from kro.order.database.creation import CreationRepository
from kro.order.database.orders import OrderRepository
from kro.order.database.records import InviteLink, OrderState
from kro.order.database.words import OrderStatus, Party
from kro.order.domain import (
    decide_agree,
    decide_conditions,
    decide_create,
    decide_finish,
    decide_fund,
    decide_inspection,
    decide_release_part,
)
from kro.order.domain.changes import Context
from kro.order.domain.party_commands import Ask, PartyCommands, RenderOrder, found
from kro.order.domain.rules import OrderRules
from kro.order.domain.settling import RefundHook, Settling
from kro.payment.domain import Payment, PaymentMethod, ProviderBoard, start_payment
from kro.verification.domain import MagicLinks, StepUp, StepUpClaim


@dataclass(frozen=True, slots=True)
class PaymentWish:
    """How a buyer wants to pay: ``use_balance`` takes what the balance covers first; any provider if none is named."""

    method: PaymentMethod = PaymentMethod.CHECKOUT
    provider: str | None = None
    use_balance: bool = False


class OrderService:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        orders: OrderRepository,
        creations: CreationRepository,
        rules: OrderRules,
        tiers: TierBoard,
        board: ProviderBoard,
        refund_hook: RefundHook,
        links: MagicLinks,
        step_up: StepUp,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._commands = PartyCommands(runner=runner, orders=orders, step_up=step_up, clock=clock, ids=ids)
        self._creations = creations
        self._rules = rules
        self._tiers = tiers
        self._board = board
        self._settling = Settling(rules.fee_policy, refund_hook)
        self._links = links
        self._clock = clock
        self._ids = ids

    async def create(
        self, command: decide_create.CreateOrder, *, actor: Actor, once: Once, render: RenderOrder
    ) -> Reply:
        """Propose an order to somebody, with or without an account (T01).

        :raises QuoteExpiredError: when the quote is not the actor's, does not fit or has run out.
        """
        drawn, rules = self._links.draw(), await self._current()
        link = InviteLink(drawn.id, drawn.digest, drawn.sealed)
        return await self._runner.run(
            load=lambda: self._creations.load(
                actor=actor,
                key=once.key,
                phone=command.counterparty_phone,
                quote_id=command.quote_id,
                template_code=command.template_code,
            ),
            decide=lambda state: decide_create.decide_create(
                state, command, link=link, rules=rules, context=self._commands.context(actor)
            ),
            render=render,
            once=once,
        )

    async def accept(self, ask: Ask, command: decide_agree.AcceptOrder, *, render: RenderOrder) -> Reply:
        """Accept the terms shown (T07)."""
        rules = await self._current()
        return await self._commands.run(
            ask, lambda s, c: decide_agree.decide_accept(s, command, rules=rules, context=c), render
        )

    async def decline(self, ask: Ask, reason: str, *, render: RenderOrder) -> Reply:
        """Turn a proposal down (T04)."""
        return await self._commands.run(ask, lambda s, c: decide_agree.decide_decline(s, reason, context=c), render)

    async def cancel(self, ask: Ask, reason: str, *, render: RenderOrder) -> Reply:
        """Call the order off: before funding by either side (T05, T08), after it as T17 and T19 allow."""
        return await self._commands.run(ask, lambda s, c: self._decide_cancel(s, reason, c), render)

    async def fund_from_balance(self, ask: Ask, *, render: RenderOrder) -> Reply:
        """Pay the order from the buyer's own balance (T11)."""
        rules = await self._current()
        return await self._commands.run(
            ask, lambda s, c: decide_fund.decide_fund_from_balance(s, rules=rules, context=c), render
        )

    async def start_payment(self, ask: Ask, wish: PaymentWish, *, render: Callable[[Payment], Reply]) -> Reply:
        """Begin to collect what is due through a payment provider; the order is funded when the money is here.

        :raises ProviderNotOfferedError: when the wished provider does not take it.
        :raises NoProviderError: when no provider takes it.
        """
        board, rules = await self._board.current(), await self._current()

        def decide(state: OrderState | None) -> Outcome[Payment]:
            now = self._clock.now()
            amount = decide_fund.amount_to_collect(found(state), use_balance=wish.use_balance, rules=rules, at=now)
            return start_payment(
                user_id=ask.actor.id,
                order_id=ask.order_id,
                amount=amount,
                provider=board.collector(amount, wish.method, wish=wish.provider),
                ids=self._ids,
                now=now,
                method=wish.method,
                is_provider_named=wish.provider is not None,
            )

        return await self._runner.run(
            load=lambda: self._commands.load(ask), decide=decide, render=render, once=ask.once
        )

    async def submit_condition(
        self, ask: Ask, command: decide_conditions.SubmitCondition, *, render: RenderOrder
    ) -> Reply:
        """Hand a condition in (T13)."""
        return await self._commands.run(
            ask, lambda s, c: decide_conditions.decide_submit(s, command, context=c), render
        )

    async def confirm_condition(
        self, ask: Ask, condition_id: UUID, *, claim: StepUpClaim | None = None, render: RenderOrder
    ) -> Reply:
        """Confirm a condition (T13); a milestone's money may take a proof."""
        return await self._commands.run_proven(
            ask, lambda s, c: decide_conditions.decide_confirm(s, condition_id, context=c), claim, render
        )

    async def reject_condition(self, ask: Ask, condition_id: UUID, reason: str, *, render: RenderOrder) -> Reply:
        """Send a condition back to the seller (T13)."""
        return await self._commands.run(
            ask, lambda s, c: decide_conditions.decide_reject(s, condition_id, reason, context=c), render
        )

    async def waive_condition(self, ask: Ask, condition_id: UUID, *, render: RenderOrder) -> Reply:
        """Give a condition up (T13)."""
        return await self._commands.run(
            ask, lambda s, c: decide_conditions.decide_waive(s, condition_id, context=c), render
        )

    async def complete(self, ask: Ask, *, render: RenderOrder) -> Reply:
        """Say that the work is done (T15)."""
        return await self._commands.run(ask, lambda s, c: decide_finish.decide_complete(s, context=c), render)

    async def approve(self, ask: Ask, *, claim: StepUpClaim | None = None, render: RenderOrder) -> Reply:
        """Release the escrow to the seller (T22); above the threshold it takes a proof."""
        return await self._commands.run_proven(
            ask, lambda s, c: decide_finish.decide_approve(s, context=c), claim, render
        )

    async def request_changes(self, ask: Ask, reason: str, *, render: RenderOrder) -> Reply:
        """Send the work back to the seller (T24)."""
        return await self._commands.run(
            ask, lambda s, c: decide_inspection.decide_request_changes(s, reason, context=c), render
        )

    async def release_part(
        self, ask: Ask, part: Money, *, claim: StepUpClaim | None = None, render: RenderOrder
    ) -> Reply:
        """Release a part of the price to the seller (T25); above the threshold it takes a proof."""
        return await self._commands.run_proven(
            ask, lambda s, c: decide_release_part.decide_release_part(s, part, context=c), claim, render
        )

    async def extend_inspection(self, ask: Ask, hours: int, *, render: RenderOrder) -> Reply:
        """Let the inspection end later (T26)."""
        return await self._commands.run(
            ask, lambda s, c: decide_inspection.decide_extend(s, hours, rules=self._rules, context=c), render
        )

    async def _current(self) -> OrderRules:
        return replace(self._rules, tiers=await self._tiers.current())

    def _decide_cancel(self, state: OrderState, reason: str, context: Context) -> Outcome[OrderState]:
        if state.order.status is not OrderStatus.IN_PROGRESS:
            return decide_agree.decide_cancel_unfunded(state, reason, context=context)
        if state.viewer is Party.SELLER:
            return decide_finish.decide_seller_cancel(state, reason, settling=self._settling, context=context)
        return decide_finish.decide_cancel_overdue(
            state, reason, rules=self._rules, settling=self._settling, context=context
        )
