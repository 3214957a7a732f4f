"""Admins let payouts go, or not."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.guards import admin_with
from kro.core.http import (
    IdempotencyKey,
    Input,
    JSONBytes,
    Line,
    Page,
    PageParameters,
    PageQuery,
    Position,
    Router,
    id_text,
    problems,
    send,
)
from kro.core.ids import read_id
from kro.core.reading import from_replica
from kro.core.two_factor import FactorLockedError, WrongFactorError
from kro.management.controller.admin.payout_views import (
    AdminPayoutRead,
    DecidedPayoutRead,
    FollowedAdminPayoutRead,
    RejectedRead,
    render_decided_payout,
    render_rejected,
)
from kro.management.controller.dependencies import AdminPayoutsDep, CursorsDep, PayoutsDep
from kro.management.controller.inputs import Code
from kro.payment.domain import (
    AlreadyApprovedError,
    ApprovalMismatchError,
    OwnPayoutError,
    PayoutNotFoundError,
    PayoutStateError,
    PayoutStatus,
)

router = Router(prefix="/admin/payouts", tags=["admin"])

PayoutReader = Annotated[Actor, admin_with(Permission.PAYOUTS_READ, trace="payout.read")]
PayoutQueueReader = Annotated[Actor, admin_with(Permission.PAYOUTS_APPROVE, trace="payout.read")]
PayoutApprover = Annotated[Actor, admin_with(Permission.PAYOUTS_APPROVE)]


class PayoutQuery(PageQuery):
    status: PayoutStatus | None = None


class ApproveIn(Input):
    totp: Code = Field(description="A fresh code of the authenticator, used for nothing else.")
    approval_hash: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="`approval_hash` of the payout as it was shown to you."
    )


class RejectIn(Input):
    reason: Line


class RejectManyIn(Input):
    payout_ids: list[Annotated[str, id_text("pyt")]] = Field(min_length=1, max_length=50)
    reason: Line


@router.get("", response_model=Page[AdminPayoutRead])
@from_replica
async def list_payouts(
    query: Annotated[PayoutQuery, Query()],
    admin: PayoutReader,  # noqa: ARG001 - the guard
    payouts: AdminPayoutsDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List everybody's payouts, newest first."""
    paging = cursors.of(query, {"list": "admin_payouts", "status": query.status})
    found = await payouts.list(status=query.status, before=paging.before, limit=paging.limit)
    return JSONBytes.of(
        paging.page(found, AdminPayoutRead.of_seen, lambda seen: Position(seen.payout.created_at, seen.payout.id))
    )


@router.get("/queue", response_model=Page[AdminPayoutRead])
async def list_queue(
    query: PageParameters, admin: PayoutQueueReader, payouts: AdminPayoutsDep, cursors: CursorsDep
) -> JSONBytes:
    """List what waits for your approval, the longest waiting first; each one needs a fresh code of its own."""
    paging = cursors.of(query, {"list": "payout_queue", "admin": str(admin.id)})
    found = await payouts.queue(actor=admin, after=paging.before, limit=paging.limit)
    return JSONBytes.of(
        paging.page(found, AdminPayoutRead.of_seen, lambda seen: Position(seen.payout.created_at, seen.payout.id))
    )


@router.post("/rejections", response_model=RejectedRead, responses=problems(PayoutNotFoundError))
async def reject_payouts(
    body: RejectManyIn, admin: PayoutApprover, key: IdempotencyKey, payouts: PayoutsDep
) -> Response:
    """Refuse every payout of a list that still awaits approval; their owners get everything back at once."""
    return send(
        await payouts.reject_many(
            payout_ids=[read_id("pyt", shown) for shown in dict.fromkeys(body.payout_ids)],
            reason=body.reason,
            actor=admin,
            once=key.by(admin.id),
            render=render_rejected,
        )
    )


@router.get("/{payout_id}", response_model=FollowedAdminPayoutRead, responses=problems(PayoutNotFoundError))
async def get_payout(payout_id: str, admin: PayoutReader, payouts: AdminPayoutsDep) -> JSONBytes:  # noqa: ARG001 - the guard
    """Return one payout with its history and what an approval of it has to repeat."""
    return JSONBytes.of(FollowedAdminPayoutRead.of_followed(await payouts.get(read_id("pyt", payout_id))))


@router.post(
    "/{payout_id}/approve",
    response_model=DecidedPayoutRead,
    responses=problems(
        PayoutNotFoundError,
        OwnPayoutError,
        PayoutStateError,
        AlreadyApprovedError,
        ApprovalMismatchError,
        WrongFactorError,
        FactorLockedError,
    ),
)
async def approve_payout(
    payout_id: str, body: ApproveIn, admin: PayoutApprover, key: IdempotencyKey, payouts: PayoutsDep
) -> Response:
    """Let a payout go with a fresh code; what was shown and what would be paid must be the same."""
    return send(
        await payouts.approve(
            payout_id=read_id("pyt", payout_id),
            totp=body.totp,
            approval_hash=body.approval_hash,
            actor=admin,
            once=key.by(admin.id),
            render=render_decided_payout,
        )
    )


@router.post(
    "/{payout_id}/reject",
    response_model=DecidedPayoutRead,
    responses=problems(PayoutNotFoundError, PayoutStateError),
)
async def reject_payout(
    payout_id: str, body: RejectIn, admin: PayoutApprover, key: IdempotencyKey, payouts: PayoutsDep
) -> Response:
    """Refuse a payout; its owner gets amount and fee back at once."""
    return send(
        await payouts.reject(
            payout_id=read_id("pyt", payout_id),
            reason=body.reason,
            actor=admin,
            once=key.by(admin.id),
            render=render_decided_payout,
        )
    )
