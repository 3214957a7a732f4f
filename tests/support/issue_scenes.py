"""Disagreements at every stage, made by the decisions themselves; see order_scenes."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from kro.core.actor import Actor, ActorKind
from kro.core.ids import SequentialIdSource
from kro.core.money import Money
from kro.order.database.issue_words import IssueCategory
from kro.order.database.records import OrderState
from kro.order.database.words import Party
from kro.order.domain import Context
from kro.order.domain.decide_dispute import Reviewer, decide_assign, decide_evidence_over
from kro.order.domain.decide_issue import ReportIssue, decide_escalate, decide_report
from kro.order.domain.decide_offer import MakeOffer, decide_make_offer
from kro.order.domain.decide_ruling import Rule, decide_appeal, decide_ruling
from order_scenes import BUYER, NOW, RULES, SELLER, completed, context

ADMIN, SECOND, THIRD = UUID(int=901), UUID(int=902), UUID(int=903)
PRICE = 15_000_000
DISPUTES = RULES.disputes
REPORT = ReportIssue(IssueCategory.NOT_AS_DESCRIBED, "The screen is cracked.")
GROUNDS = "The photos show the damage before the handover."
AFTER_EVIDENCE = NOW + timedelta(hours=73)


def by(state: OrderState, party: Party) -> OrderState:
    return replace(state, viewer=party)


def of(party: Party, now: datetime = NOW) -> Context:
    return context(BUYER if party is Party.BUYER else SELLER, now=now)


def of_admin(admin_id: UUID = ADMIN, now: datetime = NOW) -> Context:
    return Context(actor=Actor(ActorKind.ADMIN, admin_id), now=now, ids=SequentialIdSource())


def reported(by_party: Party = Party.BUYER, state: OrderState | None = None) -> OrderState:
    state = by(state or completed(), by_party)
    return decide_report(state, REPORT, rules=DISPUTES, context=of(by_party)).value


def offered(seller_amount: int, maker: Party = Party.SELLER, state: OrderState | None = None) -> OrderState:
    state = by(state or reported(), maker)
    offer = MakeOffer(Money(seller_amount, "NGN"), None)
    return decide_make_offer(state, offer, rules=RULES, context=of(maker)).value


def disputed(state: OrderState | None = None) -> OrderState:
    state = by(state or reported(), Party.BUYER)
    return decide_escalate(state, rules=DISPUTES, context=of(Party.BUYER)).value


def under_review(state: OrderState | None = None) -> OrderState:
    over = decide_evidence_over(by(state or disputed(), Party.SYSTEM), context=context(None, now=AFTER_EVIDENCE))
    assert over is not None
    return assigned(over.value, ADMIN)


def assigned(state: OrderState, admin_id: UUID) -> OrderState:
    reviewer = Reviewer(admin_id, is_related=False)
    return decide_assign(by(state, Party.ADMIN), reviewer, context=of_admin(now=AFTER_EVIDENCE)).value


def decided(awarded: int, state: OrderState | None = None, admin_id: UUID = ADMIN) -> OrderState:
    rule = Rule(Money(awarded, "NGN"), GROUNDS)
    state = by(state or under_review(), Party.ADMIN)
    return decide_ruling(state, rule, rules=DISPUTES, context=of_admin(admin_id, AFTER_EVIDENCE)).value


def appealed(awarded: int, party: Party) -> OrderState:
    state = by(decided(awarded), party)
    return decide_appeal(state, "No.", rules=DISPUTES, context=of(party, AFTER_EVIDENCE)).value
