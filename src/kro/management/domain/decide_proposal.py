"""What no single person may do: proposed by one, approved by another, with what was shown and a fresh code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from kro.core.decisions import Audit, Decision, Insert, Outcome, Update
from kro.core.errors import KroError
from kro.core.ids import show_id
from kro.management.database.proposal_records import (
    DraftState,
    Proposal,
    ProposalState,
    ProposalStatus,
    Terms,
    proposal_row,
)
from kro.management.domain.proposal_errors import (
    BeneficiaryNotFoundError,
    OwnBenefitError,
    ProposalDecidedError,
    ProposalMismatchError,
    ProposalNotFoundError,
    ProposalOpenError,
    TwoPersonsError,
)
from kro.payment.domain import Context


def proposal_hash(proposal: Proposal) -> str:
    """Return what an approval covers: SHA-256 (hex) over all that was proposed."""
    terms = proposal.terms
    covered = {
        "id": str(proposal.id),
        "kind": terms.kind,
        "subject_id": str(terms.subject_id),
        "beneficiary_id": str(terms.beneficiary_id),
        "payload": dict(terms.payload),
        "reason_code": terms.reason_code,
        "ticket": terms.ticket,
        "note": terms.note,
    }
    return hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()


def new_proposal(state: DraftState, terms: Terms, *, context: Context) -> Proposal:
    """Return the proposal an admin makes, not yet written.

    :raises BeneficiaryNotFoundError: when there is no such user.
    :raises OwnBenefitError: when the admin would propose something for themselves.
    :raises ProposalOpenError: when the same is proposed already.
    """
    if not state.beneficiary_known:
        raise BeneficiaryNotFoundError
    if state.is_own:
        raise OwnBenefitError
    if state.is_open:
        raise ProposalOpenError
    return Proposal(
        id=context.new_id(),
        terms=terms,
        status=ProposalStatus.PROPOSED,
        proposed_by=context.actor.id,
        created_at=context.now,
        decided_by=None,
        decided_at=None,
        rejection_reason=None,
        version=1,
    )


def decide_proposal(proposal: Proposal, *, context: Context) -> Outcome[Proposal]:
    """Put a proposal before the others; nothing moves yet."""
    decision = Decision(
        writes=(Insert("proposals", (proposal_row(proposal),)),),
        audits=(_audit(proposal, "proposal.propose", context),),
    )
    return Outcome(decision, proposal)


def refusal(state: ProposalState, *, shown_hash: str, admin_id: UUID) -> KroError | None:
    """Say why an admin may not approve a proposal, or ``None``."""
    proposal = state.proposal
    if proposal is None:
        return ProposalNotFoundError()
    if proposal.status is not ProposalStatus.PROPOSED:
        return ProposalDecidedError()
    if proposal.proposed_by == admin_id:
        return TwoPersonsError()
    if state.is_own:
        return OwnBenefitError()
    if shown_hash != proposal_hash(proposal):
        return ProposalMismatchError()
    return None


def decide_approval(
    state: ProposalState, effect: Decision, *, shown_hash: str, code_spent: Update, context: Context
) -> Outcome[Proposal]:
    """Carry a proposal out: ``effect``, the code and the approval are one write.

    :raises KroError: what :func:`refusal` says.
    """
    proposal, refused = state.proposal, refusal(state, shown_hash=shown_hash, admin_id=context.actor.id)
    if proposal is None or refused is not None:
        raise refused or ProposalNotFoundError
    decided = _decided(proposal, ProposalStatus.APPROVED, context)
    own = Decision(
        writes=(_update(decided, proposal), code_spent), audits=(_audit(proposal, "proposal.approve", context),)
    )
    return Outcome(effect + own, decided)


def decide_rejection(state: ProposalState, *, reason: str, context: Context) -> Outcome[Proposal]:
    """Turn a proposal down; whoever made it may take it back this way too.

    :raises ProposalNotFoundError: if there is none.
    :raises ProposalDecidedError: when it has been decided already.
    """
    proposal = state.proposal
    if proposal is None:
        raise ProposalNotFoundError
    if proposal.status is not ProposalStatus.PROPOSED:
        raise ProposalDecidedError
    decided = replace(_decided(proposal, ProposalStatus.REJECTED, context), rejection_reason=reason)
    audit = _audit(proposal, "proposal.reject", context, reason=reason)
    return Outcome(Decision(writes=(_update(decided, proposal),), audits=(audit,)), decided)


def refused_attempt(proposal_id: UUID, error: KroError, *, context: Context) -> Decision:
    """Return the trace of an approval that was refused for who asked or what was presented."""
    audit = Audit(
        id=context.new_id(),
        actor=context.actor,
        action="proposal.approve",
        target_type="proposal",
        target_id=proposal_id,
        result="refused",
        reason=error.code,
    )
    return Decision(audits=(audit,))


def _decided(proposal: Proposal, status: ProposalStatus, context: Context) -> Proposal:
    return replace(
        proposal,
        status=status,
        decided_by=context.actor.id,
        decided_at=context.now,
        version=proposal.version + 1,
    )


def _update(decided: Proposal, before: Proposal) -> Update:
    changes: dict[str, Any] = {
        "status": decided.status,
        "decided_by": decided.decided_by,
        "decided_at": decided.decided_at,
    }
    if decided.rejection_reason is not None:
        changes["rejection_reason"] = decided.rejection_reason
    return Update("proposals", before.id, before.version, changes)


def _audit(proposal: Proposal, action: str, context: Context, *, reason: str | None = None) -> Audit:
    terms = proposal.terms
    return Audit(
        id=context.new_id(),
        actor=context.actor,
        action=action,
        target_type="proposal",
        target_id=proposal.id,
        reason=reason or terms.reason_code,
        detail={
            "kind": terms.kind,
            "subject_id": terms.subject_id,
            "beneficiary": show_id("usr", terms.beneficiary_id) if terms.beneficiary_id else None,
            "payload": dict(terms.payload),
            "ticket": terms.ticket,
        },
    )
