"""What two admins do to an order: see :class:`kro.management.domain.proposals.Effect`."""

from __future__ import annotations

from kro.core.auth.permissions import Permission
from kro.core.decisions import Decision
from kro.management.database.proposal_records import Proposal, ProposalKind, Terms
from kro.management.domain.decide_dispute_proposal import decide_dispute_decision, decide_hold_lift, subject_of
from kro.management.domain.proposal_needs import Needs
from kro.order.domain import AdminOrder, AdminOrderRepository, DisputeRules
from kro.payment.domain import Context


class DisputeDecisionEffect:
    kind = ProposalKind.DISPUTE_DECISION
    needs = Needs.one(Permission.DISPUTES_DECIDE)

    def __init__(self, orders: AdminOrderRepository, rules: DisputeRules) -> None:
        self._orders = orders
        self._rules = rules

    async def load(self, terms: Terms) -> AdminOrder | None:
        """Return the order of the dispute."""
        return await self._orders.of_issue(subject_of(terms))

    def decide(self, state: AdminOrder | None, proposal: Proposal, *, context: Context) -> Decision:
        return decide_dispute_decision(state, proposal, rules=self._rules, context=context)


class HoldLiftEffect:
    kind = ProposalKind.HOLD_LIFT
    needs = Needs.one(Permission.HOLDS_PLACE)

    def __init__(self, orders: AdminOrderRepository) -> None:
        self._orders = orders

    async def load(self, terms: Terms) -> AdminOrder | None:
        """Return the order that is held."""
        return await self._orders.of_hold(subject_of(terms))

    def decide(self, state: AdminOrder | None, proposal: Proposal, *, context: Context) -> Decision:
        return decide_hold_lift(state, proposal, context=context)
