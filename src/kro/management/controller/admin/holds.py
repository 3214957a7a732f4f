"""What compliance does: stop an order, and let it go on as two persons."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Self

from fastapi import Query, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.decisions import Reply
from kro.core.guards import admin_with
from kro.core.http import (
    IdempotencyKey,
    Input,
    JSONBytes,
    Output,
    Page,
    PageQuery,
    Paragraphs,
    Position,
    Router,
    id_text,
    problems,
    send,
)
from kro.core.ids import read_id, show_id
from kro.core.reading import from_replica
from kro.management.controller.admin.proposal_views import HoldLiftIn, ProposalRead, render_proposal
from kro.management.controller.dependencies import CursorsDep, DisputeFilesDep, DisputesDep, ProposalsDep
from kro.management.domain import ProposalOpenError
from kro.order.domain import (
    ConflictOfInterestError,
    Hold,
    HoldNotFoundError,
    HoldPlacedError,
    HoldReason,
    IllegalTransitionError,
    NoHoldError,
    OrderNotFoundError,
    OrderState,
    PlaceHold,
)

router = Router(prefix="/admin", tags=["admin"])

ComplianceOfficer = Annotated[Actor, admin_with(Permission.HOLDS_PLACE)]


class HoldQuery(PageQuery):
    order_id: Annotated[str, id_text("ord")] | None = None
    open: bool = Field(default=False, description="Only those that were not lifted.")


class HoldIn(Input):
    reason: HoldReason
    note: Paragraphs = Field(description="For the file; the parties learn that the order is held, never why.")

    def command(self) -> PlaceHold:
        return PlaceHold(self.reason, self.note)


class HoldRead(Output):
    """Why nothing of an order may move, and who said so."""

    id: str = Field(examples=["hld_01kajz7k3nf9b8r2m4q6s8t0vw"])
    order_id: str
    reason: HoldReason
    note: str
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lift_approved_by: str | None
    lifted_at: datetime | None

    @classmethod
    def of(cls, hold: Hold) -> Self:
        return cls(
            id=show_id("hld", hold.id),
            order_id=show_id("ord", hold.order_id),
            reason=HoldReason(hold.reason),
            note=hold.note,
            placed_by=show_id("adm", hold.placed_by),
            placed_at=hold.placed_at,
            lifted_by=show_id("adm", hold.lifted_by) if hold.lifted_by else None,
            lift_approved_by=show_id("adm", hold.lift_approved_by) if hold.lift_approved_by else None,
            lifted_at=hold.lifted_at,
        )


@router.get("/holds", response_model=Page[HoldRead])
@from_replica
async def list_holds(
    query: Annotated[HoldQuery, Query()],
    admin: ComplianceOfficer,  # noqa: ARG001 - the guard
    files: DisputeFilesDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List what compliance holds or held, newest first."""
    paging = cursors.of(query, {"list": "holds", "order": query.order_id, "open": query.open})
    found = await files.holds(
        order_id=read_id("ord", query.order_id) if query.order_id else None,
        only_open=query.open,
        before=paging.before,
        limit=paging.limit,
    )
    return JSONBytes.of(paging.page(found, HoldRead.of, lambda hold: Position(hold.placed_at, hold.id)))


@router.post(
    "/orders/{order_id}/holds",
    status_code=201,
    response_model=HoldRead,
    responses=problems(OrderNotFoundError, IllegalTransitionError, HoldPlacedError),
)
async def place_hold(
    order_id: str, body: HoldIn, admin: ComplianceOfficer, key: IdempotencyKey, disputes: DisputesDep
) -> Response:
    """Stop an order: no money of it moves and none of its time runs until two officers let it go on."""
    return send(
        await disputes.hold(
            read_id("ord", order_id), body.command(), actor=admin, once=key.by(admin.id), render=_render_hold
        )
    )


@router.post(
    "/holds/{hold_id}/lift-proposals",
    status_code=201,
    response_model=ProposalRead,
    responses=problems(
        HoldNotFoundError, NoHoldError, ConflictOfInterestError, IllegalTransitionError, ProposalOpenError
    ),
)
async def propose_lift(
    hold_id: str, body: HoldLiftIn, admin: ComplianceOfficer, key: IdempotencyKey, proposals: ProposalsDep
) -> Response:
    """Propose to let an order go on; another officer approves it, with a fresh code."""
    terms = body.terms(read_id("hld", hold_id))
    return send(
        await proposals.propose(terms, actor=admin, once=key.by(admin.id), render=partial(render_proposal, status=201))
    )


def _render_hold(state: OrderState) -> Reply:
    assert state.hold is not None  # noqa: S101 - it was just placed
    read = HoldRead.of(state.hold)
    return Reply(status=201, body=read.__pydantic_serializer__.to_json(read))
