"""Admins look at what each verification tier may do and change it: first the preview, then the change."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self, cast

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.decisions import Reply
from kro.core.guards import admin_with
from kro.core.http import (
    Currency,
    IdempotencyKey,
    Input,
    JSONBytes,
    Line,
    Output,
    Page,
    PageQuery,
    Position,
    Router,
    problems,
    send,
)
from kro.core.ids import show_id
from kro.core.kyc import HIGHEST_TIER, Requirement, TierRule
from kro.core.money import MAX_AMOUNT_MINOR
from kro.kro_balance.domain import RuleState
from kro.management.controller.dependencies import CursorsDep
from kro.management.database.tier_admin import TierRuleView
from kro.management.domain.decide_tier_change import TierChange, TierPreviewOutdatedError, TierStep
from kro.management.domain.tier_administration import TierAdministration

router = Router(prefix="/admin/kyc/tiers", tags=["admin"])

KYCReader = Annotated[Actor, admin_with(Permission.KYC_READ)]
LimitManager = Annotated[Actor, admin_with(Permission.KYC_LIMITS)]
Cap = Annotated[
    int | None, Field(ge=0, le=MAX_AMOUNT_MINOR, description="In minor units; `null` is no limit.", examples=[50_000])
]


async def _tiers(request: Request) -> TierAdministration:
    return cast("TierAdministration", request.app.state.tier_administration)


TiersDep = Annotated[TierAdministration, Depends(_tiers)]


class TierQuery(PageQuery):
    currency: Currency | None = None
    state: RuleState | None = None


class TierChangeIn(Input):
    """Everything a tier may do from a moment on. Every limit is said, so that none is dropped by being forgotten."""

    tier: int = Field(ge=0, le=HIGHEST_TIER)
    currency: Currency
    order_limit: Cap
    payout_limit: Cap
    day_in_limit: Cap
    day_out_limit: Cap
    balance_limit: Cap
    requires: list[Requirement] = Field(max_length=len(Requirement))
    effective_from: AwareDatetime | None = Field(
        default=None, description="With its offset from UTC; at once when left out.", examples=[None]
    )

    def to_change(self) -> TierChange:
        fields: dict[str, Any] = {name: getattr(self, name) for name in TierChange.__slots__}
        return TierChange(**fields | {"requires": tuple(self.requires)})


class TierChangeMadeIn(TierChangeIn):
    preview_hash: str = Field(pattern=r"^[0-9a-f]{64}$", description="`preview_hash` of the change as it was shown.")
    reason: Line


class TierRuleRead(Output):
    """What a tier may do; amounts are minor units and `null` is no limit."""

    id: str = Field(examples=["tir_01kajz7k3nf9b8r2m4q6s8t0vw"])
    tier: int
    currency: str
    order_limit: int | None = Field(description="The largest order.")
    payout_limit: int | None = Field(description="The largest payout.")
    day_in_limit: int | None = Field(description="All that may be paid in on a day of Africa/Lagos.")
    day_out_limit: int | None = Field(description="All that may be paid out on a day of Africa/Lagos.")
    balance_limit: int | None = Field(description="Above it nothing can be topped up; what arrives is still credited.")
    requires: list[Requirement]
    effective_from: datetime
    effective_to: datetime | None

    @classmethod
    def of(cls, rule: TierRule) -> Self:
        names = cls.model_fields.keys() - {"id"}
        return cls.model_validate({"id": show_id("tir", rule.id), **{name: getattr(rule, name) for name in names}})


class KeptTierRuleRead(TierRuleRead):
    """A rule, whatever has become of it."""

    state: RuleState
    created_at: datetime
    created_by: str | None = Field(description="The admin; nobody for what an installation started with.")
    reason: str | None

    @classmethod
    def of_kept(cls, view: TierRuleView) -> Self:
        trace = view.trace
        by = show_id("adm", trace.created_by) if trace.created_by else None
        kept = {"state": trace.state, "created_at": trace.created_at, "created_by": by, "reason": trace.reason}
        return cls.model_validate({**dict(TierRuleRead.of(view.rule)), **kept})


class TierStepRead(Output):
    """What a change closes and opens."""

    opened: TierRuleRead
    ended: list[TierRuleRead] = Field(description="End when the change begins.")
    withdrawn: list[TierRuleRead] = Field(description="Were to begin later and never will.")

    @classmethod
    def of(cls, step: TierStep) -> Self:
        return cls(
            opened=TierRuleRead.of(step.opened),
            ended=[TierRuleRead.of(rule) for rule in step.ended],
            withdrawn=[TierRuleRead.of(rule) for rule in step.withdrawn],
        )


class TierPreviewRead(TierStepRead):
    """A change that nobody has made yet; the id of what it would open is not final."""

    preview_hash: str = Field(description="Covers all of this; whoever makes the change repeats it.")

    @classmethod
    def of_step(cls, step: TierStep) -> Self:
        return cls(**dict(TierStepRead.of(step)), preview_hash=step.shown)


@router.get("", response_model=Page[KeptTierRuleRead])
async def list_tiers(
    query: Annotated[TierQuery, Query()],
    admin: KYCReader,  # noqa: ARG001 - the guard
    tiers: TiersDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List what the tiers may do, newest first: in force, planned, ended and withdrawn."""
    paging = cursors.of(query, {"list": "kyc_tiers", "currency": query.currency, "state": query.state})
    found = await tiers.list(
        currency=query.currency,
        state=query.state,
        before=paging.before,
        limit=paging.limit,
    )
    return JSONBytes.of(
        paging.page(found, KeptTierRuleRead.of_kept, lambda view: Position(view.trace.created_at, view.rule.id))
    )


@router.post("/preview", response_model=TierPreviewRead)
async def preview_tier(body: TierChangeIn, admin: LimitManager, tiers: TiersDep) -> JSONBytes:
    """Show what a change would close and open. Changes nothing."""
    return JSONBytes.of(TierPreviewRead.of_step(await tiers.preview(body.to_change(), actor=admin)))


@router.post("/changes", status_code=201, response_model=TierStepRead, responses=problems(TierPreviewOutdatedError))
async def change_tier(body: TierChangeMadeIn, admin: LimitManager, key: IdempotencyKey, tiers: TiersDep) -> Response:
    """Make a change exactly as its preview showed it, at once or at a date to come."""
    return send(
        await tiers.change(
            body.to_change(),
            shown=body.preview_hash,
            reason=body.reason,
            actor=admin,
            once=key.by(admin.id),
            render=_render,
        )
    )


def _render(step: TierStep) -> Reply:
    return Reply(status=201, body=TierStepRead.of(step).model_dump_json().encode())
