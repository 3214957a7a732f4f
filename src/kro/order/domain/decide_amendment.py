"""T14: terms that change while the seller works. One party proposes, the other accepts exactly what was shown.

The escrow follows the price in the same write: a lower one gives the difference back to the buyer's balance, a higher
one takes it from there, so the buyer tops up before anybody accepts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from kro.core.decisions import Decision, Insert, Outcome
from kro.core.ids import show_id
from kro.core.money import Money
from kro.kro_balance.domain import order_amended
from kro.order.database.records import Amendment, Condition, NewCondition, Order, OrderState, TermsState
from kro.order.database.words import AmendmentStatus, Command, ConditionStatus, EventType, Party, TimerKind
from kro.order.domain import errors, terms_errors
from kro.order.domain.changes import Changes, Context, as_row, money
from kro.order.domain.condition_rules import ensure_code_if_accepted, ensure_milestones, ensure_sensible
from kro.order.domain.condition_times import arm_condition, timer_of
from kro.order.domain.deadlines import AMENDMENT
from kro.order.domain.decide_create import new_condition
from kro.order.domain.decide_fund import BalanceTooLowError
from kro.order.domain.lifecycle import Transition, ensure_allowed
from kro.order.domain.proofs import proof_of_release
from kro.order.domain.rules import OrderRules
from kro.order.domain.terms import changed_terms, hash_of, price_of, renew, terms_of
from kro.verification.domain import StepUpAction


@dataclass(frozen=True, slots=True)
class ProposeAmendment:
    """Any part of the terms; what is ``None`` or empty stays. ``delivery_hours`` count from funding."""

    has_quote: bool
    delivery_hours: int | None
    inspection_hours: int | None
    added: tuple[NewCondition, ...]
    removed: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class AcceptAmendment:
    """Acceptance names the hash of the terms it was shown."""

    amendment_id: UUID
    hash: str


def decide_propose(
    found: TermsState, command: ProposeAmendment, *, rules: OrderRules, context: Context
) -> Outcome[OrderState]:
    """Put an amendment on the table for ``rules.amendment_within``.

    :raises AmendmentOpenError: when there is one already.
    :raises PaymentInProgressError: while a payment's outcome is open.
    :raises TermsUnchangedError: when it changes nothing.
    :raises StepUpRequiredError: when the buyer may lose more than the threshold by it and has not proven who asks.
    """
    state = found.state
    order = state.order
    lifecycle_row = ensure_allowed(state, Command.PROPOSE_AMENDMENT, state.viewer)
    changes = Changes(state, context)
    ensure_sensible(command.added, pointer="/add_conditions", now=context.now)
    if state.amendment is not None:
        if changes.clock < state.amendment.expires_at:
            raise terms_errors.AmendmentOpenError
        changes.end_amendment(AmendmentStatus.LAPSED)
    last = max((condition.position for condition in state.conditions), default=0)
    amendment = Amendment(
        id=context.ids.new(),
        order_id=order.id,
        proposed_by=state.viewer,
        base_version=order.terms_version,
        hash="",
        price=price_of(found.quote, order, at=context.now) if command.has_quote else None,
        delivery_hours=command.delivery_hours,
        inspection_hours=command.inspection_hours,
        added=tuple(new_condition(order.id, at, one, context) for at, one in enumerate(command.added, last + 1)),
        removed=tuple(dict.fromkeys(command.removed)),
        status=AmendmentStatus.OPEN,
        created_at=context.now,
        expires_at=changes.clock + rules.amendment_within,
        settled_at=None,
        version=1,
    )
    after = _amended(state, amendment, rules=rules, changes=changes, at=context.now)
    ensure_milestones(command.added, fees=after.order.fees, pointer="/add_conditions")
    proposed = terms_of(after.order, after.conditions)
    changed = changed_terms(terms_of(order, state.conditions), proposed)
    if not changed:
        raise terms_errors.TermsUnchangedError
    changes.include(_proof(lifecycle_row, state, after, StepUpAction.PROPOSE_AMENDMENT, context))
    amendment = replace(amendment, hash=hash_of(proposed))
    row = {**as_row(amendment), "added": [as_row(condition) for condition in amendment.added]}
    return (
        changes.include(Decision(writes=(Insert("amendments", (row,)),)))
        .put_amendment(amendment)
        .tell(
            EventType.AMENDMENT_PROPOSED,
            amendment_id=show_id("amd", amendment.id),
            hash=amendment.hash,
            changed=changed,
            buyer_pays=money(after.order.fees.buyer_pays, order.currency),
            expires_at=amendment.expires_at,
        )
        .arm(AMENDMENT, amendment.expires_at)
        .notify(state.viewer.other, "amendment_proposed")
        .done()
    )


def decide_withdraw(state: OrderState, amendment_id: UUID, *, context: Context) -> Outcome[OrderState]:
    """Take one's own amendment back.

    :raises WrongPartyError: when it is the other party's.
    """
    ensure_allowed(state, Command.WITHDRAW_AMENDMENT, state.viewer)
    amendment = _on_the_table(state, amendment_id)
    if amendment.proposed_by is not state.viewer:
        raise errors.WrongPartyError
    return (
        Changes(state, context)
        .end_amendment(AmendmentStatus.WITHDRAWN)
        .tell(EventType.AMENDMENT_WITHDRAWN, amendment_id=show_id("amd", amendment.id))
        .notify(state.viewer.other, "amendment_withdrawn")
        .done()
    )


def decide_run_out(state: OrderState, *, context: Context) -> Outcome[OrderState] | None:
    """Take an amendment from the table that nobody answered in time; ``None`` when there is none or time is left."""
    changes = Changes(state, context)
    if state.amendment is None or state.order.on_hold or changes.clock < state.amendment.expires_at:
        return None
    return changes.lapse_amendment().done()


def decide_decline(state: OrderState, amendment_id: UUID, *, context: Context) -> Outcome[OrderState]:
    """Turn the other party's amendment down.

    :raises WrongPartyError: when it is one's own.
    """
    ensure_allowed(state, Command.DECLINE_AMENDMENT, state.viewer)
    amendment = _others(state, amendment_id)
    return (
        Changes(state, context)
        .end_amendment(AmendmentStatus.DECLINED)
        .tell(EventType.AMENDMENT_DECLINED, amendment_id=show_id("amd", amendment.id))
        .notify(amendment.proposed_by, "amendment_declined")
        .done()
    )


def decide_accept(
    state: OrderState, command: AcceptAmendment, *, rules: OrderRules, context: Context
) -> Outcome[OrderState]:
    """Take exactly the amendment shown; terms, deadlines and escrow follow it at once.

    :raises WrongPartyError: when it is one's own.
    :raises AmendmentExpiredError: when it has run out.
    :raises StaleTermsError: when another was shown.
    :raises BalanceTooLowError: when the buyer's balance does not cover what the buyer pays more.
    :raises StepUpRequiredError: when the buyer may lose more than the threshold by it and has not proven who asks.
    """
    row = ensure_allowed(state, Command.ACCEPT_AMENDMENT, state.viewer)
    amendment = _others(state, command.amendment_id)
    changes = Changes(state, context)
    if changes.clock >= amendment.expires_at:
        raise terms_errors.AmendmentExpiredError
    after = _amended(state, amendment, rules=rules, changes=changes, at=context.now)
    if command.hash != amendment.hash or hash_of(terms_of(after.order, after.conditions)) != amendment.hash:
        raise errors.StaleTermsError
    more = after.order.fees.buyer_pays - state.order.fees.buyer_pays
    if more > state.buyer_available:
        raise BalanceTooLowError
    shown = show_id("amd", amendment.id)
    changes.include(_proof(row, state, after, StepUpAction.ACCEPT_AMENDMENT, context, target=shown))
    changes.end_amendment(AmendmentStatus.ACCEPTED).set(
        delivery_hours=after.order.delivery_hours,
        inspection_hours=after.order.inspection_hours,
        accepted_hash=amendment.hash,
        **(amendment.price or {}),
    )
    changes.withdraw_conditions(c for c in state.conditions if c.id in amendment.removed)
    for gone in (c for c in state.conditions if c.id in amendment.removed):
        changes.clear_deadline(timer_of(gone))
    renew(changes.add_conditions(amendment.added), by=amendment.proposed_by)
    for added in amendment.added:
        arm_condition(changes, added)
    _move_escrow(changes, amendment, more)
    if after.order.deliver_by is not None and after.order.deliver_by != state.order.deliver_by:
        changes.clear_deadline(TimerKind.DELIVER_BY).clear_deadline(TimerKind.NON_DELIVERY)
        changes.set(overdue_reminders=0).start_timer(TimerKind.DELIVER_BY, after.order.deliver_by)
    return (
        changes.tell(
            EventType.AMENDMENT_ACCEPTED,
            amendment_id=shown,
            terms_version=changes.state.order.terms_version,
            terms_hash=amendment.hash,
            held=money(changes.state.order.held, state.order.currency),
        )
        .notify(amendment.proposed_by, "amendment_accepted")
        .done()
    )


def _proof(
    row: Transition, state: OrderState, after: OrderState, action: StepUpAction, context: Context, *, target: str = ""
) -> Decision:
    """Return the proof of terms by which the buyer may lose more, or sooner: a price, conditions, less time to look."""
    before = state.order
    is_harmless = (
        after.order.amount <= before.amount
        and after.order.inspection_hours >= before.inspection_hours
        and after.conditions == state.conditions
    )
    worth = 0 if is_harmless else after.order.outstanding.amount
    return proof_of_release(row, state, worth, action=action, context=context, target=target)


def _amended(
    state: OrderState, amendment: Amendment, *, rules: OrderRules, changes: Changes, at: datetime
) -> OrderState:
    """Return the order as it would be, having checked that it may become so."""
    order = state.order
    if state.open_payments:
        raise errors.PaymentInProgressError
    after = replace(
        order,
        terms_version=order.terms_version + 1,
        delivery_hours=amendment.delivery_hours or order.delivery_hours,
        inspection_hours=amendment.inspection_hours or order.inspection_hours,
        **(amendment.price or {}),
    )
    if after.fees != order.fees:
        _ensure_price_may_change(state, after, rules, at)
    if order.deliver_by is not None and after.delivery_hours != order.delivery_hours:
        # The difference, and not the hours from funding, so that the time of a hold or of changes asked for stays.
        deliver_by = order.deliver_by + timedelta(hours=after.delivery_hours - order.delivery_hours)
        if deliver_by <= changes.clock:
            raise terms_errors.DeliveryPassedError
        after = replace(after, deliver_by=deliver_by)
    kept = tuple(condition for condition in state.conditions if condition.id not in amendment.removed)
    _ensure_removable(state, amendment)
    conditions = kept + amendment.added
    ensure_code_if_accepted(conditions, code_is_acceptance=order.code_is_acceptance)
    _ensure_milestones_fit(conditions, after)
    if not any(condition.required for condition in conditions):
        raise errors.NoConditionsError
    return replace(state, order=after, conditions=conditions)


def _ensure_price_may_change(state: OrderState, after: Order, rules: OrderRules, at: datetime) -> None:
    order = state.order
    if order.released_amount or order.refunded_amount or order.held != order.fees.buyer_pays:
        raise terms_errors.AmendmentAfterReleaseError
    if after.amount > order.amount:
        rules.ensure_within_tier(
            tier=state.buyer_tier,
            amount=after.amount,
            currency=after.currency,
            at=at,
            is_own=state.viewer is Party.BUYER,
        )


def _ensure_milestones_fit(conditions: tuple[Condition, ...], after: Order) -> None:
    open_ones = sum(c.amount for c in conditions if c.amount is not None and not c.status.is_settled)
    if after.released_in_parts + open_ones > after.amount:
        raise terms_errors.MilestonesAbovePriceError


def _ensure_removable(state: OrderState, amendment: Amendment) -> None:
    conditions = {condition.id: condition for condition in state.conditions}
    for condition_id in amendment.removed:
        if condition_id not in conditions:
            raise errors.ConditionNotFoundError
        if conditions[condition_id].status is not ConditionStatus.PENDING:
            raise errors.ConditionClosedError


def _move_escrow(changes: Changes, amendment: Amendment, more: int) -> None:
    """Have escrow hold what the buyer now pays; ``more`` is negative when that is less than before."""
    if not more:
        return
    order = changes.state.order
    changes.set(funded_amount=order.funded_amount + more).post(
        order_amended(
            changes.posting(),
            amendment_id=amendment.id,
            order_id=order.id,
            buyer_id=order.buyer_id,
            amount=Money(abs(more), order.currency),
            is_up=more > 0,
        )
    )


def _others(state: OrderState, amendment_id: UUID) -> Amendment:
    amendment = _on_the_table(state, amendment_id)
    if amendment.proposed_by is state.viewer:
        raise errors.WrongPartyError
    return amendment


def _on_the_table(state: OrderState, amendment_id: UUID) -> Amendment:
    if state.amendment is None or state.amendment.id != amendment_id:
        raise terms_errors.AmendmentNotFoundError
    return state.amendment
