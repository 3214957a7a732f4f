from fastapi import Request, Response

from kro.core.database.failures import DatabaseBusyError
from kro.core.guards import CurrentUser, Public
from kro.core.http import IdempotencyKey, JSONBytes, Page, PageParameters, Position, Router, problems, send
from kro.core.ids import read_id
from kro.core.reading import from_replica
from kro.payment.controller.acknowledging import acknowledged
from kro.payment.controller.dependencies import CursorsDep, PaymentsDep, PayoutReadsDep, PayoutsDep, WebhooksDep
from kro.payment.domain import (
    FollowedPayoutRead,
    PaymentNotFoundError,
    PaymentRead,
    PayoutNotFoundError,
    PayoutRead,
    PayoutStateError,
    UnknownProviderError,
    render_payout,
)
from kro.payment.providers import MalformedWebhookError, WebhookSignatureError

router = Router()


@router.get("/payments", response_model=Page[PaymentRead], tags=["payments"])
@from_replica
async def list_payments(
    query: PageParameters, user: CurrentUser, payments: PaymentsDep, cursors: CursorsDep
) -> Response:
    """List the caller's payments, newest first."""
    paging = cursors.of(query, {"list": "payments", "owner": str(user.id)})
    before = paging.before
    found = await payments.list(actor=user, before=before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, PaymentRead.of, lambda row: Position(row.created_at, row.id)))


@router.get(
    "/payments/{payment_id}",
    response_model=PaymentRead,
    tags=["payments"],
    responses=problems(PaymentNotFoundError),
)
async def get_payment(payment_id: str, user: CurrentUser, payments: PaymentsDep) -> Response:
    """Return one payment of the caller's, with the page to pay on once there is one."""
    return JSONBytes.of(PaymentRead.of(await payments.get(read_id("pay", payment_id), actor=user)))


@router.get("/payouts", response_model=Page[PayoutRead], tags=["payouts"])
@from_replica
async def list_payouts(
    query: PageParameters, user: CurrentUser, payouts: PayoutReadsDep, cursors: CursorsDep
) -> Response:
    """List the caller's payouts, newest first."""
    paging = cursors.of(query, {"list": "payouts", "owner": str(user.id)})
    before = paging.before
    found = await payouts.list(actor=user, before=before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, PayoutRead.of, lambda row: Position(row.created_at, row.id)))


@router.get(
    "/payouts/{payout_id}",
    response_model=FollowedPayoutRead,
    tags=["payouts"],
    responses=problems(PayoutNotFoundError),
)
async def get_payout(payout_id: str, user: CurrentUser, payouts: PayoutReadsDep) -> Response:
    """Return one payout of the caller's with its history."""
    return JSONBytes.of(FollowedPayoutRead.of_followed(await payouts.get(read_id("pyt", payout_id), actor=user)))


@router.post(
    "/payouts/{payout_id}/cancel",
    response_model=PayoutRead,
    tags=["payouts"],
    responses=problems(PayoutNotFoundError, PayoutStateError),
)
async def cancel_payout(payout_id: str, user: CurrentUser, key: IdempotencyKey, payouts: PayoutsDep) -> Response:
    """Take a payout back before it is sent; amount and fee are available again at once."""
    return send(
        await payouts.cancel(
            payout_id=read_id("pyt", payout_id), actor=user, once=key.by(user.id), render=render_payout
        )
    )


@router.post(
    "/webhooks/{provider}",
    dependencies=[Public],
    tags=["webhooks"],
    responses=problems(UnknownProviderError, WebhookSignatureError, MalformedWebhookError, DatabaseBusyError),
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}, "required": True}},
)
async def receive_webhook(provider: str, request: Request, webhooks: WebhooksDep) -> Response:
    """Keep a provider's event. The answer is what that provider goes by: an empty 200, or 200 with its own words."""
    address = request.client.host if request.client is not None else None
    told = await webhooks.answer(provider=provider, raw=await request.body(), headers=request.headers, address=address)
    return acknowledged(told)
