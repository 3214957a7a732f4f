"""Compliance decides about identities that registers left open, and sets tiers by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self, cast

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.decisions import Reply
from kro.core.guards import admin_with
from kro.core.http import (
    IdempotencyKey,
    Input,
    JSONBytes,
    Line,
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
from kro.core.kyc import HIGHEST_TIER
from kro.core.kyc.identity import IdentityKind
from kro.core.reading import from_replica
from kro.management.controller.dependencies import CursorsDep
from kro.management.database.identity_records import CheckCause, CheckFile, CheckStatus, IdentityCheck
from kro.management.domain.identity_errors import (
    IdentityCheckDecidedError,
    IdentityCheckNotFoundError,
    IdentityNumberInUseError,
    OwnIdentityError,
    TierUnchangedError,
    UnknownUserError,
)
from kro.management.domain.identity_review import IdentityReview

router = Router(prefix="/admin/kyc", tags=["admin"])

KYCReader = Annotated[Actor, admin_with(Permission.KYC_READ)]
KYCOfficer = Annotated[Actor, admin_with(Permission.KYC_DECIDE)]


async def _review(request: Request) -> IdentityReview:
    return cast("IdentityReview", request.app.state.identity_review)


ReviewDep = Annotated[IdentityReview, Depends(_review)]


class CheckQuery(PageQuery):
    status: CheckStatus | None = None
    user_id: Annotated[str, id_text("usr")] | None = None


class DecideIn(Input):
    reason: Line


class TierIn(Input):
    tier: int = Field(ge=0, le=HIGHEST_TIER)
    reason: Line


class CheckItem(Output):
    id: str = Field(examples=["idc_01kajz7k3nf9b8r2m4q6s8t0vw"])
    user_id: str
    user_name: str
    user_tier: int
    kind: IdentityKind
    number: str = Field(examples=["*******2222"])
    status: CheckStatus
    cause: CheckCause | None
    score: int | None = Field(description="How well the names agree, of 100.")
    created_at: datetime

    @classmethod
    def of(cls, file: CheckFile) -> Self:
        check = file.check
        return cls(
            id=show_id("idc", check.id),
            user_id=show_id("usr", check.user_id),
            user_name=file.user_name,
            user_tier=file.user_tier,
            kind=check.kind,
            number=check.masked_number,
            status=check.status,
            cause=check.cause,
            score=check.score,
            created_at=check.created_at,
        )


class CheckFileRead(CheckItem):
    """All that is known of a check. Who reads it is on record."""

    given_names: str
    given_date_of_birth: date | None
    recorded_names: str | None
    recorded_date_of_birth: date | None
    provider: str | None
    provider_reference: str | None
    attempts: int
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None

    @classmethod
    def of_file(cls, file: CheckFile) -> Self:
        check = file.check
        return cls(
            **dict(CheckItem.of(file)),
            given_names=check.names.whole,
            given_date_of_birth=file.born,
            recorded_names=file.recorded_names,
            recorded_date_of_birth=file.recorded_born,
            provider=check.provider,
            provider_reference=check.provider_reference,
            attempts=check.attempts,
            decided_by=show_id("adm", check.decided_by) if check.decided_by else None,
            decided_at=check.decided_at,
            reason=check.reason,
        )


class DecidedRead(Output):
    id: str
    status: CheckStatus


class TierSetRead(Output):
    tier: int


@router.get("", response_model=Page[CheckItem])
@from_replica
async def list_checks(
    query: Annotated[CheckQuery, Query()],
    admin: KYCReader,
    review: ReviewDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List identity checks, newest first; those with status `review` wait for a decision. Reading is on record."""
    paging = cursors.of(query, {"list": "kyc", "status": query.status, "user": query.user_id})
    found = await review.list(
        status=query.status,
        user_id=read_id("usr", query.user_id) if query.user_id else None,
        before=paging.before,
        limit=paging.limit,
        actor=admin,
    )
    return JSONBytes.of(paging.page(found, CheckItem.of, lambda file: Position(file.check.created_at, file.check.id)))


@router.get("/{check_id}", response_model=CheckFileRead, responses=problems(IdentityCheckNotFoundError))
async def read_check(check_id: str, admin: KYCReader, review: ReviewDep) -> JSONBytes:
    """Return a check with what its owner gave and what the register says. Reading it is on record."""
    return JSONBytes.of(CheckFileRead.of_file(await review.read(read_id("idc", check_id), actor=admin)))


@router.post(
    "/{check_id}/approve",
    response_model=DecidedRead,
    responses=problems(
        IdentityCheckNotFoundError, IdentityCheckDecidedError, OwnIdentityError, IdentityNumberInUseError
    ),
)
async def approve_check(
    check_id: str, body: DecideIn, admin: KYCOfficer, key: IdempotencyKey, review: ReviewDep
) -> Response:
    """Confirm an identity; the tier follows from what is known then."""
    return await _decide(check_id, body, admin, key, review, approved=True)


@router.post(
    "/{check_id}/reject",
    response_model=DecidedRead,
    responses=problems(IdentityCheckNotFoundError, IdentityCheckDecidedError, OwnIdentityError),
)
async def reject_check(
    check_id: str, body: DecideIn, admin: KYCOfficer, key: IdempotencyKey, review: ReviewDep
) -> Response:
    """Turn an identity down. The user learns that, not the reason; the number is forgotten."""
    return await _decide(check_id, body, admin, key, review, approved=False)


async def _decide(
    check_id: str, body: DecideIn, admin: Actor, key: IdempotencyKey, review: IdentityReview, *, approved: bool
) -> Response:
    return send(
        await review.decide(
            read_id("idc", check_id),
            approved=approved,
            reason=body.reason,
            actor=admin,
            once=key.by(admin.id),
            render=_render,
        )
    )


@router.post(
    "/users/{user_id}/tier",
    response_model=TierSetRead,
    responses=problems(UnknownUserError, OwnIdentityError, TierUnchangedError),
)
async def set_tier(user_id: str, body: TierIn, admin: KYCOfficer, key: IdempotencyKey, review: ReviewDep) -> Response:
    """Set a user's tier by hand, up or down, with a reason."""
    return send(
        await review.set_tier(
            read_id("usr", user_id),
            body.tier,
            reason=body.reason,
            actor=admin,
            once=key.by(admin.id),
            render=lambda tier: Reply(status=200, body=TierSetRead(tier=tier).model_dump_json().encode()),
        )
    )


def _render(check: IdentityCheck) -> Reply:
    read = DecidedRead(id=show_id("idc", check.id), status=check.status)
    return Reply(status=200, body=read.model_dump_json().encode())
