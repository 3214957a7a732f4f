"""T01: one party proposes terms to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from kro.core.decisions import Outcome
from kro.core.phone import masked
from kro.kro_balance.domain import Quote
from kro.order.database.records import (
    Condition,
    CreationState,
    InviteLink,
    NewCondition,
    Order,
    OrderState,
    Person,
    Template,
)
from kro.order.database.words import (
    ConditionStatus,
    EventType,
    FundingStatus,
    OrderStatus,
    OrderType,
    Party,
    TimerKind,
)
from kro.order.domain import errors
from kro.order.domain.changes import Changes, Context
from kro.order.domain.condition_rules import ensure_code_if_accepted, ensure_milestones, ensure_sensible
from kro.order.domain.inviting import INVITED, invitation, newcomer, placeholder
from kro.order.domain.rules import OrderRules
from kro.order.domain.terms import hash_of, recorded, terms_of, valid_quote


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """The proposal. ``template_conditions`` picks from the template by position, from 1; ``None`` takes all."""

    quote_id: UUID
    role: Party
    counterparty_phone: str
    order_type: OrderType
    title: str
    description: str
    delivery_hours: int
    inspection_hours: int | None
    revisions: int | None
    template_code: str | None
    template_conditions: tuple[int, ...] | None
    conditions: tuple[NewCondition, ...]
    code_is_acceptance: bool = False
    counterparty_name: str | None = None
    counterparty_email: str | None = field(default=None, repr=False)


def decide_create(
    state: CreationState, command: CreateOrder, *, link: InviteLink, rules: OrderRules, context: Context
) -> Outcome[OrderState]:
    """Propose an order; the other party has ``rules.accept_within`` to answer.

    Whether the other party has an account makes no difference that the proposer could see. Who has none is invited by
    ``link``, and until then there is only their number.

    :raises CounterpartyNotFoundError: when the other party has blocked the proposer.
    :raises TierLimitExceededError: when the price is above what the proposer's tier may trade.
    """
    state.standing.ensure_active()
    state.standing.ensure_unrestricted()
    if state.is_blocked:
        raise errors.CounterpartyNotFoundError
    counterparty = state.counterparty or newcomer(link, context)
    if counterparty.id == state.proposer.id:
        raise errors.SamePartyError
    quote = valid_quote(state.quote, order_type=command.order_type, at=context.now)
    rules.ensure_within_tier(
        tier=state.standing.kyc_tier, amount=quote.fees.amount, currency=quote.fees.currency, at=context.now
    )
    order_id = context.ids.new()
    proposed = proposed_conditions(state.template, command)
    ensure_sensible(command.conditions, pointer="/conditions", now=context.now)
    ensure_code_if_accepted(proposed, code_is_acceptance=command.code_is_acceptance)
    ensure_milestones(command.conditions, fees=quote.fees, pointer="/conditions")
    buyer, seller = (state.proposer, counterparty) if command.role is Party.BUYER else (counterparty, state.proposer)
    order = _new_order(command, quote, order_id=order_id, people=(buyer, seller), rules=rules, context=context)
    conditions = tuple(new_condition(order_id, at, one, context) for at, one in enumerate(proposed, start=1))
    order = replace(order, terms_hash=hash_of(terms_of(order, conditions)))
    fresh = OrderState(
        order=order,
        conditions=conditions,
        viewer=command.role,
        buyer_name=_shown(buyer, state, command),
        seller_name=_shown(seller, state, command),
        seller_tier=seller.kyc_tier,
        standing=state.standing,
    )
    changes = (
        Changes(fresh, context, is_new=True)
        .start_timer(TimerKind.ACCEPT_BY, context.now + rules.accept_within)
        .include(recorded(order, conditions, by=command.role, at=context.now))
        .tell(EventType.CREATED, terms_version=1, terms_hash=order.terms_hash)
    )
    if counterparty.status != INVITED:
        return changes.notify(command.role.other, "order_created", from_name=state.proposer.name).done()
    changes.include(invitation(fresh, command, link, rules=rules, from_name=state.proposer.name, context=context))
    outcome = changes.done()
    if state.counterparty is None:
        # The order names the newcomer, so the newcomer's row comes first.
        return replace(
            outcome, decision=placeholder(counterparty, command.counterparty_phone, context) + outcome.decision
        )
    return outcome


def _shown(person: Person, state: CreationState, command: CreateOrder) -> str:
    return person.name if person.id == state.proposer.id else masked(command.counterparty_phone)


class ConditionWish(Protocol):
    """What terms say of their conditions."""

    @property
    def template_code(self) -> str | None: ...
    @property
    def template_conditions(self) -> tuple[int, ...] | None: ...
    @property
    def conditions(self) -> tuple[NewCondition, ...]: ...


def proposed_conditions(template: Template | None, command: ConditionWish) -> tuple[NewCondition, ...]:
    """Return those picked from the template, then those written for this order.

    :raises UnknownTemplateError: when there is no such template, or no such condition in it.
    :raises NoConditionsError: when none of them is required.
    """
    if command.template_code is not None and template is None:
        raise errors.UnknownTemplateError("/template_code")
    offered = template.conditions if template else ()
    chosen: Sequence[int] = command.template_conditions or range(1, len(offered) + 1)
    if any(not 1 <= position <= len(offered) for position in chosen):
        raise errors.UnknownTemplateError("/template_conditions")
    proposed = tuple(offered[position - 1] for position in dict.fromkeys(chosen)) + command.conditions
    if not any(condition.required for condition in proposed):
        raise errors.NoConditionsError
    return proposed


def _new_order(
    command: CreateOrder,
    quote: Quote,
    *,
    order_id: UUID,
    people: tuple[Person, Person],
    rules: OrderRules,
    context: Context,
) -> Order:
    fees = quote.fees
    return Order(
        id=order_id,
        buyer_id=people[0].id,
        seller_id=people[1].id,
        proposed_by=command.role,
        order_type=command.order_type,
        title=command.title,
        description=command.description,
        currency=fees.currency,
        amount=fees.amount,
        buyer_share_bps=fees.buyer_share_bps,
        fee_buyer=fees.fee_buyer,
        fee_seller=fees.fee_seller,
        vat_buyer=fees.vat_buyer,
        vat_seller=fees.vat_seller,
        fee_basis=quote.basis,
        terms_version=1,
        terms_hash="",
        accepted_hash=None,
        delivery_hours=command.delivery_hours,
        inspection_hours=command.inspection_hours or rules.inspection_hours(command.order_type),
        revisions=rules.revisions if command.revisions is None else command.revisions,
        status=OrderStatus.CREATED,
        funding_status=FundingStatus.NONE,
        close_reason=None,
        on_hold=False,
        funded_amount=0,
        released_amount=0,
        refunded_amount=0,
        accept_by=None,
        fund_by=None,
        deliver_by=None,
        inspect_by=None,
        inspection_added_hours=0,
        buyer_extended=False,
        revisions_used=0,
        released_in_parts=0,
        code_is_acceptance=command.code_is_acceptance,
        compliance_hold=False,
        held_since=None,
        completed_at=None,
        receipt_extensions=0,
        overdue_reminders=0,
        last_seq=0,
        version=1,
        created_at=context.now,
        updated_at=context.now,
        ended_at=None,
    )


def new_condition(order_id: UUID, position: int, proposed: NewCondition, context: Context) -> Condition:
    """Return the row of a condition that was just proposed."""
    return Condition(
        id=context.ids.new(),
        order_id=order_id,
        position=position,
        kind=proposed.kind,
        title=proposed.title,
        description=proposed.description,
        confirmed_by=proposed.confirmed_by,
        required=proposed.required,
        evidence_required=proposed.evidence_required,
        deemed_on_timeout=proposed.deemed_on_timeout,
        template_code=proposed.template_code,
        status=ConditionStatus.PENDING,
        note=None,
        evidence_ids=(),
        submitted_at=None,
        settled_at=None,
        settled_by=None,
        rejection_reason=None,
        amount=proposed.amount.amount if proposed.amount else None,
        not_before=proposed.not_before,
        inspect_by=None,
        code_hash=None,
        code_tries=0,
        version=1,
    )
