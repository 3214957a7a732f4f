"""Collects what one command changes on an order and turns it into one decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from kro.core.actor import Actor
from kro.core.decisions import ClearTimer, Decision, Event, Insert, Journal, Message, Outcome, Update
from kro.core.ids import IdSource, show_id
from kro.core.money import Money
from kro.core.notices import Reader, Receipt, notice
from kro.kro_balance.domain import Posting
from kro.order.database.issue_records import Issue, Offer
from kro.order.database.issue_words import IssueStatus, OfferStatus
from kro.order.database.records import Amendment, Condition, Order, OrderState
from kro.order.database.words import (
    AmendmentStatus,
    ConditionStatus,
    EventType,
    FundingStatus,
    OrderStatus,
    Party,
    TimerKind,
)
from kro.order.domain.deadlines import AMENDMENT, BEFORE, HALF, timers_of
from kro.order.domain.events import event_item
from kro.order.domain.replay import Told, since
from kro.utils.records import changed
from kro.verification.domain import SHUT, Gate


@dataclass(frozen=True, slots=True)
class Context:
    """Who acts and when; ``ids`` gives the new rows their identifiers, ``gate`` says what takes a fresh proof."""

    actor: Actor
    now: datetime
    ids: IdSource
    gate: Gate = SHUT


def as_row(record: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the module's row dataclasses
    """Return a row dataclass as the columns it mirrors."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


class Changes:
    """One command's effects on one order, in the making. Nothing is written until :meth:`done` is applied."""

    def __init__(self, state: OrderState, context: Context, *, is_new: bool = False) -> None:
        self._before = state
        self._state = state
        self._context = context
        self._is_new = is_new
        self._changed: dict[str, Any] = {}
        self._ahead: dict[str, Any] = {}
        self._conditions: dict[UUID, dict[str, Any]] = {}
        self._added: tuple[Condition, ...] = ()
        self._issue: dict[str, Any] = {}
        self._told = Told.of(state.order)
        self._parts: list[Decision] = []

    @property
    def state(self) -> OrderState:
        """The order as it will be, with all that was changed so far."""
        if self._ahead:
            self._state = changed(self._state, order=changed(self._state.order, **self._ahead))
            self._ahead = {}
        return self._state

    @property
    def context(self) -> Context:
        return self._context

    @property
    def clock(self) -> datetime:
        """The order's own time, from which its deadlines count: it stands still while the order is on hold."""
        return self.state.order.held_since or self._context.now

    def set(self, **columns: Any) -> Changes:  # noqa: ANN401 - the columns of orders
        """Change columns of the order."""
        self._changed |= columns
        self._ahead |= columns
        return self

    def to(self, status: OrderStatus, **columns: Any) -> Changes:  # noqa: ANN401 - the columns of orders
        """Move the order to a status; an ended order gets its end, its timers and deadlines are cleared."""
        if status is not OrderStatus.IN_PROGRESS and self.state.amendment is not None:
            self.lapse_amendment()
        if status.is_ended:
            columns = {"ended_at": self._context.now, **columns}
            self.clear_timers().lapse_offers()
            if self.state.issue is not None and not self.state.issue.status.is_over:
                self.set_issue(status=IssueStatus.SETTLED, ended_at=self._context.now)
        return self.set(status=status, **columns)

    def set_condition(self, condition: Condition, **columns: Any) -> Changes:  # noqa: ANN401 - the columns of conditions
        """Change columns of one condition."""
        self._conditions.setdefault(condition.id, {}).update(columns)
        self._state = changed(
            self.state,
            conditions=tuple(changed(c, **columns) if c.id == condition.id else c for c in self.state.conditions),
        )
        return self

    def withdraw_conditions(self, conditions: Iterable[Condition]) -> Changes:
        """Take conditions out of the terms; their rows stay as they were agreed."""
        for condition in conditions:
            self.set_condition(condition, status=ConditionStatus.WITHDRAWN)
        kept = tuple(c for c in self.state.conditions if c.status is not ConditionStatus.WITHDRAWN)
        self._state = changed(self.state, conditions=kept)
        return self

    def add_conditions(self, conditions: Iterable[Condition]) -> Changes:
        """Add new conditions to the terms."""
        added = tuple(conditions)
        self._added += added
        self._state = changed(self.state, conditions=self.state.conditions + added)
        return self

    def put_amendment(self, amendment: Amendment) -> Changes:
        """Show a new amendment; its row is the caller's part."""
        self._state = changed(self.state, amendment=amendment)
        return self

    def end_amendment(self, status: AmendmentStatus) -> Changes:
        """Take the amendment from the table."""
        amendment = self.state.amendment
        assert amendment is not None  # noqa: S101 - the caller has looked at it
        self._state = changed(self.state, amendment=None)
        ended = {"status": status, "settled_at": self._context.now}
        return self.include(
            Decision(
                writes=(Update("amendments", amendment.id, amendment.version, ended),),
                cleared=(ClearTimer(amendment.order_id, AMENDMENT),),
            )
        )

    def lapse_amendment(self) -> Changes:
        """Take an amendment from the table that nobody accepted, and tell both that the terms stay."""
        self.end_amendment(AmendmentStatus.LAPSED)
        return self.notify(Party.BUYER, "amendment_lapsed").notify(Party.SELLER, "amendment_lapsed")

    def still_owed(self, amount: int) -> Changes:
        """Know what the seller owes after a journal of this command, in minor units; a second release may follow."""
        self._state = changed(self.state, seller_owes=amount)
        return self

    def posting(self) -> Posting:
        """Return the head of a new journal of this command."""
        actor = self._context.actor
        return Posting(
            journal_id=self._context.ids.new(),
            occurred_at=self._context.now,
            actor=actor.label,
            request_id=actor.request_id,
        )

    def post(self, journal: Journal) -> Changes:
        return self.include(Decision(journals=(journal,)))

    def include(self, part: Decision) -> Changes:
        """Add another module's part; its writes come after the order's, as the lock order wants."""
        self._parts.append(part)
        return self

    def set_issue(self, **columns: Any) -> Changes:  # noqa: ANN401 - the columns of issues
        """Change columns of the issue that is not over."""
        assert self.state.issue is not None  # noqa: S101 - the caller has looked at it
        self._issue |= columns
        self._state = changed(self.state, issue=changed(self.state.issue, **columns))
        return self

    def open_issue(self, issue: Issue) -> Changes:
        """Add a new issue; the order has no other one that is not over."""
        self._state = changed(self.state, issue=issue)
        return self

    def lapse_offers(self) -> Changes:
        """Take every offer from the table."""
        for offer in self.state.offers:
            self.end_offer(offer, OfferStatus.LAPSED)
        return self

    def end_offer(self, offer: Offer, status: OfferStatus) -> Changes:
        self._state = changed(self.state, offers=tuple(o for o in self.state.offers if o.id != offer.id))
        ended = {"status": status, "settled_at": self._context.now}
        return self.include(Decision(writes=(Update("offers", offer.id, offer.version, ended),)))

    def put_on_table(self, offer: Offer) -> Changes:
        """Show a new offer; its row is the caller's part."""
        self._state = changed(self.state, offers=(*self.state.offers, offer))
        return self

    def start_timer(self, kind: TimerKind, due_at: datetime) -> Changes:
        """Set a deadline of the order, and have it kept unless the order is on hold."""
        return self.set(**{kind.value: due_at}).arm(kind, due_at)

    def arm(self, kind: str, due_at: datetime) -> Changes:
        """Have a deadline kept, with its reminders. On hold nothing is armed: lifting the hold does it."""
        if self.state.order.on_hold:
            return self
        order_id = self.state.order.id
        return self.include(Decision(timers=timers_of(order_id, kind, due_at, start=self._context.now)))

    def clear_deadline(self, kind: str) -> Changes:
        """Have one deadline kept no more, its reminders neither."""
        order_id = self._before.order.id
        steps = (kind, *(f"{kind}.{step}" for step in (HALF, *BEFORE)))
        return self.include(Decision(cleared=tuple(ClearTimer(order_id, step) for step in steps)))

    def clear_timers(self) -> Changes:
        return self.include(Decision(cleared=(ClearTimer(self._before.order.id),)))

    def tell(self, event_type: EventType, **data: Any) -> Changes:  # noqa: ANN401 - JSON facts of the event
        """Record the next event of the order and send it to both parties.

        An event also says which status and which amounts of the order it changed, so that a client need not ask.
        """
        order = self.state.order
        told = Told.of(order)
        data |= since(self._told, told)
        self._told = told
        actor = self._context.actor
        party = self.state.viewer
        event = Event(
            id=self._context.ids.new(),
            order_id=order.id,
            seq=order.last_seq + 1,
            type=event_type,
            actor_kind=party,
            actor_id=actor.id if party.is_trader else None,
            data=data,
            at=self._context.now,
        )
        self.set(last_seq=event.seq)
        message = Message(
            id=self._context.ids.new(),
            topic="realtime",
            ordering_key=f"order:{order.id}",
            payload={
                "users": [order.buyer_id, order.seller_id],
                "event": "order.event",
                "data": event_item(event),
            },
        )
        return self.include(Decision(events=(event,), messages=(message,)))

    def notify(self, party: Party, template: str, *, purpose: str | None = None, **facts: Any) -> Changes:  # noqa: ANN401 - template facts
        """Send one party a notice, on the channels the matrix names for it.

        With a purpose, each channel's receipt is kept under it, as evidence that the party was told.
        """
        order = self.state.order
        message = notice(
            id=self._context.ids.new(),
            user_id=order.user_of(party),
            template=template,
            reader=Reader(party),
            facts={
                "order_id": show_id("ord", order.id),
                "title": order.title,
                "amount": money(order.amount, order.currency),
                **facts,
            },
            receipt=Receipt(order.id, purpose) if purpose else None,
        )
        return self.include(Decision(messages=(message,)))

    def done(self) -> Outcome[OrderState]:
        """Return the decision and the order as it will be."""
        assert Told.of(self.state.order) == self._told, "an event has to tell of every change"  # noqa: S101 - a slip of ours
        order = self._before.order
        if _shares(order) != _shares(self.state.order):
            # An offer shares what the order held when it was made; what is left now is for another one.
            self.lapse_offers()
        if self._is_new:
            writes: list[Insert | Update] = [
                Insert("orders", (as_row(self.state.order),)),
                Insert("conditions", tuple(as_row(condition) for condition in self.state.conditions)),
            ]
        else:
            self.set(updated_at=self._context.now)
            writes = [Update("orders", order.id, order.version, self._changed)]
            self._ahead["version"] = order.version + 1
            versions = {condition.id: condition.version for condition in self._before.conditions}
            writes += [
                Update("conditions", condition_id, versions[condition_id], columns)
                for condition_id, columns in sorted(self._conditions.items())
            ]
            if self._added:
                writes.append(Insert("conditions", tuple(as_row(condition) for condition in self._added)))
            if self._before.issue is None and self.state.issue is not None:
                writes.append(Insert("issues", (as_row(self.state.issue),)))
            elif self._before.issue is not None and self._issue:
                writes.append(Update("issues", self._before.issue.id, self._before.issue.version, self._issue))
        return Outcome(Decision.joined([Decision(writes=tuple(writes)), *self._parts]), self.state)


def _shares(order: Order) -> tuple[int, int, int]:
    return order.amount, order.released_in_parts, order.held


def settled(order_changes: Changes) -> FundingStatus:
    """Return the funding status of an order whose escrow this command empties."""
    order = order_changes.state.order
    return FundingStatus.SETTLED if order.funded_amount else FundingStatus.NONE


def money(amount: int, currency: str) -> Mapping[str, Any]:
    """Return an amount in minor units as it travels in JSON."""
    checked = Money(amount, currency)
    return {"amount": checked.amount, "currency": checked.currency}
