"""Admins let payouts go, or not."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.decisions import Reply
from kro.core.guards import admin_with
from kro.core.http import IdempotencyKey, Input, JSONBytes, Line, Page, PageQuery, Position, problems, send
from kro.core.ids import read_id, show_id
from kro.core.two_factor import FactorLockedError, WrongFactorError
from kro.management.controller.dependencies import AdminPayoutsDep, CursorsDep, PayoutsDep
from kro.management.controller.inputs import Code
from kro.payment.domain import (
    AdminPayout,
    AlreadyApprovedError,
    ApprovalMismatchError,
    PayoutNotFoundError,
    PayoutRead,
    PayoutStateError,
    PayoutStatus,
)

router = APIRouter(prefix="/admin/payouts", tags=["admin"])

PayoutReader = Annotated[Actor, admin_with(Permission.PAYOUTS_READ)]
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


class PayoutOwnerRead(BaseModel):
    id: str = Field(examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    display_name: str


class ApprovalRead(BaseModel):
    admin_id: str = Field(examples=["adm_01kajz7k3nf9b8r2m4q6s8t0vw"])
    at: datetime


class AdminPayoutRead(PayoutRead):
    """A payout as admins see it."""

    user: PayoutOwnerRead
    approvals_required: int
    approvals: list[ApprovalRead]
    approval_hash: str = Field(description="Covers payout, amount and account; an approval repeats it.")

    @classmethod
    def of_seen(cls, seen: AdminPayout) -> Self:
        payout = seen.payout
        return cls(
            **dict(PayoutRead.of(payout)),
            user=PayoutOwnerRead(id=show_id("usr", payout.user_id), display_name=seen.user_name),
            approvals_required=payout.approvals_required,
            approvals=[
                ApprovalRead(admin_id=show_id("adm", approval.admin_id), at=approval.at)
                for approval in payout.approvals
            ],
            approval_hash=seen.approval_hash,
        )


def render_admin_payout(seen: AdminPayout) -> Reply:
    """Return the finished answer to an approval or a rejection."""
    return Reply(status=200, body=AdminPayoutRead.of_seen(seen).model_dump_json().encode())


@router.get("", response_model=Page[AdminPayoutRead])
async def list_payouts(
    query: Annotated[PayoutQuery, Query()],
    admin: PayoutReader,  # noqa: ARG001 - the guard
    payouts: AdminPayoutsDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List everybody's payouts, newest first."""
    bound_to = {"list": "admin_payouts", "status": query.status}
    found = await payouts.list(
        status=query.status, before=cursors.decode(query.cursor, bound_to=bound_to), limit=query.limit + 1
    )
    page = cursors.cut(
        found,
        limit=query.limit,
        position=lambda seen: Position(seen.payout.created_at, seen.payout.id),
        bound_to=bound_to,
    )
    data = [AdminPayoutRead.of_seen(seen) for seen in page.rows]
    return JSONBytes.of(Page[AdminPayoutRead](data=data, has_more=page.has_more, next_cursor=page.next_cursor))


@router.get("/{payout_id}", response_model=AdminPayoutRead, responses=problems(PayoutNotFoundError))
async def get_payout(payout_id: str, admin: PayoutReader, payouts: AdminPayoutsDep) -> JSONBytes:  # noqa: ARG001 - the guard
    """Return one payout with what an approval of it has to repeat."""
    return JSONBytes.of(AdminPayoutRead.of_seen(await payouts.get(read_id("pyt", payout_id))))


@router.post(
    "/{payout_id}/approve",
    response_model=AdminPayoutRead,
    responses=problems(
        PayoutNotFoundError,
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
            render=render_admin_payout,
        )
    )


@router.post(
    "/{payout_id}/reject",
    response_model=AdminPayoutRead,
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
            render=render_admin_payout,
        )
    )
