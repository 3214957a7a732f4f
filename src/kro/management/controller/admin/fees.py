"""Admins look at fees and taxes and change them: first the preview, then the change, never the past."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Query, Request, Response

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.guards import admin_with
from kro.core.http import IdempotencyKey, JSONBytes, Page, Position, Router, problems, send
from kro.kro_balance.domain import (
    FeeAdministration,
    FeePreviewOutdatedError,
    NoTaxRuleError,
    NothingToChangeError,
)
from kro.management.controller.admin.fee_inputs import FeeChangeMadeIn, FeePreviewIn, RuleQuery, TaxChangeIn
from kro.management.controller.admin.fee_views import (
    FeePreviewRead,
    FeeStepRead,
    KeptBandRead,
    KeptTaxRead,
    TaxStepRead,
    render_fee_step,
    render_tax_step,
)
from kro.management.controller.dependencies import CursorsDep

router = Router(prefix="/admin/fees", tags=["admin"])

FeeReader = Annotated[Actor, admin_with(Permission.FEES_READ)]
FeeManager = Annotated[Actor, admin_with(Permission.FEES_MANAGE)]


async def _fees(request: Request) -> FeeAdministration:
    return cast("FeeAdministration", request.app.state.fee_administration)


FeesDep = Annotated[FeeAdministration, Depends(_fees)]


@router.get("", response_model=Page[KeptBandRead])
async def list_fees(
    query: Annotated[RuleQuery, Query()],
    admin: FeeReader,  # noqa: ARG001 - the guard
    fees: FeesDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List fee bands, newest first: in force, planned, ended and withdrawn."""
    paging = cursors.of(query, {"list": "admin_fees", "currency": query.currency, "state": query.state})
    found = await fees.list_bands(
        currency=query.currency,
        state=query.state,
        before=paging.before,
        limit=paging.limit,
    )
    return JSONBytes.of(
        paging.page(found, KeptBandRead.of_kept, lambda view: Position(view.trace.created_at, view.band.id))
    )


@router.post("/preview", response_model=FeePreviewRead, responses=problems(NoTaxRuleError, NothingToChangeError))
async def preview_fees(body: FeePreviewIn, admin: FeeManager, fees: FeesDep) -> JSONBytes:
    """Show what a change would close and open, and what some amounts would cost. Changes nothing."""
    preview = await fees.preview(body.to_change(), sample=body.to_sample(), actor=admin)
    return JSONBytes.of(FeePreviewRead.of(preview))


@router.post(
    "/changes",
    status_code=201,
    response_model=FeeStepRead,
    responses=problems(FeePreviewOutdatedError, NoTaxRuleError, NothingToChangeError),
)
async def change_fees(body: FeeChangeMadeIn, admin: FeeManager, key: IdempotencyKey, fees: FeesDep) -> Response:
    """Make a change exactly as its preview showed it, at once or at a date to come."""
    return send(
        await fees.change(
            body.to_change(),
            shown=body.preview_hash,
            reason=body.reason,
            actor=admin,
            once=key.by(admin.id),
            render=render_fee_step,
        )
    )


@router.get("/taxes", response_model=Page[KeptTaxRead])
async def list_taxes(
    query: Annotated[RuleQuery, Query()],
    admin: FeeReader,  # noqa: ARG001 - the guard
    fees: FeesDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List tax rules, newest first: in force, planned, ended and withdrawn."""
    paging = cursors.of(query, {"list": "admin_taxes", "currency": query.currency, "state": query.state})
    found = await fees.list_taxes(
        currency=query.currency,
        state=query.state,
        before=paging.before,
        limit=paging.limit,
    )
    return JSONBytes.of(
        paging.page(found, KeptTaxRead.of_kept, lambda view: Position(view.trace.created_at, view.rule.id))
    )


@router.post("/taxes", status_code=201, response_model=TaxStepRead)
async def change_tax(body: TaxChangeIn, admin: FeeManager, key: IdempotencyKey, fees: FeesDep) -> Response:
    """Follow the law: end the rule in force at a date and begin the next one there."""
    return send(
        await fees.change_tax(
            body.to_change(), reason=body.reason, actor=admin, once=key.by(admin.id), render=render_tax_step
        )
    )
