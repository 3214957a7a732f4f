"""T32 to T35: a dispute is decided, perhaps appealed, and takes effect; money moves only then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kro.core.decisions import Decision, Insert, Outcome
from kro.core.ids import show_id
from kro.core.money import CurrencyMismatchError, Money
from kro.order.database.issue_records import Issue, Ruling
from kro.order.database.issue_words import IssueStatus
from kro.order.database.records import Order, OrderState
from kro.order.database.words import (
    CloseReason,
    Command,
    ConditionKind,
    ConditionStatus,
    EventType,
    OrderStatus,
    Party,
)
from kro.order.domain import errors, issue_errors
from kro.order.domain.changes import Changes, Context, as_row, money
from kro.order.domain.decide_dispute import ensure_assigned, takes_evidence
from kro.order.domain.decide_issue import open_issue
from kro.order.domain.holding import arm_all
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.proofs import proof_of_release
from kro.order.domain.rules import DisputeRules
from kro.order.domain.settling import Settling, settle, share_price
from kro.verification.domain import StepUpAction

_DECIDABLE: Final = frozenset({IssueStatus.EVIDENCE, IssueStatus.UNDER_REVIEW, IssueStatus.APPEALED})


@dataclass(frozen=True, slots=True)
class Rule:
    """A decision: what of the price that is left the seller gets, and why. ``approved_by`` is the second admin."""

    awarded: Money
    grounds: str
    approved_by: UUID | None = None


def needs_second_admin(order: Order, rules: DisputeRules) -> bool:
    """Say whether what the order holds is more than one admin may decide about."""
    return order.held > rules.second_admin_above


def decide_ruling(state: OrderState, command: Rule, *, rules: DisputeRules, context: Context) -> Outcome[OrderState]:
    """T32: decide the dispute. The parties have ``rules.appeal_within`` to appeal; after an appeal it is final.

    :raises NotDecidableError: when it has been decided.
    :raises EvidenceOpenError: when the parties may still hand in evidence.
    :raises NotAssignedError: when it is not this admin's dispute.
    :raises SecondAdminNeededError: when one admin may not decide about that much alone.
    :raises SplitTooSmallError: when the fees of so small a part leave nothing for the seller.
    :raises SplitAboveHeldError: when the order does not hold that much.
    """
    order = state.order
    ensure_allowed(state, Command.DECIDE, state.viewer)
    issue, changes = open_issue(state), Changes(state, context)
    _ensure_decidable(issue, changes, command)
    if command.approved_by is None and needs_second_admin(order, rules):
        raise issue_errors.SecondAdminNeededError
    _ensure_payable(order, command.awarded)
    is_final = issue.round > 1
    appeal_by = changes.clock if is_final else changes.clock + rules.appeal_within
    ruling = Ruling(
        id=context.ids.new(),
        issue_id=issue.id,
        order_id=order.id,
        round=issue.round,
        awarded=command.awarded.amount,
        grounds=command.grounds,
        decided_by=context.actor.id,
        approved_by=command.approved_by,
        decided_at=context.now,
    )
    changes = (
        changes.clear_timers()
        .set_issue(
            status=IssueStatus.FINAL if is_final else IssueStatus.DECIDED,
            awarded=ruling.awarded,
            grounds=ruling.grounds,
            decided_by=ruling.decided_by,
            approved_by=ruling.approved_by,
            decided_at=ruling.decided_at,
            appeal_by=appeal_by,
        )
        .include(Decision(writes=(Insert("rulings", (as_row(ruling),)),)))
        .tell(
            EventType.DECIDED,
            issue_id=show_id("iss", issue.id),
            awarded=money(ruling.awarded, order.currency),
            grounds=ruling.grounds,
            is_final=is_final,
            appeal_by=None if is_final else appeal_by,
        )
        .notify(Party.BUYER, "dispute_decided")
        .notify(Party.SELLER, "dispute_decided")
    )
    return arm_all(changes, context).done()


def decide_appeal(state: OrderState, grounds: str, *, rules: DisputeRules, context: Context) -> Outcome[OrderState]:
    """T33: have another admin look at it again, once; what that one decides is final.

    :raises NotAppealableError: when there is no decision to appeal, its time is over, or the appeal was given up.
    :raises WrongPartyError: when the party got all it could.
    """
    ensure_allowed(state, Command.APPEAL, state.viewer)
    issue, changes = _appealable(state, context)
    decide_by = changes.clock + rules.appeal_decide_within
    changes = (
        changes.clear_timers()
        .set_issue(
            status=IssueStatus.APPEALED,
            round=2,
            appealed_by=state.viewer,
            appeal_grounds=grounds,
            appeal_by=None,
            assigned_to=None,
            decide_by=decide_by,
            overdue_by=decide_by + rules.overdue_after,
        )
        .tell(EventType.APPEALED, issue_id=show_id("iss", issue.id), grounds=grounds, decide_by=decide_by)
        .notify(state.viewer.other, "dispute_appealed")
    )
    return arm_all(changes, context).done()


def decide_waive_appeal(state: OrderState, *, settling: Settling, context: Context) -> Outcome[OrderState]:
    """T34: give the appeal up. When nobody who could appeal is left, the decision takes effect at once.

    :raises NotAppealableError: when there is no decision to appeal, its time is over, or the appeal was given up.
    :raises WrongPartyError: when the party got all it could, and so has nothing to give up.
    :raises StepUpRequiredError: when the seller gets more than the threshold and the buyer has not proven who asks.
    """
    row = ensure_allowed(state, Command.WAIVE_APPEAL, state.viewer)
    issue, changes = _appealable(state, context)
    shown, action = show_id("iss", issue.id), StepUpAction.WAIVE_APPEAL
    changes.include(proof_of_release(row, state, issue.awarded or 0, action=action, context=context, target=shown))
    waived = "waived_by_buyer" if state.viewer is Party.BUYER else "waived_by_seller"
    changes.set_issue(**{waived: True}).tell(EventType.APPEAL_WAIVED)
    other = state.viewer.other
    if _lost(state, issue, other) and not _has_waived(issue, other):
        return changes.done()
    return _take_effect(changes, issue.awarded or 0, settling, context).done()


def decide_effective(state: OrderState, *, settling: Settling, context: Context) -> Outcome[OrderState] | None:
    """T34: the time to appeal is over. Return ``None`` when the timer is late, repeated or stale."""
    issue, changes = state.issue, Changes(state, context)
    if issue is None or issue.status not in {IssueStatus.DECIDED, IssueStatus.FINAL} or issue.appeal_by is None:
        return None
    if state.order.on_hold or changes.clock < issue.appeal_by:
        return None
    ensure_allowed(state, Command.DECISION_EFFECTIVE, Party.SYSTEM)
    return _take_effect(changes, issue.awarded or 0, settling, context).done()


def decide_not_decided(state: OrderState, *, settling: Settling, context: Context) -> Outcome[OrderState] | None:
    """T35: nobody decided. Proof of delivery releases, its absence refunds; a decision that was appealed stands.

    Return ``None`` when the timer is late, repeated or stale.
    """
    issue, changes = state.issue, Changes(state, context)
    if issue is None or issue.status not in _DECIDABLE or issue.overdue_by is None:
        return None
    if state.order.on_hold or changes.clock < issue.overdue_by:
        return None
    ensure_allowed(state, Command.DECISION_OVERDUE, Party.SYSTEM)
    awarded = issue.awarded
    if awarded is None:
        awarded = state.order.outstanding.amount if has_proof_of_delivery(state) else 0
    changes.tell(EventType.DECISION_OVERDUE, awarded=money(awarded, state.order.currency))
    return _end(changes, awarded, CloseReason.NOT_DECIDED_IN_TIME, settling, context).done()


def has_proof_of_delivery(state: OrderState) -> bool:
    """Say whether the record shows delivery: the handover code was entered, or the seller said so and proved it.

    Proved means that every required condition the seller has to prove is handed in with evidence, and none rejected.
    """
    for condition in state.conditions:
        if condition.kind is ConditionKind.DELIVERY_CODE and condition.status is ConditionStatus.FULFILLED:
            return True
    proofs = [c for c in state.conditions if c.required and c.evidence_required]
    was_completed = state.issue is not None and state.issue.from_status is OrderStatus.COMPLETED
    return was_completed and bool(proofs) and all(c.evidence_ids and c.rejection_reason is None for c in proofs)


def _ensure_decidable(issue: Issue, changes: Changes, command: Rule) -> None:
    if issue.status not in _DECIDABLE:
        raise issue_errors.NotDecidableError
    if takes_evidence(issue, changes):
        raise issue_errors.EvidenceOpenError
    context = changes.context
    ensure_assigned(issue, context)
    if issue.round > 1 and {context.actor.id, command.approved_by} & {issue.decided_by, issue.approved_by} - {None}:
        raise issue_errors.SameReviewerError


def _ensure_payable(order: Order, awarded: Money) -> None:
    if awarded.currency != order.currency:
        raise CurrencyMismatchError
    if awarded.amount not in {0, order.outstanding.amount}:
        share_price(order, awarded.amount)


def _appealable(state: OrderState, context: Context) -> tuple[Issue, Changes]:
    issue, changes = open_issue(state), Changes(state, context)
    is_open = issue.status is IssueStatus.DECIDED and issue.appeal_by is not None and changes.clock < issue.appeal_by
    if not is_open or _has_waived(issue, state.viewer):
        raise issue_errors.NotAppealableError
    if not _lost(state, issue, state.viewer):
        raise errors.WrongPartyError
    return issue, changes


def _lost(state: OrderState, issue: Issue, party: Party) -> bool:
    awarded = issue.awarded or 0
    return awarded > 0 if party is Party.BUYER else awarded < state.order.outstanding.amount


def _has_waived(issue: Issue, party: Party) -> bool:
    return issue.waived_by_buyer if party is Party.BUYER else issue.waived_by_seller


def _take_effect(changes: Changes, awarded: int, settling: Settling, context: Context) -> Changes:
    changes.tell(EventType.DECISION_EFFECTIVE, awarded=money(awarded, changes.state.order.currency))
    return _end(changes, awarded, CloseReason.ADMIN_DECISION, settling, context)


def _end(changes: Changes, awarded: int, cause: CloseReason, settling: Settling, context: Context) -> Changes:
    changes.set_issue(status=IssueStatus.EFFECTIVE, ended_at=context.now)
    return settle(changes, awarded, cause, settling=settling, context=context)
