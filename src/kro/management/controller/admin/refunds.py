"""Admins ask for refunds of orders, let refunds go or not, and resolve those whose provider cannot tell."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Self, cast

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.decisions import Reply
from kro.core.errors import KroError
from kro.core.guards import admin_with
from kro.core.http import (
    IdempotencyKey,
    Input,
    JSONBytes,
    Line,
    MoneyIn,
    MoneyOut,
    Output,
    Page,
    PageQuery,
    Position,
    Router,
    id_text,
    problems,
    send,
)
from kro.core.ids import read_id, show_id
from kro.core.money import CurrencyMismatchError, Money
from kro.core.reading import from_replica
from kro.core.two_factor import FactorLockedError, WrongFactorError
from kro.management.controller.dependencies import CursorsDep
from kro.management.controller.inputs import Code
from kro.order.domain import (
    IllegalTransitionError,
    OrderNotFoundError,
    OrderOnHoldError,
    RefundAboveHeldError,
    RefundLeavesTooLittleError,
)
from kro.payment.domain import PaymentNotFoundError
from kro.refund.domain import (
    AdminRefund,
    AdminRefundReads,
    Agreement,
    Ending,
    NotRefundableError,
    OrderRefundRequest,
    OwnRefundError,
    RefundAlreadyApprovedError,
    RefundApprovalMismatchError,
    RefundApprovals,
    RefundNotFoundError,
    RefundNotOfferedError,
    RefundNotUnclearError,
    RefundRead,
    RefundRequests,
    RefundStateError,
    RefundStatus,
    Resolution,
    render_refund,
)

router = Router(prefix="/admin/refunds", tags=["admin"])

RefundReader = Annotated[Actor, admin_with(Permission.REFUNDS_READ, trace="refund.read")]
RefundRequester = Annotated[Actor, admin_with(Permission.REFUNDS_REQUEST)]
RefundApprover = Annotated[Actor, admin_with(Permission.REFUNDS_APPROVE)]

_AGREED: tuple[type[KroError], ...] = (
    RefundNotFoundError,
    OwnRefundError,
    RefundAlreadyApprovedError,
    WrongFactorError,
    FactorLockedError,
)


class RefundQuery(PageQuery):
    status: RefundStatus | None = None


class OrderRefundIn(Input):
    order_id: Annotated[str, id_text("ord")] = Field(examples=["ord_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    amount: MoneyIn = Field(description="All that the order holds, or a part of it.")
    payment_id: Annotated[str | None, id_text("pay")] = Field(
        default=None, description="The payment whose source it goes back to; the buyer's KRO Balance when left out."
    )
    note: Line


class ApproveRefundIn(Input):
    totp: Code = Field(description="A fresh code of the authenticator, used for nothing else.")
    approval_hash: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="`approval_hash` of the refund as it was shown to you."
    )


class RejectRefundIn(Input):
    reason: Line


class ResolveRefundIn(Input):
    totp: Code = Field(description="A fresh code of the authenticator, used for nothing else.")
    ending: Ending
    provider_reference: str | None = Field(
        default=None, min_length=1, max_length=100, description="The provider's id of a refund that was paid."
    )
    evidence: Line = Field(description="Where this can be seen: a statement, a ticket, a mail of the provider's.")


class RefundOwnerRead(Output):
    id: str = Field(examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    display_name: str


class RefundApprovalRead(Output):
    admin_id: str = Field(examples=["adm_01kajz7k3nf9b8r2m4q6s8t0vw"])
    purpose: str = Field(examples=["send"])
    at: datetime


class RefundAttemptRead(Output):
    number: int
    status: str = Field(examples=["submitted"])
    provider_reference: str | None
    created_at: datetime


class AdminRefundRead(RefundRead):
    """A refund as admins see it."""

    user: RefundOwnerRead
    fee_kept: MoneyOut = Field(description="What the platform keeps of the order's escrow beside the refund, with VAT.")
    note: str | None
    requested_by: str | None = Field(examples=["adm_01kajz7k3nf9b8r2m4q6s8t0vw"])
    approvals_required: int
    approvals: list[RefundApprovalRead]
    attempts: list[RefundAttemptRead]
    approval_hash: str = Field(description="Covers refund, amount, origin and destination; an approval repeats it.")

    @classmethod
    def of_seen(cls, seen: AdminRefund) -> Self:
        refund = seen.refund
        return cls(
            **dict(RefundRead.of(refund)),
            user=RefundOwnerRead(id=show_id("usr", refund.user_id), display_name=seen.user_name),
            fee_kept=MoneyOut.of(Money(refund.fee + refund.vat, refund.amount.currency)),
            note=refund.note,
            requested_by=show_id("adm", refund.requested_by) if refund.requested_by is not None else None,
            approvals_required=refund.approvals_required,
            approvals=[
                RefundApprovalRead(admin_id=show_id("adm", one.admin_id), purpose=one.purpose, at=one.at)
                for one in refund.approvals
            ],
            attempts=[
                RefundAttemptRead(
                    number=one.number,
                    status=one.status,
                    provider_reference=one.provider_reference,
                    created_at=one.created_at,
                )
                for one in refund.attempts
            ],
            approval_hash=seen.approval_hash,
        )


async def _reads(request: Request) -> AdminRefundReads:
    return cast("AdminRefundReads", request.app.state.admin_refunds)


async def _requests(request: Request) -> RefundRequests:
    return cast("RefundRequests", request.app.state.refund_requests)


async def _approvals(request: Request) -> RefundApprovals:
    return cast("RefundApprovals", request.app.state.refund_approvals)


ReadsDep = Annotated[AdminRefundReads, Depends(_reads)]
RequestsDep = Annotated[RefundRequests, Depends(_requests)]
ApprovalsDep = Annotated[RefundApprovals, Depends(_approvals)]


def _render(seen: AdminRefund) -> Reply:
    return Reply(status=200, body=AdminRefundRead.of_seen(seen).model_dump_json().encode())


@router.get("", response_model=Page[AdminRefundRead])
@from_replica
async def list_all_refunds(
    query: Annotated[RefundQuery, Query()],
    admin: RefundReader,  # noqa: ARG001 - the guard
    refunds: ReadsDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List everybody's refunds, newest first."""
    paging = cursors.of(query, {"list": "admin_refunds", "status": query.status})
    found = await refunds.list(status=query.status, before=paging.before, limit=paging.limit)
    return JSONBytes.of(
        paging.page(found, AdminRefundRead.of_seen, lambda seen: Position(seen.refund.created_at, seen.refund.id))
    )


@router.get("/{refund_id}", response_model=AdminRefundRead, responses=problems(RefundNotFoundError))
async def get_any_refund(refund_id: str, admin: RefundReader, refunds: ReadsDep) -> JSONBytes:  # noqa: ARG001 - the guard
    """Return one refund with what an approval of it has to repeat."""
    return JSONBytes.of(AdminRefundRead.of_seen(await refunds.get(read_id("rfd", refund_id))))


@router.post(
    "",
    status_code=202,
    response_model=RefundRead,
    responses=problems(
        OrderNotFoundError,
        PaymentNotFoundError,
        CurrencyMismatchError,
        RefundAboveHeldError,
        NotRefundableError,
        RefundNotOfferedError,
    ),
)
async def request_order_refund(
    body: OrderRefundIn, admin: RefundRequester, key: IdempotencyKey, requests: RequestsDep
) -> Response:
    """Ask for a refund out of what an order holds; nothing moves before another admin has let it go."""
    request = OrderRefundRequest(
        order_id=read_id("ord", body.order_id),
        amount=body.amount.to_money(),
        payment_id=read_id("pay", body.payment_id) if body.payment_id is not None else None,
        note=body.note,
    )
    return send(
        await requests.request_of_order(
            request, actor=admin, once=key.by(admin.id), render=partial(render_refund, status=202)
        )
    )


@router.post(
    "/{refund_id}/approve",
    response_model=AdminRefundRead,
    responses=problems(
        *_AGREED,
        RefundStateError,
        RefundApprovalMismatchError,
        IllegalTransitionError,
        OrderOnHoldError,
        RefundAboveHeldError,
        RefundLeavesTooLittleError,
    ),
)
async def approve_refund(
    refund_id: str, body: ApproveRefundIn, admin: RefundApprover, key: IdempotencyKey, approvals: ApprovalsDep
) -> Response:
    """Let a refund go with a fresh code; what was shown and what would go back must be the same."""
    agreement = Agreement(refund_id=read_id("rfd", refund_id), totp=body.totp, actor=admin, once=key.by(admin.id))
    return send(await approvals.approve(agreement, approval_hash=body.approval_hash, render=_render))


@router.post(
    "/{refund_id}/reject",
    response_model=AdminRefundRead,
    responses=problems(RefundNotFoundError, RefundStateError),
)
async def reject_refund(
    refund_id: str, body: RejectRefundIn, admin: RefundApprover, key: IdempotencyKey, approvals: ApprovalsDep
) -> Response:
    """Refuse a refund; what was set aside for it is in its owner's balance again at once."""
    return send(
        await approvals.reject(
            refund_id=read_id("rfd", refund_id),
            reason=body.reason,
            actor=admin,
            once=key.by(admin.id),
            render=_render,
        )
    )


@router.post(
    "/{refund_id}/resolve",
    response_model=AdminRefundRead,
    responses=problems(*_AGREED, RefundNotUnclearError),
)
async def resolve_refund(
    refund_id: str, body: ResolveRefundIn, admin: RefundApprover, key: IdempotencyKey, approvals: ApprovalsDep
) -> Response:
    """Say how a refund ended that its provider cannot tell; it takes effect when a second admin says the same."""
    agreement = Agreement(refund_id=read_id("rfd", refund_id), totp=body.totp, actor=admin, once=key.by(admin.id))
    resolution = Resolution(body.ending, body.provider_reference, body.evidence)
    return send(await approvals.resolve(agreement, resolution, render=_render))
