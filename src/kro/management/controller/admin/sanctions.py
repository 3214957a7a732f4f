"""Compliance imports sanctions lists, decides about matches, and lets frozen accounts go on as two persons."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import partial
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
    PageParameters,
    PageQuery,
    Position,
    QueryInput,
    Router,
    problems,
    send,
)
from kro.core.ids import read_id, show_id
from kro.core.reading import from_replica
from kro.core.sanctions import ListFormat, UnreadableListError
from kro.management.controller.admin.proposal_views import ProposalRead, Reasoned, render_proposal
from kro.management.controller.dependencies import CursorsDep, ProposalsDep
from kro.management.database.sanction_records import MatchFile, MatchStatus, SanctionList, SanctionMatch
from kro.management.domain import ProposalOpenError, Terms
from kro.management.domain.freeze_effects import freeze_lift_terms
from kro.management.domain.sanction_errors import (
    AccountFrozenError,
    FreezeLiftedError,
    FreezeNotFoundError,
    MatchDecidedError,
    MatchNotFoundError,
    OwnMatchError,
)
from kro.management.domain.sanctions import SanctionImports, SanctionMatches

router = Router(prefix="/admin/sanctions", tags=["admin"])

SanctionReader = Annotated[Actor, admin_with(Permission.SANCTIONS_READ, trace="sanctions.read")]
SanctionOfficer = Annotated[Actor, admin_with(Permission.SANCTIONS_DECIDE)]
SanctionImporter = Annotated[Actor, admin_with(Permission.SANCTIONS_IMPORT)]


async def _imports(request: Request) -> SanctionImports:
    return cast("SanctionImports", request.app.state.sanction_imports)


async def _matches(request: Request) -> SanctionMatches:
    return cast("SanctionMatches", request.app.state.sanction_matches)


ImportsDep = Annotated[SanctionImports, Depends(_imports)]
MatchesDep = Annotated[SanctionMatches, Depends(_matches)]


class FreezeLiftReason(StrEnum):
    """Why a frozen account goes on."""

    OTHER_PERSON = "other_person"
    DELISTED = "delisted"
    LICENSED = "licensed"


class ListQuery(QueryInput):
    code: str = Field(
        pattern=r"^[a-z][a-z0-9_]{1,29}$", description="Names the list; the newest import of a code is in force."
    )
    format: ListFormat


class MatchQuery(PageQuery):
    status: MatchStatus | None = None


class MatchDecisionIn(Input):
    reason: Line


class FreezeLiftIn(Reasoned):
    reason: FreezeLiftReason

    def terms(self, freeze_id: str) -> Terms:
        return freeze_lift_terms(freeze_id=read_id("frz", freeze_id), why=self.why(self.reason))


class SanctionListRead(Output):
    """One import: what was read, and what was not."""

    id: str = Field(examples=["snl_01kajz7k3nf9b8r2m4q6s8t0vw"])
    code: str
    format: ListFormat
    sha256: str
    status: str
    entries: int
    names: int
    unreadable: int
    problems: list[str] = Field(description="The first hundred things that could not be read.")
    imported_at: datetime
    imported_by: str | None = Field(description="The admin; nobody when it came by the command line.")
    screened_at: datetime | None = Field(description="When everybody had been compared with it.")

    @classmethod
    def of(cls, one: SanctionList) -> Self:
        names = cls.model_fields.keys() - {"id", "imported_by", "problems"}
        return cls.model_validate(
            {
                "id": show_id("snl", one.id),
                "imported_by": show_id("adm", one.imported_by) if one.imported_by else None,
                "problems": list(one.problems),
                **{name: getattr(one, name) for name in names},
            }
        )


class MatchRead(Output):
    """Somebody who may be on a list. They are told nothing of it, by anybody."""

    id: str = Field(examples=["smt_01kajz7k3nf9b8r2m4q6s8t0vw"])
    user_id: str
    user_name: str
    list_code: str
    entry_ref: str
    listed_name: str
    compared_name: str
    source: str
    score: int
    likely: bool
    status: MatchStatus
    freeze_id: str | None = Field(description="Set while the account is frozen.")
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    created_at: datetime

    @classmethod
    def of(cls, file: MatchFile) -> Self:
        match = file.match
        plain = ("list_code", "entry_ref", "listed_name", "compared_name", "source", "score", "likely", "status")
        return cls.model_validate(
            {
                "id": show_id("smt", match.id),
                "user_id": show_id("usr", match.user_id),
                "user_name": file.user_name,
                "freeze_id": show_id("frz", file.freeze_id) if file.freeze_id else None,
                "decided_by": show_id("adm", match.decided_by) if match.decided_by else None,
                **{name: getattr(match, name) for name in (*plain, "decided_at", "reason", "created_at")},
            }
        )


class MatchDecidedRead(Output):
    id: str
    status: MatchStatus


@router.post(
    "/lists",
    status_code=201,
    response_model=SanctionListRead,
    responses=problems(UnreadableListError),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("application/xml", "text/csv")
            },
        }
    },
)
async def import_list(
    query: Annotated[ListQuery, Query()], request: Request, admin: SanctionImporter, imports: ImportsDep
) -> Response:
    """Import a list in the place of the one before; everybody is compared with it in the background."""
    taken = await imports.take_in(await request.body(), code=query.code, form=query.format, actor=admin)
    return send(Reply(status=201, body=SanctionListRead.of(taken).model_dump_json().encode()))


@router.get("/lists", response_model=Page[SanctionListRead])
@from_replica
async def list_imports(
    query: PageParameters,
    admin: SanctionReader,  # noqa: ARG001 - the guard
    imports: ImportsDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List imports, newest first."""
    paging = cursors.of(query, {"list": "sanction_lists"})
    found = await imports.list(before=paging.before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, SanctionListRead.of, lambda one: Position(one.imported_at, one.id)))


@router.get("/matches", response_model=Page[MatchRead])
@from_replica
async def list_matches(
    query: Annotated[MatchQuery, Query()],
    admin: SanctionReader,  # noqa: ARG001 - the guard
    matches: MatchesDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List matches, newest first; open ones wait for a decision."""
    paging = cursors.of(query, {"list": "sanction_matches", "status": query.status})
    found = await matches.list(status=query.status, before=paging.before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, MatchRead.of, lambda file: Position(file.match.created_at, file.match.id)))


@router.post(
    "/matches/{match_id}/confirm",
    response_model=MatchDecidedRead,
    responses=problems(MatchNotFoundError, MatchDecidedError, OwnMatchError),
)
async def confirm_match(
    match_id: str, body: MatchDecisionIn, admin: SanctionOfficer, key: IdempotencyKey, matches: MatchesDep
) -> Response:
    """Say that it is the person on the list; the account is frozen, if it is not yet."""
    return await _decide(match_id, MatchStatus.CONFIRMED, body, admin, key, matches)


@router.post(
    "/matches/{match_id}/dismiss",
    response_model=MatchDecidedRead,
    responses=problems(MatchNotFoundError, MatchDecidedError, OwnMatchError, AccountFrozenError),
)
async def dismiss_match(
    match_id: str, body: MatchDecisionIn, admin: SanctionOfficer, key: IdempotencyKey, matches: MatchesDep
) -> Response:
    """Say that it is somebody else. What froze the account is dismissed by two, with the freeze."""
    return await _decide(match_id, MatchStatus.DISMISSED, body, admin, key, matches)


async def _decide(
    match_id: str,
    status: MatchStatus,
    body: MatchDecisionIn,
    admin: Actor,
    key: IdempotencyKey,
    matches: SanctionMatches,
) -> Response:
    return send(
        await matches.decide(
            read_id("smt", match_id),
            status,
            reason=body.reason,
            actor=admin,
            once=key.by(admin.id),
            render=_render,
        )
    )


@router.post(
    "/freezes/{freeze_id}/lift-proposals",
    status_code=201,
    response_model=ProposalRead,
    responses=problems(FreezeNotFoundError, FreezeLiftedError, OwnMatchError, ProposalOpenError),
)
async def propose_freeze_lift(
    freeze_id: str, body: FreezeLiftIn, admin: SanctionOfficer, key: IdempotencyKey, proposals: ProposalsDep
) -> Response:
    """Propose to let a frozen account go on; another officer approves it, with a fresh code."""
    return send(
        await proposals.propose(
            body.terms(freeze_id), actor=admin, once=key.by(admin.id), render=partial(render_proposal, status=201)
        )
    )


def _render(match: SanctionMatch) -> Reply:
    read = MatchDecidedRead(id=show_id("smt", match.id), status=match.status)
    return Reply(status=200, body=read.model_dump_json().encode())
