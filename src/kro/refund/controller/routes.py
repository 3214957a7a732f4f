from functools import partial
from typing import Annotated, Self, cast

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from kro.core.actor import AccountRestrictedError
from kro.core.decisions import InsufficientFundsError
from kro.core.guards import CurrentUser
from kro.core.http import (
    CursorSigner,
    IdempotencyKey,
    Input,
    JSONBytes,
    MoneyIn,
    MoneyOut,
    Output,
    Page,
    PageParameters,
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
from kro.payment.domain import PaymentNotFoundError
from kro.refund.domain import (
    DebtOutstandingError,
    NotRefundableError,
    RefundablePayment,
    RefundNotFoundError,
    RefundNotOfferedError,
    RefundRead,
    RefundReads,
    RefundRequests,
    RefundStateError,
    render_refund,
)

router = Router(prefix="/refunds", tags=["refunds"])


class RefundIn(Input):
    payment_id: Annotated[str, id_text("pay")] = Field(examples=["pay_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    amount: MoneyIn | None = Field(default=None, description="All that may go back when it is left out.")


class RefundableQuery(PageQuery):
    order_id: Annotated[str | None, id_text("ord")] = None


class RefundableRead(Output):
    """A payment, and how much of it may still go back to where it came from, if the KRO Balance covers it."""

    payment_id: str = Field(examples=["pay_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    order_id: str | None = Field(examples=["ord_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    received: MoneyOut
    refundable: MoneyOut

    @classmethod
    def of(cls, payment: RefundablePayment) -> Self:
        return cls(
            payment_id=show_id("pay", payment.id),
            order_id=show_id("ord", payment.order_id) if payment.order_id is not None else None,
            received=MoneyOut.of(payment.received),
            refundable=MoneyOut.of(Money(payment.refundable, payment.received.currency)),
        )


async def _refunds(request: Request) -> RefundReads:
    return cast("RefundReads", request.app.state.refunds)


async def _requests(request: Request) -> RefundRequests:
    return cast("RefundRequests", request.app.state.refund_requests)


async def _cursors(request: Request) -> CursorSigner:
    return cast("CursorSigner", request.app.state.cursors)


RefundsDep = Annotated[RefundReads, Depends(_refunds)]
RequestsDep = Annotated[RefundRequests, Depends(_requests)]
CursorsDep = Annotated[CursorSigner, Depends(_cursors)]


@router.get("", response_model=Page[RefundRead])
@from_replica
async def list_refunds(query: PageParameters, user: CurrentUser, refunds: RefundsDep, cursors: CursorsDep) -> Response:
    """List what went back to the caller, or is on its way, newest first."""
    paging = cursors.of(query, {"list": "refunds", "owner": str(user.id)})
    before = paging.before
    found = await refunds.list(actor=user, before=before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, RefundRead.of, lambda row: Position(row.created_at, row.id)))


@router.get("/refundable", response_model=Page[RefundableRead])
async def list_refundable(
    query: Annotated[RefundableQuery, Query()], user: CurrentUser, refunds: RefundsDep, cursors: CursorsDep
) -> Response:
    """List the caller's payments with what may go back of each, newest first; of one order when it is named."""
    paging = cursors.of(query, {"list": "refundable", "owner": str(user.id), "order": query.order_id})
    found = await refunds.refundable(
        actor=user,
        order_id=read_id("ord", query.order_id) if query.order_id is not None else None,
        before=paging.before,
        limit=paging.limit,
    )
    return JSONBytes.of(paging.page(found, lambda row: RefundableRead.of(row[1]), lambda row: row[0]))


@router.post(
    "",
    status_code=202,
    response_model=RefundRead,
    responses=problems(
        PaymentNotFoundError,
        AccountRestrictedError,
        CurrencyMismatchError,
        NotRefundableError,
        RefundNotOfferedError,
        InsufficientFundsError,
        DebtOutstandingError,
    ),
)
async def request_refund(body: RefundIn, user: CurrentUser, key: IdempotencyKey, requests: RequestsDep) -> Response:
    """Send money of your balance back to the source of a payment of yours. It leaves the balance at once."""
    return send(
        await requests.request_to_source(
            payment_id=read_id("pay", body.payment_id),
            amount=body.amount.to_money() if body.amount is not None else None,
            actor=user,
            once=key.by(user.id),
            render=partial(render_refund, status=202),
        )
    )


@router.get("/{refund_id}", response_model=RefundRead, responses=problems(RefundNotFoundError))
async def get_refund(refund_id: str, user: CurrentUser, refunds: RefundsDep) -> Response:
    """Return one refund of the caller's."""
    return JSONBytes.of(RefundRead.of(await refunds.get(read_id("rfd", refund_id), actor=user)))


@router.post(
    "/{refund_id}/cancel", response_model=RefundRead, responses=problems(RefundNotFoundError, RefundStateError)
)
async def cancel_refund(refund_id: str, user: CurrentUser, key: IdempotencyKey, requests: RequestsDep) -> Response:
    """Take a refund back before it is sent; its money is in your balance again at once."""
    return send(
        await requests.cancel(
            refund_id=read_id("rfd", refund_id), actor=user, once=key.by(user.id), render=render_refund
        )
    )
