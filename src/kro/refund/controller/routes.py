from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self, cast

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from kro.core.guards import CurrentUser
from kro.core.http import CursorSigner, JSONBytes, MoneyOut, Page, PageParameters, Position, problems
from kro.core.ids import read_id, show_id
from kro.refund.domain import Refund, RefundDestination, RefundNotFoundError, RefundReads, RefundStatus

router = APIRouter(prefix="/refunds", tags=["refunds"])


class RefundRead(BaseModel):
    """Money that went back to its payer."""

    id: str = Field(examples=["rfd_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    order_id: str = Field(examples=["ord_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    amount: MoneyOut
    destination: RefundDestination
    status: RefundStatus
    reason: str = Field(examples=["seller_cancelled"])
    created_at: datetime
    processed_at: datetime | None

    @classmethod
    def of(cls, refund: Refund) -> Self:
        return cls(
            id=show_id("rfd", refund.id),
            order_id=show_id("ord", refund.order_id),
            amount=MoneyOut.of(refund.amount),
            destination=refund.destination,
            status=refund.status,
            reason=refund.reason,
            created_at=refund.created_at,
            processed_at=refund.processed_at,
        )


async def _refunds(request: Request) -> RefundReads:
    return cast("RefundReads", request.app.state.refunds)


async def _cursors(request: Request) -> CursorSigner:
    return cast("CursorSigner", request.app.state.cursors)


RefundsDep = Annotated[RefundReads, Depends(_refunds)]
CursorsDep = Annotated[CursorSigner, Depends(_cursors)]


@router.get("", response_model=Page[RefundRead])
async def list_refunds(query: PageParameters, user: CurrentUser, refunds: RefundsDep, cursors: CursorsDep) -> Response:
    """List what went back to the caller, newest first."""
    bound_to = {"list": "refunds", "owner": str(user.id)}
    before = cursors.decode(query.cursor, bound_to=bound_to)
    found = await refunds.list(actor=user, before=before, limit=query.limit + 1)
    page = cursors.cut(
        found, limit=query.limit, position=lambda row: Position(row.created_at, row.id), bound_to=bound_to
    )
    data = [RefundRead.of(refund) for refund in page.rows]
    return JSONBytes.of(Page[RefundRead](data=data, has_more=page.has_more, next_cursor=page.next_cursor))


@router.get("/{refund_id}", response_model=RefundRead, responses=problems(RefundNotFoundError))
async def get_refund(refund_id: str, user: CurrentUser, refunds: RefundsDep) -> Response:
    """Return one refund of the caller's."""
    return JSONBytes.of(RefundRead.of(await refunds.get(read_id("rfd", refund_id), actor=user)))
