"""Two admins decide about much money in dispute, or let an order go on that compliance holds."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from kro.core.decisions import Decision
from kro.core.ids import show_id
from kro.core.money import Money
from kro.management.database.proposal_records import Proposal, ProposalKind, Terms
from kro.management.domain.decide_adjustment import Why, proposed_money
from kro.order.domain import AdminOrder, DisputeRules, Rule, decide_by_two, decide_lift_by_two
from kro.order.domain import Context as OrderContext
from kro.payment.domain import Context


def dispute_decision_terms(*, issue_id: UUID, awarded: Money, grounds: str) -> Terms:
    """Return the proposal to decide a dispute: what the seller gets of the price that is left, and why."""
    return Terms(
        kind=ProposalKind.DISPUTE_DECISION,
        subject_id=issue_id,
        beneficiary_id=None,
        payload={"amount": awarded.amount, "currency": awarded.currency},
        reason_code="decision",
        ticket=show_id("iss", issue_id),
        note=grounds,
    )


def hold_lift_terms(*, hold_id: UUID, why: Why) -> Terms:
    """Return the proposal to let an order go on that compliance holds."""
    return Terms(
        kind=ProposalKind.HOLD_LIFT,
        subject_id=hold_id,
        beneficiary_id=None,
        payload={},
        reason_code=why.reason,
        ticket=why.ticket,
        note=why.note,
    )


def decide_dispute_decision(
    found: AdminOrder | None, proposal: Proposal, *, rules: DisputeRules, context: Context
) -> Decision:
    """Decide the dispute in the name of whoever proposed it, who has to be the admin it is assigned to.

    :raises KroError: what :func:`kro.order.domain.decide_by_two` refuses.
    """
    # While it is rehearsed the proposer stands in for the second admin, whom nobody knows yet. A proposal that is
    # approved has two, and a ruling by one person twice is what the database refuses.
    rule = Rule(awarded=proposed_money(proposal.terms), grounds=proposal.terms.note, approved_by=context.actor.id)
    proposer = replace(context.actor, id=proposal.proposed_by)
    return decide_by_two(
        found,
        subject_of(proposal.terms),
        rule,
        rules=rules,
        context=OrderContext(actor=proposer, now=context.now, ids=context.ids),
    ).decision


def decide_hold_lift(found: AdminOrder | None, proposal: Proposal, *, context: Context) -> Decision:
    """Let the order go on, unless something else holds it too.

    :raises KroError: what :func:`kro.order.domain.decide_lift_by_two` refuses.
    """
    return decide_lift_by_two(
        found,
        subject_of(proposal.terms),
        proposed_by=proposal.proposed_by,
        approved_by=context.actor.id,
        context=OrderContext(actor=context.actor, now=context.now, ids=context.ids),
    ).decision


def subject_of(terms: Terms) -> UUID:
    """Return what a proposal is about; its kind says that there is something."""
    if terms.subject_id is None:
        raise AssertionError(f"{terms.kind} about nothing")
    return terms.subject_id
