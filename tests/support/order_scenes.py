"""Orders at every stage of the worked example, made by the decisions themselves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kro.core.actor import SYSTEM, Actor, ActorKind, Standing
from kro.core.decisions import Decision
from kro.core.ids import SequentialIdSource
from kro.kro_balance.domain import Fees, Quote
from kro.order.database.records import CreationState, InviteLink, NewCondition, OrderState, Person
from kro.order.database.words import (
    ConditionKind,
    ConfirmedBy,
    OrderType,
    Party,
)
from kro.order.domain import Context, OrderRules
from kro.order.domain.decide_agree import (
    AcceptOrder,
    decide_accept,
)
from kro.order.domain.decide_conditions import SubmitCondition, decide_submit
from kro.order.domain.decide_create import CreateOrder, decide_create
from kro.order.domain.decide_finish import (
    decide_complete,
)
from kro.order.domain.decide_fund import (
    decide_fund_from_balance,
)
from kro.order.domain.rules import FeePolicy
from kro.order.domain.settling import Settling
from kro.verification.domain import Gate, StepUpRules
from tier_scenes import tiers_with

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
OPEN = Gate(StepUpRules({"NGN": 10**15}))
"""What takes no proof, so that scenes about something else need none."""
BUYER, SELLER = UUID(int=101), UUID(int=102)
DUE, SELLER_GETS, FEE, VAT = 15_201_563, 14_798_438, 375_000, 28_125
RULES = OrderRules(
    accept_within=timedelta(hours=72),
    fund_within=timedelta(hours=48),
    goods_inspection_hours=72,
    service_inspection_hours=168,
    overdue_grace=timedelta(hours=24),
    buyer_extension_hours=48,
    revisions=1,
    tiers=tiers_with("order_limit", 5_000_000, 50_000_000, None),
)
SETTLING = Settling(FeePolicy(), lambda *_: Decision())
FEES = Fees("NGN", 15_000_000, 5_000, 187_500, 187_500, 14_063, 14_062)
DOCUMENT = NewCondition(ConditionKind.DOCUMENT, "Waybill", "", ConfirmedBy.BUYER, evidence_required=True)
INSPECTION = NewCondition(ConditionKind.INSPECTION, "As described", "", ConfirmedBy.BUYER)


def context(user_id: UUID | None = BUYER, *, now: datetime = NOW) -> Context:
    actor = SYSTEM if user_id is None else Actor(ActorKind.USER, user_id)
    return Context(actor=actor, now=now, ids=SequentialIdSource(), gate=OPEN)


def creation(**changes: object) -> CreationState:
    state = CreationState(
        standing=Standing(session_live=True, status="active", kyc_tier=1),
        proposer=Person(BUYER, "Demo Buyer", "active", 1),
        counterparty=Person(SELLER, "Demo Seller", "active", 1),
        quote=Quote(UUID(int=1), BUYER, "goods", FEES, {}, NOW + timedelta(minutes=30)),
        template=None,
    )
    return replace(state, **changes)  # type: ignore[arg-type] # the tests name real fields


PROPOSAL = CreateOrder(
    quote_id=UUID(int=1),
    role=Party.BUYER,
    counterparty_phone="+2348030000002",
    order_type=OrderType.GOODS,
    title="Laptop",
    description="A laptop",
    delivery_hours=72,
    inspection_hours=None,
    revisions=None,
    template_code=None,
    template_conditions=None,
    conditions=(DOCUMENT, INSPECTION),
)


LINK = InviteLink(UUID(int=9), bytes(32), "sealed")


def created() -> OrderState:
    return decide_create(creation(), PROPOSAL, link=LINK, rules=RULES, context=context()).value


def accepted() -> OrderState:
    state = created()
    seen = replace(state, viewer=Party.SELLER)
    return decide_accept(seen, AcceptOrder(state.order.terms_hash), rules=RULES, context=context(SELLER)).value


def funded() -> OrderState:
    state = replace(accepted(), viewer=Party.BUYER, buyer_available=DUE, buyer_tier=1)
    return decide_fund_from_balance(state, rules=RULES, context=context()).value


def handed_in() -> OrderState:
    state = replace(funded(), viewer=Party.SELLER, evidence_ids=(UUID(int=7),))
    command = SubmitCondition(state.conditions[0].id, None, (UUID(int=7),))
    return decide_submit(state, command, context=context(SELLER)).value


def completed() -> OrderState:
    state = replace(handed_in(), viewer=Party.SELLER)
    return decide_complete(state, context=context(SELLER)).value


def moved(decision: Decision) -> dict[str, int]:
    """What a decision moves per kind of account, debit positive; always sums to zero."""
    totals: dict[str, int] = {}
    for journal in decision.journals:
        for entry in journal.entries:
            code = entry.account.code
            if code == "user_available":
                code = "buyer" if entry.account.owner_id == BUYER else "seller"
            totals[code] = totals.get(code, 0) + entry.amount
    assert sum(totals.values()) == 0
    return totals
