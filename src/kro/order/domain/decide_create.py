"""T01: one party proposes terms to another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from kro.core.decisions import Outcome
from kro.kro_balance.domain import Quote
from kro.order.database.records import (
    Condition,
    CreationState,
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
from kro.order.domain.rules import OrderRules


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


def decide_create(
    state: CreationState, command: CreateOrder, *, rules: OrderRules, context: Context
) -> Outcome[OrderState]:
    """Propose an order; the other party has ``rules.accept_within`` to answer."""
    state.standing.ensure_active()
    counterparty = _counterparty(state)
    quote = _valid_quote(state, command, context)
    rules.ensure_within_tier(tier=state.standing.kyc_tier, amount=quote.fees.amount, currency=quote.fees.currency)
    order_id = context.ids.new()
    proposed = _proposed_conditions(state.template, command)
    ensure_sensible(command.conditions, pointer="/conditions", now=context.now)
    ensure_code_if_accepted(proposed, code_is_acceptance=command.code_is_acceptance)
    ensure_milestones(command.conditions, fees=quote.fees, pointer="/conditions")
    buyer, seller = (state.proposer, counterparty) if command.role is Party.BUYER else (counterparty, state.proposer)
    order = _new_order(command, quote, order_id=order_id, people=(buyer, seller), rules=rules, context=context)
    order = replace(order, terms_hash=terms_hash(order, proposed))
    fresh = OrderState(
        order=order,
        conditions=tuple(
            _new_condition(order_id, position, condition, context)
            for position, condition in enumerate(proposed, start=1)
        ),
        viewer=command.role,
        buyer_name=buyer.name,
        seller_name=seller.name,
        seller_tier=seller.kyc_tier,
        standing=state.standing,
    )
    return (
        Changes(fresh, context, is_new=True)
        .start_timer(TimerKind.ACCEPT_BY, context.now + rules.accept_within)
        .tell(EventType.CREATED, terms_version=1, terms_hash=order.terms_hash)
        .notify(command.role.other, "order_created", from_name=state.proposer.name)
        .done()
    )


def _counterparty(state: CreationState) -> Person:
    if state.counterparty is None or state.counterparty.status != "active":
        raise errors.CounterpartyNotFoundError
    if state.counterparty.id == state.proposer.id:
        raise errors.SamePartyError
    return state.counterparty


def _valid_quote(state: CreationState, command: CreateOrder, context: Context) -> Quote:
    quote = state.quote
    if quote is None or quote.expires_at <= context.now or quote.order_type != command.order_type:
        raise errors.QuoteExpiredError
    return quote


def _proposed_conditions(template: Template | None, command: CreateOrder) -> tuple[NewCondition, ...]:
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


def terms_hash(order: Order, conditions: Sequence[NewCondition]) -> str:
    """Return the SHA-256 (hex) of everything the parties agree to; acceptance names it."""
    terms: dict[str, Any] = {
        "version": order.terms_version,
        "order_type": order.order_type,
        "title": order.title,
        "description": order.description,
        "amount": order.amount,
        "currency": order.currency,
        "fees": [order.buyer_share_bps, order.fee_buyer, order.fee_seller, order.vat_buyer, order.vat_seller],
        "delivery_hours": order.delivery_hours,
        "inspection_hours": order.inspection_hours,
        "revisions": order.revisions,
        "code_is_acceptance": order.code_is_acceptance,
        "conditions": conditions,
    }
    return hashlib.sha256(orjson.dumps(terms, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _new_condition(order_id: UUID, position: int, proposed: NewCondition, context: Context) -> Condition:
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
