"""Payouts that machines cannot end: two admins do, with the provider's statement in hand."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Self

from fastapi import Response
from pydantic import Field, StringConstraints, model_validator

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.guards import admin_with
from kro.core.http import (
    IdempotencyKey,
    Input,
    JSONBytes,
    Line,
    Page,
    PageParameters,
    Paragraphs,
    Router,
    problems,
    send,
)
from kro.core.ids import read_id
from kro.core.two_factor import FactorLockedError, WrongFactorError
from kro.management.controller.admin.payout_views import StuckPayoutRead, render_stuck
from kro.management.controller.dependencies import CursorsDep, PayoutResolutionsDep
from kro.management.controller.inputs import Code
from kro.payment.domain import (
    ApprovalMismatchError,
    Finding,
    OutcomeNotPossibleError,
    OwnPayoutError,
    PayoutNotFoundError,
    ResolutionNotFoundError,
    ResolutionOpenError,
    ResolutionOutcome,
    SecondPersonError,
)

router = Router(prefix="/admin/payouts", tags=["admin"])

PayoutReader = Annotated[Actor, admin_with(Permission.PAYOUTS_READ, trace="payout.read")]
PayoutResolver = Annotated[Actor, admin_with(Permission.PAYOUTS_RESOLVE)]

_EVIDENCED = frozenset({ResolutionOutcome.PAID, ResolutionOutcome.RETURNED})


class ResolutionIn(Input):
    outcome: ResolutionOutcome = Field(
        description="`paid` and `failed` end an open payout, `returned` one that succeeded; `noted` moves no money."
    )
    provider_reference: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=100)] | None
    ) = Field(default=None, description="The movement at the provider or the bank; needed for `paid` and `returned`.")
    note: Paragraphs = Field(description="What you found out and where: the statement, the ticket, who was asked.")
    totp: Code = Field(description="A fresh code of the authenticator, used for nothing else.")

    @model_validator(mode="after")
    def _evidence(self) -> Self:
        if (self.outcome in _EVIDENCED) != (self.provider_reference is not None):
            raise ValueError("provider_reference belongs to `paid` and `returned`, and only to them")
        return self

    def to_finding(self) -> Finding:
        return Finding(outcome=self.outcome, provider_reference=self.provider_reference, note=self.note)


class ConfirmIn(Input):
    totp: Code = Field(description="A fresh code of the authenticator, used for nothing else.")
    resolution_hash: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="`resolution_hash` of the payout as it was shown to you."
    )


class DismissIn(Input):
    reason: Line


@router.get("/stuck", response_model=Page[StuckPayoutRead])
async def list_stuck(
    query: PageParameters,
    admin: PayoutReader,  # noqa: ARG001 - the guard
    resolutions: PayoutResolutionsDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List payouts that wait for two people, the longest waiting first."""
    paging = cursors.of(query, {"list": "stuck_payouts"})
    found = await resolutions.waiting(after=paging.before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, lambda row: StuckPayoutRead.of_stuck(row[0]), lambda row: row[1]))


@router.post(
    "/{payout_id}/resolutions",
    status_code=201,
    response_model=StuckPayoutRead,
    responses=problems(
        PayoutNotFoundError,
        OwnPayoutError,
        ResolutionOpenError,
        OutcomeNotPossibleError,
        WrongFactorError,
        FactorLockedError,
    ),
)
async def propose_resolution(
    payout_id: str, body: ResolutionIn, admin: PayoutResolver, key: IdempotencyKey, resolutions: PayoutResolutionsDep
) -> Response:
    """Say how a stuck payout ended, with evidence; another admin has to confirm it before anything moves."""
    return send(
        await resolutions.propose(
            payout_id=read_id("pyt", payout_id),
            finding=body.to_finding(),
            totp=body.totp,
            actor=admin,
            once=key.by(admin.id),
            render=partial(render_stuck, status=201),
        )
    )


@router.post(
    "/{payout_id}/resolutions/{resolution_id}/confirm",
    response_model=StuckPayoutRead,
    responses=problems(
        ResolutionNotFoundError,
        OwnPayoutError,
        SecondPersonError,
        ApprovalMismatchError,
        OutcomeNotPossibleError,
        WrongFactorError,
        FactorLockedError,
    ),
)
async def confirm_resolution(
    payout_id: str,
    resolution_id: str,
    body: ConfirmIn,
    admin: PayoutResolver,
    key: IdempotencyKey,
    resolutions: PayoutResolutionsDep,
) -> Response:
    """End a payout as another admin said it did, with the postings the provider's own word would have caused."""
    return send(
        await resolutions.confirm(
            payout_id=read_id("pyt", payout_id),
            resolution_id=read_id("res", resolution_id),
            shown_hash=body.resolution_hash,
            totp=body.totp,
            actor=admin,
            once=key.by(admin.id),
            render=render_stuck,
        )
    )


@router.post(
    "/{payout_id}/resolutions/{resolution_id}/dismiss",
    response_model=StuckPayoutRead,
    responses=problems(ResolutionNotFoundError),
)
async def dismiss_resolution(
    payout_id: str,
    resolution_id: str,
    body: DismissIn,
    admin: PayoutResolver,
    key: IdempotencyKey,
    resolutions: PayoutResolutionsDep,
) -> Response:
    """Drop a proposal, your own or another's; the payout waits on."""
    return send(
        await resolutions.dismiss(
            payout_id=read_id("pyt", payout_id),
            resolution_id=read_id("res", resolution_id),
            reason=body.reason,
            actor=admin,
            once=key.by(admin.id),
            render=render_stuck,
        )
    )
