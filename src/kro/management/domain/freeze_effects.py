"""Two people let a frozen account go on: see :class:`kro.management.domain.proposals.Effect`."""

from __future__ import annotations

from uuid import UUID

from kro.core.auth.permissions import Permission
from kro.core.decisions import Decision
from kro.management.database.proposal_records import Proposal, ProposalKind, Terms
from kro.management.database.sanction_records import FreezeState
from kro.management.database.sanctions import SanctionRepository
from kro.management.domain.decide_adjustment import Why
from kro.management.domain.decide_dispute_proposal import subject_of
from kro.management.domain.decide_identity import Deed
from kro.management.domain.decide_sanction import decide_freeze_lift
from kro.management.domain.proposal_needs import Needs
from kro.payment.domain import Context


def freeze_lift_terms(*, freeze_id: UUID, why: Why) -> Terms:
    """Return the proposal to let a frozen account go on."""
    return Terms(
        kind=ProposalKind.FREEZE_LIFT,
        subject_id=freeze_id,
        beneficiary_id=None,
        payload={},
        reason_code=why.reason,
        ticket=why.ticket,
        note=why.note,
    )


class FreezeLiftEffect:
    kind = ProposalKind.FREEZE_LIFT
    needs = Needs.one(Permission.SANCTIONS_DECIDE)

    def __init__(self, sanctions: SanctionRepository) -> None:
        self._sanctions = sanctions

    async def load(self, terms: Terms) -> FreezeState | None:
        """Return the freeze."""
        return await self._sanctions.freeze(subject_of(terms))

    def decide(self, state: FreezeState | None, proposal: Proposal, *, context: Context) -> Decision:
        return decide_freeze_lift(
            state,
            proposed_by=proposal.proposed_by,
            approved_by=context.actor.id,
            note=proposal.terms.note,
            deed=Deed(context.actor, context.now, context.ids),
        )
