"""Orders with milestones and other conditions that have time or money of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from kro.core.decisions import Outcome
from kro.core.money import Money
from kro.order.database.records import NewCondition, OrderState
from kro.order.database.words import (
    ConditionKind,
    ConfirmedBy,
    Party,
)
from kro.order.domain.decide_agree import AcceptOrder, decide_accept
from kro.order.domain.decide_condition_time import decide_condition_timer
from kro.order.domain.decide_conditions import (
    SubmitCondition,
    decide_confirm,
    decide_submit,
)
from kro.order.domain.decide_create import decide_create
from kro.order.domain.decide_fund import decide_fund_from_balance
from order_scenes import (
    DUE,
    FEE,
    LINK,
    NOW,
    PROPOSAL,
    RULES,
    SELLER,
    SELLER_GETS,
    VAT,
    context,
    creation,
)

PRICE = 15_000_000
THIRD = 5_000_000
WHOLE = {"order_escrow": DUE, "seller": -SELLER_GETS, "fee_revenue": -FEE, "vat_payable": -VAT}
PROOF = UUID(int=7)


def milestone(amount: int | None, title: str = "Part", **changes: object) -> NewCondition:
    part = NewCondition(ConditionKind.CONFIRM, title, "", ConfirmedBy.BUYER)
    return replace(part, amount=Money(amount, "NGN") if amount else None, **changes)  # type: ignore[arg-type] # real fields


def dated(days: int, amount: int | None = None) -> NewCondition:
    return milestone(
        amount, kind=ConditionKind.DATE, confirmed_by=ConfirmedBy.SYSTEM, not_before=NOW + timedelta(days=days)
    )


def proposed(*conditions: NewCondition) -> OrderState:
    return decide_create(
        creation(), replace(PROPOSAL, conditions=conditions), link=LINK, rules=RULES, context=context()
    ).value


def funded(*conditions: NewCondition) -> OrderState:
    return funding(*conditions).value


def funding(*conditions: NewCondition) -> Outcome[OrderState]:
    state = replace(proposed(*conditions), viewer=Party.SELLER)
    accepted = decide_accept(state, AcceptOrder(state.order.terms_hash), rules=RULES, context=context(SELLER)).value
    ready = replace(accepted, viewer=Party.BUYER, buyer_available=DUE, buyer_tier=1, evidence_ids=(PROOF,))
    return decide_fund_from_balance(ready, rules=RULES, context=context())


def confirmed(state: OrderState, number: int, *, by: Party = Party.BUYER) -> Outcome[OrderState]:
    return decide_confirm(replace(state, viewer=by), state.conditions[number - 1].id, context=context())


def submitted(state: OrderState, number: int, *, at: datetime = NOW) -> Outcome[OrderState]:
    command = SubmitCondition(state.conditions[number - 1].id, None, (PROOF,))
    return decide_submit(replace(state, viewer=Party.SELLER), command, context=context(SELLER, now=at))


def timed_out(state: OrderState, name: str, *, at: datetime) -> Outcome[OrderState] | None:
    asked = replace(state, viewer=Party.SYSTEM)
    return decide_condition_timer(asked, name, rules=RULES, context=context(None, now=at))


def events(outcome: Outcome[OrderState]) -> list[str]:
    return [event.type for event in outcome.decision.events]


def timers(outcome: Outcome[OrderState]) -> dict[str, datetime]:
    return {timer.kind: timer.due_at for timer in outcome.decision.timers}
