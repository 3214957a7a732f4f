"""Proposals as they were loaded: frozen, and free of any framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from kro.core.actor import Standing


class ProposalKind(StrEnum):
    ADJUSTMENT = "adjustment"
    GOODWILL = "goodwill"
    JOURNAL_REVERSAL = "journal_reversal"
    RECEIVABLE_WRITE_OFF = "receivable_write_off"
    SUSPENSE_CREDIT = "suspense_credit"
    SUSPENSE_RETURN = "suspense_return"
    DISPUTE_DECISION = "dispute_decision"
    HOLD_LIFT = "hold_lift"
    FREEZE_LIFT = "freeze_lift"
    OPENING_TRANSFER = "opening_transfer"


class ProposalStatus(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is proposed and why.

    ``subject_id`` is what it is about where that exists already, ``beneficiary_id`` the user whose balance or debt it
    changes, ``payload`` what is left to say, in JSON.
    """

    kind: ProposalKind
    subject_id: UUID | None
    beneficiary_id: UUID | None
    payload: Mapping[str, Any]
    reason_code: str
    ticket: str
    note: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something no single person may do."""

    id: UUID
    terms: Terms
    status: ProposalStatus
    proposed_by: UUID
    created_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    rejection_reason: str | None
    version: int


@dataclass(frozen=True, slots=True)
class DraftState:
    """What proposing depends on.

    ``is_own`` says that the admin and the beneficiary, or somebody whose account a journal to be mirrored touches, are
    one person as far as we can tell, ``is_open`` that the same is proposed already.
    """

    standing: Standing
    beneficiary_known: bool
    is_own: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class ProposalState:
    """A proposal before an admin; ``last_used_step`` is the time step of the admin's last spent TOTP."""

    standing: Standing
    proposal: Proposal | None
    is_own: bool
    last_used_step: int


def proposal_row(proposal: Proposal) -> dict[str, Any]:
    """Return the columns of a new proposal."""
    terms = proposal.terms
    return {
        "id": proposal.id,
        "kind": terms.kind,
        "subject_id": terms.subject_id,
        "beneficiary_id": terms.beneficiary_id,
        "payload": dict(terms.payload),
        "reason_code": terms.reason_code,
        "ticket": terms.ticket,
        "note": terms.note,
        "status": proposal.status,
        "proposed_by": proposal.proposed_by,
        "created_at": proposal.created_at,
        "version": proposal.version,
    }
