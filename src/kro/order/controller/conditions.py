"""What the parties do with the conditions of an order."""

from __future__ import annotations

from fastapi import Response

from kro.core.errors import KroError
from kro.core.http import Router, problems, send
from kro.core.ids import read_id
from kro.order.controller.dependencies import AskDep, OrdersDep
from kro.order.controller.documents import render_order
from kro.order.controller.inputs import NoInput, ReasonIn, SubmitIn
from kro.order.controller.views import OrderRead
from kro.order.domain import errors
from kro.order.domain.decide_conditions import SubmitCondition
from kro.verification.domain import STEP_UP_PROBLEMS, ProvenIn

router = Router(prefix="/orders/{order_id}", tags=["orders"])

_COMMON: tuple[type[KroError], ...] = (
    errors.OrderNotFoundError,
    errors.IllegalTransitionError,
    errors.WrongPartyError,
)


@router.post(
    "/conditions/{condition_id}/submit",
    response_model=OrderRead,
    responses=problems(
        *_COMMON,
        errors.ConditionNotFoundError,
        errors.ConditionClosedError,
        errors.EvidenceNotFoundError,
        errors.EvidenceRequiredError,
    ),
)
async def submit_condition(condition_id: str, ask: AskDep, body: SubmitIn, orders: OrdersDep) -> Response:
    """Hand a condition in, with its evidence."""
    command = SubmitCondition(
        condition_id=read_id("cnd", condition_id),
        note=body.note,
        evidence_ids=tuple(read_id("evd", evidence_id) for evidence_id in body.evidence_ids),
    )
    return send(await orders.submit_condition(ask, command, render=render_order))


@router.post(
    "/conditions/{condition_id}/confirm",
    response_model=OrderRead,
    responses=problems(
        *_COMMON,
        errors.ConditionNotFoundError,
        errors.ConditionClosedError,
        errors.OrderOnHoldError,
        *STEP_UP_PROBLEMS,
    ),
)
async def confirm_condition(condition_id: str, ask: AskDep, body: ProvenIn, orders: OrdersDep) -> Response:
    """Confirm that a condition is fulfilled; a milestone's part of the price is released at once."""
    return send(
        await orders.confirm_condition(ask, read_id("cnd", condition_id), claim=body.claim(), render=render_order)
    )


@router.post(
    "/conditions/{condition_id}/reject",
    response_model=OrderRead,
    responses=problems(*_COMMON, errors.ConditionNotFoundError, errors.ConditionClosedError),
)
async def reject_condition(condition_id: str, ask: AskDep, body: ReasonIn, orders: OrdersDep) -> Response:
    """Send a condition back to the seller, saying why."""
    return send(await orders.reject_condition(ask, read_id("cnd", condition_id), body.reason, render=render_order))


@router.post(
    "/conditions/{condition_id}/waive",
    response_model=OrderRead,
    responses=problems(*_COMMON, errors.ConditionNotFoundError, errors.ConditionClosedError),
)
async def waive_condition(condition_id: str, ask: AskDep, _: NoInput, orders: OrdersDep) -> Response:
    """Give a condition up."""
    return send(await orders.waive_condition(ask, read_id("cnd", condition_id), render=render_order))
