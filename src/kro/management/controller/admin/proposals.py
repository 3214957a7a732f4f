"""Two persons for one deed: corrections, goodwill, debts given up, unmatched money."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Protocol

from fastapi import Query, Response

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.decisions import InsufficientFundsError, Once
from kro.core.errors import KroError
from kro.core.guards import admin_with
from kro.core.http import IdempotencyKey, JSONBytes, Page, Position, Router, problems, send
from kro.core.ids import read_id
from kro.core.money import CurrencyMismatchError
from kro.core.reading import from_replica
from kro.core.two_factor import FactorLockedError, WrongFactorError
from kro.kro_balance.domain import AlreadyReversedError, NotReversibleError
from kro.management.controller.admin.proposal_views import (
    AdjustmentIn,
    ApproveProposalIn,
    GoodwillIn,
    JournalReversalIn,
    OpeningTransferIn,
    ProposalQuery,
    ProposalRead,
    RejectProposalIn,
    SuspenseCreditIn,
    SuspenseReturnIn,
    WriteOffIn,
    render_proposal,
)
from kro.management.controller.dependencies import CursorsDep, ProposalsDep
from kro.management.domain import (
    BeneficiaryNotFoundError,
    JournalNotFoundError,
    OpeningReferenceUsedError,
    OpeningTooLowError,
    OwnBenefitError,
    ProposalDecidedError,
    ProposalMismatchError,
    ProposalNotFoundError,
    ProposalOpenError,
    ProposalService,
    Terms,
    TwoPersonsError,
)
from kro.order.domain import (
    ConflictOfInterestError,
    EvidenceOpenError,
    HoldNotFoundError,
    IllegalTransitionError,
    IssueNotFoundError,
    NoHoldError,
    NotAssignedError,
    NotDecidableError,
    SameReviewerError,
    SplitAboveHeldError,
    SplitTooSmallError,
)
from kro.payment.domain import (
    ReturnReferenceUsedError,
    StatementAccountError,
    SuspenseItemNotFoundError,
    SuspenseSettledError,
)
from kro.refund.domain import DebtContestedError, DebtTooLowError

router = Router(prefix="/admin/proposals", tags=["admin"])

# Disputes and holds have their own people: which of these a proposal needs, its kind says.
ProposalReader = Annotated[
    Actor, admin_with(Permission.EXCEPTIONS_READ, Permission.DISPUTES_DECIDE, Permission.HOLDS_PLACE)
]
Proposer = Annotated[Actor, admin_with(Permission.EXCEPTIONS_PROPOSE)]
ProposalApprover = Annotated[
    Actor, admin_with(Permission.EXCEPTIONS_APPROVE, Permission.DISPUTES_DECIDE, Permission.HOLDS_PLACE)
]
# Whoever made a proposal may take it back, and another person may turn it down: which one it is, the proposal says.
ProposalRejecter = ProposalReader

_BALANCES: tuple[type[KroError], ...] = (BeneficiaryNotFoundError, OwnBenefitError, InsufficientFundsError)
_JOURNALS: tuple[type[KroError], ...] = (JournalNotFoundError, AlreadyReversedError, NotReversibleError)
_DEBTS: tuple[type[KroError], ...] = (DebtContestedError, DebtTooLowError)
DISPUTED: tuple[type[KroError], ...] = (
    IssueNotFoundError,
    IllegalTransitionError,
    NotDecidableError,
    EvidenceOpenError,
    NotAssignedError,
    ConflictOfInterestError,
    SameReviewerError,
    CurrencyMismatchError,
    SplitTooSmallError,
    SplitAboveHeldError,
)
HELD: tuple[type[KroError], ...] = (HoldNotFoundError, NoHoldError, ConflictOfInterestError, IllegalTransitionError)
_OPENINGS: tuple[type[KroError], ...] = (
    StatementAccountError,
    OpeningTooLowError,
    OpeningReferenceUsedError,
)
_SUSPENSE: tuple[type[KroError], ...] = (SuspenseItemNotFoundError, SuspenseSettledError)


class _Proposed(Protocol):
    def terms(self) -> Terms: ...


async def _propose(body: _Proposed, admin: Actor, once: Once, proposals: ProposalService) -> Response:
    return send(
        await proposals.propose(body.terms(), actor=admin, once=once, render=partial(render_proposal, status=201))
    )


@router.get("", response_model=Page[ProposalRead])
@from_replica
async def list_proposals(
    query: Annotated[ProposalQuery, Query()],
    admin: ProposalReader,
    proposals: ProposalsDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List the proposals that you may read, newest first."""
    paging = cursors.of(query, {"list": "admin_proposals", "status": query.status, "kind": query.kind})
    before = paging.before
    found = await proposals.list(actor=admin, status=query.status, kind=query.kind, before=before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, ProposalRead.of, lambda row: Position(row.created_at, row.id)))


@router.post("/adjustments", status_code=201, response_model=ProposalRead, responses=problems(*_BALANCES))
async def propose_adjustment(
    body: AdjustmentIn, admin: Proposer, key: IdempotencyKey, proposals: ProposalsDep
) -> Response:
    """Propose to credit or debit a user's balance by hand."""
    return await _propose(body, admin, key.by(admin.id), proposals)


@router.post("/goodwill", status_code=201, response_model=ProposalRead, responses=problems(*_BALANCES))
async def propose_goodwill(body: GoodwillIn, admin: Proposer, key: IdempotencyKey, proposals: ProposalsDep) -> Response:
    """Propose to give a user money of the platform's own."""
    return await _propose(body, admin, key.by(admin.id), proposals)


@router.post(
    "/write-offs",
    status_code=201,
    response_model=ProposalRead,
    responses=problems(*_BALANCES, *_DEBTS, ProposalOpenError),
)
async def propose_write_off(
    body: WriteOffIn, admin: Proposer, key: IdempotencyKey, proposals: ProposalsDep
) -> Response:
    """Propose to give up what a user owes, or a part of it."""
    return await _propose(body, admin, key.by(admin.id), proposals)


@router.post(
    "/reversals",
    status_code=201,
    response_model=ProposalRead,
    responses=problems(*_JOURNALS, OwnBenefitError, ProposalOpenError),
)
async def propose_reversal(
    body: JournalReversalIn, admin: Proposer, key: IdempotencyKey, proposals: ProposalsDep
) -> Response:
    """Propose to mirror a wrong journal; what is right is posted after it."""
    return await _propose(body, admin, key.by(admin.id), proposals)


@router.post(
    "/suspense-credits",
    status_code=201,
    response_model=ProposalRead,
    responses=problems(*_BALANCES, *_SUSPENSE, ProposalOpenError),
)
async def propose_suspense_credit(
    body: SuspenseCreditIn, admin: Proposer, key: IdempotencyKey, proposals: ProposalsDep
) -> Response:
    """Propose to give unmatched money to the user it belongs to."""
    return await _propose(body, admin, key.by(admin.id), proposals)


@router.post(
    "/suspense-returns",
    status_code=201,
    response_model=ProposalRead,
    responses=problems(*_SUSPENSE, ReturnReferenceUsedError, ProposalOpenError),
)
async def propose_suspense_return(
    body: SuspenseReturnIn, admin: Proposer, key: IdempotencyKey, proposals: ProposalsDep
) -> Response:
    """Propose to book that unmatched money went back to its sender."""
    return await _propose(body, admin, key.by(admin.id), proposals)


@router.post(
    "/opening-transfers",
    status_code=201,
    response_model=ProposalRead,
    responses=problems(*_OPENINGS, ProposalOpenError),
)
async def propose_opening_transfer(
    body: OpeningTransferIn, admin: Proposer, key: IdempotencyKey, proposals: ProposalsDep
) -> Response:
    """Propose to book where money behind imported opening balances lies, by the movement on its statement."""
    return await _propose(body, admin, key.by(admin.id), proposals)


@router.get("/{proposal_id}", response_model=ProposalRead, responses=problems(ProposalNotFoundError))
async def get_proposal(proposal_id: str, admin: ProposalReader, proposals: ProposalsDep) -> JSONBytes:
    """Return one proposal with what an approval of it has to repeat."""
    return JSONBytes.of(ProposalRead.of(await proposals.get(read_id("prp", proposal_id), actor=admin)))


@router.post(
    "/{proposal_id}/approve",
    response_model=ProposalRead,
    responses=problems(
        ProposalNotFoundError,
        ProposalDecidedError,
        ProposalMismatchError,
        TwoPersonsError,
        WrongFactorError,
        FactorLockedError,
        *_BALANCES,
        *_JOURNALS,
        *_DEBTS,
        *_SUSPENSE,
        *_OPENINGS,
        ReturnReferenceUsedError,
        *DISPUTED,
        *HELD,
    ),
)
async def approve_proposal(
    proposal_id: str, body: ApproveProposalIn, admin: ProposalApprover, key: IdempotencyKey, proposals: ProposalsDep
) -> Response:
    """Carry a proposal of somebody else's out, with a fresh code and what was shown."""
    return send(
        await proposals.approve(
            proposal_id=read_id("prp", proposal_id),
            totp=body.totp,
            proposal_hash=body.proposal_hash,
            actor=admin,
            once=key.by(admin.id),
            render=render_proposal,
        )
    )


@router.post(
    "/{proposal_id}/reject",
    response_model=ProposalRead,
    responses=problems(ProposalNotFoundError, ProposalDecidedError),
)
async def reject_proposal(
    proposal_id: str, body: RejectProposalIn, admin: ProposalRejecter, key: IdempotencyKey, proposals: ProposalsDep
) -> Response:
    """Turn a proposal down, or take your own back."""
    return send(
        await proposals.reject(
            proposal_id=read_id("prp", proposal_id),
            reason=body.reason,
            actor=admin,
            once=key.by(admin.id),
            render=render_proposal,
        )
    )
