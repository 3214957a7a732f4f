"""An order that began on the predecessor: closed ones become history, those under way go on here. Pure.

What cannot go on safely is refused whole: an order is never here without its money, nor its money without it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kro.core.decisions import Decision, Event, Insert, Timer
from kro.core.errors import KroError
from kro.core.money import Money
from kro.kro_balance.domain import Fees, Posting, opening_escrow
from kro.order.database.records import Condition, NewCondition, Order
from kro.order.database.words import (
    CloseReason,
    ConditionKind,
    ConditionStatus,
    ConfirmedBy,
    EventType,
    FundingStatus,
    OrderStatus,
    OrderType,
    Party,
    TimerKind,
)
from kro.order.domain.changes import as_row
from kro.order.domain.condition_rules import ensure_milestones
from kro.order.domain.condition_times import RUNNING, timer_of
from kro.order.domain.deadlines import timers_of
from kro.order.domain.replay import Told, since
from kro.order.domain.rules import OrderRules
from kro.order.domain.terms import hash_of, recorded, terms_of

LEAST_LEFT: Final = timedelta(hours=24)
"""What is left of a deadline at least when an order goes on here, as after any other pause (row T29)."""

_REASONS: Final = {
    OrderStatus.CLOSED: CloseReason.APPROVED,
    OrderStatus.REFUNDED: CloseReason.AGREED,
    OrderStatus.DECLINED: CloseReason.DECLINED,
    OrderStatus.CANCELLED: CloseReason.CANCELLED,
    OrderStatus.EXPIRED: CloseReason.NOT_FUNDED_IN_TIME,
}
_NEED_MORE: Final = frozenset({ConditionKind.DELIVERY_CODE, ConditionKind.THIRD_PARTY})
"""Conditions that need what cannot be carried over: a secret code, or evidence."""
_AGREED: Final = frozenset({OrderStatus.ACCEPTED, *RUNNING})


class CannotGoOnError(Exception):
    """An order that cannot be continued here as it stands; ``code`` says why, ``field`` where it shows."""

    def __init__(self, code: str, field: str) -> None:
        super().__init__(f"{code} ({field})")
        self.code, self.field = code, field


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """An order as the predecessor left it, in our words; amounts in minor units.

    ``held`` is what was in escrow for it. Deadlines are those of the predecessor, if it had any.
    """

    id: UUID
    buyer_id: UUID
    seller_id: UUID
    proposed_by: Party
    order_type: OrderType
    title: str
    description: str
    fees: Fees
    held: int
    delivery_hours: int
    inspection_hours: int | None
    status: OrderStatus
    on_hold: bool
    accept_by: datetime | None
    fund_by: datetime | None
    deliver_by: datetime | None
    inspect_by: datetime | None
    completed_at: datetime | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImportedCondition:
    id: UUID
    kind: ConditionKind
    title: str
    description: str
    confirmed_by: ConfirmedBy
    required: bool
    status: ConditionStatus
    amount: int | None
    not_before: datetime | None
    submitted_at: datetime | None
    settled_at: datetime | None


def import_order(
    found: ImportedOrder, conditions: tuple[ImportedCondition, ...], *, rules: OrderRules, posting: Posting
) -> Decision:
    """Return the order with its conditions, terms, one event, deadlines and, when it holds money, its escrow.

    Nobody is notified: for the parties nothing has happened.

    :raises CannotGoOnError: when it cannot be continued as it stands.
    """
    _ensure_whole(found, conditions)
    rows = tuple(_condition(one, found.id, at) for at, one in enumerate(conditions, start=1))
    now = posting.occurred_at
    order = _with_deadlines(_order(found, rules, now), found, now)
    terms_hash = hash_of(terms_of(order, rows))
    order = replace(
        order, terms_hash=terms_hash, accepted_hash=terms_hash if found.status in _AGREED else None, last_seq=1
    )
    decision = Decision(writes=(Insert("orders", (as_row(order),)),))
    if rows:
        decision += Decision(writes=(Insert("conditions", tuple(as_row(row) for row in rows)),))
    decision += recorded(order, rows, by=found.proposed_by, at=found.created_at)
    decision += Decision(events=(_event(order, posting),), timers=_timers(order, rows, now))
    if found.held:
        held = Money(found.held, order.currency)
        decision += Decision(journals=(opening_escrow(posting, order_id=order.id, amount=held),))
    return decision


def _ensure_whole(found: ImportedOrder, conditions: tuple[ImportedCondition, ...]) -> None:
    if found.buyer_id == found.seller_id:
        raise CannotGoOnError("same_party", "seller")
    if found.fees.amount <= 0 or found.fees.seller_receives <= 0:
        raise CannotGoOnError("price_too_small", "amount")
    if found.status in {OrderStatus.ISSUE_REPORTED, OrderStatus.DISPUTED}:
        raise CannotGoOnError("contested", "status")
    if found.status not in RUNNING and found.held:
        raise CannotGoOnError("holds_money", "held")
    if found.status.is_ended:
        return
    if found.on_hold:
        raise CannotGoOnError("on_hold", "on_hold")
    if found.status in RUNNING and found.held != found.fees.buyer_pays:
        raise CannotGoOnError("held_differs_from_price", "held")
    _ensure_conditions(found, conditions)


def _ensure_conditions(found: ImportedOrder, conditions: tuple[ImportedCondition, ...]) -> None:
    if not any(one.required for one in conditions):
        raise CannotGoOnError("no_conditions", "conditions")
    if any(one.amount is not None and one.status is not ConditionStatus.PENDING for one in conditions):
        # Whether its part was paid already cannot be told from what an order holds in all.
        raise CannotGoOnError("milestone_begun", "conditions.status")
    try:
        ensure_milestones([_proposed(one, found.fees.currency) for one in conditions], fees=found.fees, pointer="")
    except KroError:
        raise CannotGoOnError("conditions_exceed_price", "conditions.amount") from None
    if any(one.kind in _NEED_MORE for one in conditions):
        raise CannotGoOnError("condition_kind", "conditions.kind")
    if any(one.kind is ConditionKind.DATE and one.not_before is None for one in conditions):
        raise CannotGoOnError("missing", "conditions.not_before")


def _proposed(found: ImportedCondition, currency: str) -> NewCondition:
    return NewCondition(
        kind=found.kind,
        title=found.title,
        description=found.description,
        confirmed_by=found.confirmed_by,
        required=found.required,
        amount=Money(found.amount, currency) if found.amount is not None else None,
    )


def _order(found: ImportedOrder, rules: OrderRules, now: datetime) -> Order:
    fees, status = found.fees, found.status
    was_funded = status in {*RUNNING, OrderStatus.CLOSED, OrderStatus.REFUNDED}
    funded = fees.buyer_pays if was_funded else 0
    return Order(
        id=found.id,
        buyer_id=found.buyer_id,
        seller_id=found.seller_id,
        proposed_by=found.proposed_by,
        order_type=found.order_type,
        title=found.title,
        description=found.description,
        currency=fees.currency,
        amount=fees.amount,
        buyer_share_bps=fees.buyer_share_bps,
        fee_buyer=fees.fee_buyer,
        fee_seller=fees.fee_seller,
        vat_buyer=fees.vat_buyer,
        vat_seller=fees.vat_seller,
        fee_basis={"imported": True},
        terms_version=1,
        terms_hash="",
        accepted_hash=None,
        delivery_hours=found.delivery_hours,
        inspection_hours=found.inspection_hours or rules.inspection_hours(found.order_type),
        revisions=rules.revisions,
        status=status,
        funding_status=_funding(status),
        close_reason=_REASONS.get(status),
        on_hold=False,
        funded_amount=funded,
        released_amount=funded if status is OrderStatus.CLOSED else 0,
        refunded_amount=funded if status is OrderStatus.REFUNDED else 0,
        accept_by=_least(found.accept_by, found.created_at + rules.accept_within, now),
        fund_by=_least(found.fund_by, now + rules.fund_within, now),
        deliver_by=None,
        inspect_by=None,
        inspection_added_hours=0,
        buyer_extended=False,
        revisions_used=0,
        released_in_parts=0,
        code_is_acceptance=False,
        compliance_hold=False,
        held_since=None,
        completed_at=None,
        receipt_extensions=0,
        overdue_reminders=0,
        last_seq=0,
        version=1,
        created_at=found.created_at,
        updated_at=now,
        ended_at=(found.ended_at or now) if status.is_ended else None,
    )


def _with_deadlines(order: Order, found: ImportedOrder, now: datetime) -> Order:
    """Keep of the deadlines only what the status has; where the predecessor named none, the agreed time starts now."""
    status = order.status
    deliver_by = _least(found.deliver_by, now + timedelta(hours=order.delivery_hours), now)
    inspect_by = _least(found.inspect_by, now + timedelta(hours=order.inspection_hours), now)
    return replace(
        order,
        accept_by=order.accept_by if status is OrderStatus.CREATED else None,
        fund_by=order.fund_by if status is OrderStatus.ACCEPTED else None,
        deliver_by=deliver_by if status in RUNNING else None,
        inspect_by=inspect_by if status is OrderStatus.COMPLETED else None,
        completed_at=(found.completed_at or now) if status is OrderStatus.COMPLETED else None,
    )


def _least(told: datetime | None, otherwise: datetime, now: datetime) -> datetime:
    return max(told or otherwise, now + LEAST_LEFT)


def _funding(status: OrderStatus) -> FundingStatus:
    if status in RUNNING:
        return FundingStatus.FUNDED
    return FundingStatus.SETTLED if status in {OrderStatus.CLOSED, OrderStatus.REFUNDED} else FundingStatus.NONE


def _condition(found: ImportedCondition, order_id: UUID, position: int) -> Condition:
    is_settled = found.status.is_settled
    return Condition(
        id=found.id,
        order_id=order_id,
        position=position,
        kind=found.kind,
        title=found.title,
        description=found.description,
        confirmed_by=found.confirmed_by,
        required=found.required,
        evidence_required=False,
        deemed_on_timeout=True,
        template_code=None,
        status=found.status,
        note=None,
        evidence_ids=(),
        submitted_at=found.submitted_at,
        settled_at=found.settled_at if is_settled else None,
        settled_by=Party.SYSTEM if is_settled else None,
        rejection_reason=None,
        amount=found.amount,
        not_before=found.not_before,
        inspect_by=None,
        code_hash=None,
        code_tries=0,
        version=1,
    )


def _event(order: Order, posting: Posting) -> Event:
    data: dict[str, Any] = since(Told(), Told.of(order))
    return Event(
        id=order.id,
        order_id=order.id,
        seq=1,
        type=EventType.IMPORTED,
        actor_kind=Party.SYSTEM,
        actor_id=None,
        data=data,
        at=posting.occurred_at,
    )


def _timers(order: Order, conditions: tuple[Condition, ...], now: datetime) -> tuple[Timer, ...]:
    due = {
        OrderStatus.CREATED: (TimerKind.ACCEPT_BY, order.accept_by),
        OrderStatus.ACCEPTED: (TimerKind.FUND_BY, order.fund_by),
        OrderStatus.IN_PROGRESS: (TimerKind.DELIVER_BY, order.deliver_by),
        OrderStatus.COMPLETED: (TimerKind.INSPECT_BY, order.inspect_by),
    }.get(order.status)
    if due is None or due[1] is None:
        return ()
    timers = timers_of(order.id, due[0], due[1], start=now)
    if order.status in RUNNING:
        dates = [one for one in conditions if one.kind is ConditionKind.DATE and not one.status.is_settled]
        timers += tuple(Timer(order.id, timer_of(one), one.not_before) for one in dates if one.not_before)
    return timers
