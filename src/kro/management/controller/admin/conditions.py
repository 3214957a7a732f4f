"""Admins judge conditions that the terms leave to the platform."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self, cast

from fastapi import Depends, Path, Request, Response

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.decisions import Reply
from kro.core.errors import KroError
from kro.core.guards import admin_with
from kro.core.http import IdempotencyKey, Input, Output, Paragraphs, Router, problems, send
from kro.core.ids import read_id, show_id
from kro.order.domain import (
    Condition,
    ConditionClosedError,
    ConditionNotFoundError,
    ConditionReviews,
    ConditionStatus,
    ConflictOfInterestError,
    IllegalTransitionError,
    Judgement,
    OrderNotFoundError,
    OrderOnHoldError,
    WrongPartyError,
)

router = Router(prefix="/admin/orders/{order_id}/conditions/{condition_id}", tags=["admin"])

Judge = Annotated[Actor, admin_with(Permission.DISPUTES_DECIDE)]
OrderId = Annotated[str, Path(examples=["ord_01kajz7k3nf9b8r2m4q6s8t0vw"])]
ConditionId = Annotated[str, Path(examples=["cnd_01kajz7k3nf9b8r2m4q6s8t0vw"])]

_REFUSALS: tuple[type[KroError], ...] = (
    OrderNotFoundError,
    OrderOnHoldError,
    ConditionNotFoundError,
    ConditionClosedError,
    IllegalTransitionError,
    WrongPartyError,
    ConflictOfInterestError,
)


class JudgementIn(Input):
    reason: Paragraphs


class JudgedRead(Output):
    id: str
    order_id: str
    title: str
    status: ConditionStatus
    settled_at: datetime | None
    rejection_reason: str | None

    @classmethod
    def of(cls, condition: Condition) -> Self:
        return cls(
            id=show_id("cnd", condition.id),
            order_id=show_id("ord", condition.order_id),
            title=condition.title,
            status=condition.status,
            settled_at=condition.settled_at,
            rejection_reason=condition.rejection_reason,
        )


async def _reviews(request: Request) -> ConditionReviews:
    return cast("ConditionReviews", request.app.state.condition_reviews)


ReviewsDep = Annotated[ConditionReviews, Depends(_reviews)]


@router.post("/confirm", response_model=JudgedRead, responses=problems(*_REFUSALS))
async def confirm_condition(
    order_id: OrderId,
    condition_id: ConditionId,
    body: JudgementIn,
    admin: Judge,
    key: IdempotencyKey,
    reviews: ReviewsDep,
) -> Response:
    """Find that a third party's condition is fulfilled; a milestone's part of the price is released at once."""
    judgement = Judgement(read_id("ord", order_id), read_id("cnd", condition_id), True, body.reason)
    return send(await reviews.judge(judgement, actor=admin, once=key.by(admin.id), render=_render))


@router.post("/reject", response_model=JudgedRead, responses=problems(*_REFUSALS))
async def reject_condition(
    order_id: OrderId,
    condition_id: ConditionId,
    body: JudgementIn,
    admin: Judge,
    key: IdempotencyKey,
    reviews: ReviewsDep,
) -> Response:
    """Send a third party's condition back to the seller, who reads why."""
    judgement = Judgement(read_id("ord", order_id), read_id("cnd", condition_id), False, body.reason)
    return send(await reviews.judge(judgement, actor=admin, once=key.by(admin.id), render=_render))


def _render(condition: Condition) -> Reply:
    return Reply(status=200, body=JudgedRead.of(condition).model_dump_json().encode())
