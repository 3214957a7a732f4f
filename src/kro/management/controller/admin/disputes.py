"""What dispute officers do: take disputes, look into them, and decide."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Path, Query, Response

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.errors import KroError
from kro.core.guards import admin_with
from kro.core.http import IdempotencyKey, JSONBytes, Page, Position, Router, problems, send
from kro.core.ids import read_id
from kro.core.money import CurrencyMismatchError
from kro.core.reading import from_replica
from kro.management.controller.admin.dispute_file_views import DisputeFileRead, DisputeMessageRead, DisputeThreadRead
from kro.management.controller.admin.dispute_views import (
    AdminStatementIn,
    AgesRead,
    AssignIn,
    DecisionIn,
    DisputeQuery,
    DisputeRead,
    InfoRequestIn,
    ThreadQuery,
    render_dispute,
)
from kro.management.controller.admin.proposal_views import ProposalRead, render_proposal
from kro.management.controller.dependencies import CursorsDep, DisputeFilesDep, DisputesDep, ProposalsDep
from kro.management.domain import ProposalOpenError, dispute_decision_terms
from kro.order.domain import (
    ConflictOfInterestError,
    Dispute,
    DisputeTakenError,
    EvidenceNotFoundError,
    EvidenceOpenError,
    IllegalTransitionError,
    IssueNotFoundError,
    NotAssignedError,
    NotDecidableError,
    OnDispute,
    ReviewerNotFoundError,
    SameReviewerError,
    SecondAdminNeededError,
    SplitAboveHeldError,
    SplitTooSmallError,
)

router = Router(prefix="/admin/disputes", tags=["admin"])

DisputeOfficer = Annotated[Actor, admin_with(Permission.DISPUTES_DECIDE)]
IssueId = Annotated[str, Path(examples=["iss_01kajz7k3nf9b8r2m4q6s8t0vw"])]

_COMMON: tuple[type[KroError], ...] = (IssueNotFoundError, IllegalTransitionError, ConflictOfInterestError)
_OWN: tuple[type[KroError], ...] = (*_COMMON, NotAssignedError)
_DECISION: tuple[type[KroError], ...] = (
    *_OWN,
    NotDecidableError,
    EvidenceOpenError,
    SameReviewerError,
    CurrencyMismatchError,
    SplitTooSmallError,
    SplitAboveHeldError,
)


async def _step(issue_id: IssueId, admin: DisputeOfficer, key: IdempotencyKey) -> OnDispute:
    return OnDispute(issue_id=read_id("iss", issue_id), actor=admin, once=key.by(admin.id))


StepDep = Annotated[OnDispute, Depends(_step)]
"""An officer's step on one dispute: who, which, under which idempotency key."""


@router.get("", response_model=Page[DisputeRead])
@from_replica
async def list_disputes(
    query: Annotated[DisputeQuery, Query()], admin: DisputeOfficer, files: DisputeFilesDep, cursors: CursorsDep
) -> JSONBytes:
    """List disputes, the one to be decided first at the top; those of your own people are left out."""
    paging = cursors.of(
        query,
        {
            "list": "disputes",
            "owner": str(admin.id),
            "status": query.status,
            "assigned": query.assigned,
            "overdue": query.overdue,
        },
    )
    found = await files.queue(
        admin,
        status=query.status,
        assigned=query.assigned,
        only_overdue=query.overdue,
        after=paging.before,
        limit=paging.limit,
    )
    return JSONBytes.of(paging.page(found, DisputeRead.of, _place))


@router.get("/ages", response_model=AgesRead)
@from_replica
async def count_disputes(
    admin: DisputeOfficer,  # noqa: ARG001 - the guard
    files: DisputeFilesDep,
) -> JSONBytes:
    """Count the disputes that wait for a decision, by how long they do."""
    return JSONBytes.of(AgesRead.of(await files.ages()))


@router.get(
    "/{issue_id}",
    response_model=DisputeFileRead,
    responses=problems(IssueNotFoundError, ConflictOfInterestError),
)
async def get_dispute(issue_id: IssueId, admin: DisputeOfficer, files: DisputeFilesDep) -> JSONBytes:
    """Return a dispute with all that was said, shown, offered and decided."""
    return JSONBytes.of(DisputeFileRead.of_file(await files.get(read_id("iss", issue_id), actor=admin)))


@router.get(
    "/{issue_id}/evidence/{evidence_id}",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        **problems(EvidenceNotFoundError, ConflictOfInterestError, NotAssignedError),
    },
)
async def look_at_evidence(
    issue_id: IssueId, evidence_id: str, admin: DisputeOfficer, files: DisputeFilesDep
) -> Response:
    """Download a file of your dispute, or of one whose decision waits for a second officer; the look is on record."""
    file = await files.download(read_id("iss", issue_id), read_id("evd", evidence_id), actor=admin)
    return Response(
        file.data,
        media_type=file.content_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.file_name)}",
            "Content-Security-Policy": "sandbox",
        },
    )


@router.get(
    "/{issue_id}/messages",
    response_model=DisputeThreadRead,
    responses=problems(IssueNotFoundError, ConflictOfInterestError, NotAssignedError),
)
async def read_thread(
    issue_id: IssueId, query: Annotated[ThreadQuery, Query()], admin: DisputeOfficer, files: DisputeFilesDep
) -> JSONBytes:
    """Read what the parties of your dispute wrote to each other, as they wrote it; the look is on record."""
    found = await files.thread(read_id("iss", issue_id), actor=admin, after=query.after, limit=query.limit + 1)
    page = [DisputeMessageRead.of(message) for message in found[: query.limit]]
    return JSONBytes.of(DisputeThreadRead(data=page, has_more=len(found) > query.limit))


@router.post(
    "/{issue_id}/assign",
    response_model=DisputeRead,
    responses=problems(*_COMMON, ReviewerNotFoundError, DisputeTakenError, NotDecidableError, SameReviewerError),
)
async def assign_dispute(step: StepDep, body: AssignIn, disputes: DisputesDep) -> Response:
    """Take a dispute that is nobody's; with the permission `disputes.assign`, give any to any officer."""
    reviewer_id = read_id("adm", body.admin_id) if body.admin_id else step.actor.id
    return send(await disputes.assign(step, reviewer_id, render=render_dispute))


@router.post("/{issue_id}/statements", response_model=DisputeRead, responses=problems(*_OWN, EvidenceNotFoundError))
async def state_on_dispute(step: StepDep, body: AdminStatementIn, disputes: DisputesDep) -> Response:
    """Put something on the record of your dispute."""
    return send(await disputes.add_statement(step, body.command(), render=render_dispute))


@router.post("/{issue_id}/info-requests", response_model=DisputeRead, responses=problems(*_OWN, NotDecidableError))
async def request_info(step: StepDep, body: InfoRequestIn, disputes: DisputesDep) -> Response:
    """Ask both parties for more; they may hand in evidence until then, but not beyond the time to decide."""
    return send(await disputes.request_info(step, body.command(), render=render_dispute))


@router.post(
    "/{issue_id}/decisions", response_model=DisputeRead, responses=problems(*_DECISION, SecondAdminNeededError)
)
async def decide_dispute(step: StepDep, body: DecisionIn, disputes: DisputesDep) -> Response:
    """Decide your dispute. Nothing moves before the time to appeal is over; after an appeal it moves at once."""
    return send(await disputes.decide(step, body.command(), render=render_dispute))


@router.post(
    "/{issue_id}/decision-proposals",
    status_code=201,
    response_model=ProposalRead,
    responses=problems(*_DECISION, ProposalOpenError),
)
async def propose_decision(step: StepDep, body: DecisionIn, proposals: ProposalsDep) -> Response:
    """Propose how to decide your dispute; another officer approves it, with a fresh code."""
    terms = dispute_decision_terms(issue_id=step.issue_id, awarded=body.money(), grounds=body.grounds)
    return send(
        await proposals.propose(terms, actor=step.actor, once=step.once, render=partial(render_proposal, status=201))
    )


def _place(dispute: Dispute) -> Position:
    assert dispute.issue.decide_by is not None  # noqa: S101 - the list is ordered by it
    return Position(dispute.issue.decide_by, dispute.issue.id)
