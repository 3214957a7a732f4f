"""A person's sessions, notes and trail, for admins; every look is on record."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.auth.viewing import PersonNotFoundError
from kro.core.guards import admin_with
from kro.core.http import Input, JSONBytes, Page, PageQuery, Paragraphs, Position, Router, problems
from kro.core.ids import read_id
from kro.core.reading import from_replica
from kro.management.controller.admin.audit_views import AuditEntryRead
from kro.management.controller.admin.user_views import EndedRead, UserNoteRead
from kro.management.controller.admin.users import ReasonIn, UserReader
from kro.management.controller.dependencies import CursorsDep, UserAdministrationDep
from kro.management.controller.views import SessionList
from kro.management.domain.errors import SessionNotFoundError

router = Router(prefix="/admin/users/{user_id}", tags=["admin"])

SessionKeeper = Annotated[Actor, admin_with(Permission.USERS_SESSIONS)]
NoteWriter = Annotated[Actor, admin_with(Permission.USERS_NOTE)]
AuditReader = Annotated[Actor, admin_with(Permission.AUDIT_READ)]


class NoteIn(Input):
    text: Paragraphs = Field(examples=["Called about the delivery; was friendly."])


@router.get("/sessions", response_model=SessionList, responses=problems(PersonNotFoundError))
async def list_user_sessions(user_id: str, admin: SessionKeeper, users: UserAdministrationDep) -> JSONBytes:
    """List where a person is logged in."""
    return JSONBytes.of(SessionList.of(await users.sessions(read_id("usr", user_id), admin=admin), current=None))


@router.post("/sessions/end", response_model=EndedRead)
async def end_user_sessions(
    user_id: str, body: ReasonIn, admin: SessionKeeper, users: UserAdministrationDep
) -> JSONBytes:
    """Log a person out everywhere; nothing else of the account changes."""
    ended = await users.end_sessions(read_id("usr", user_id), admin=admin, reason=body.reason)
    return JSONBytes.of(EndedRead(ended_sessions=ended))


@router.post("/sessions/{session_id}/end", response_model=EndedRead, responses=problems(SessionNotFoundError))
async def end_user_session(
    user_id: str, session_id: str, body: ReasonIn, admin: SessionKeeper, users: UserAdministrationDep
) -> JSONBytes:
    """End one session of a person."""
    ended = await users.end_sessions(
        read_id("usr", user_id), session_id=read_id("ses", session_id), admin=admin, reason=body.reason
    )
    return JSONBytes.of(EndedRead(ended_sessions=ended))


@router.get("/notes", response_model=Page[UserNoteRead], responses=problems(PersonNotFoundError))
@from_replica
async def list_user_notes(
    user_id: str,
    query: Annotated[PageQuery, Query()],
    admin: UserReader,
    users: UserAdministrationDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List what admins wrote about a person, the newest first."""
    paging = cursors.of(query, {"list": "user_notes", "user": user_id})
    before = paging.before
    found = await users.notes(read_id("usr", user_id), before=before, limit=paging.limit, admin=admin)
    return JSONBytes.of(paging.page(found, UserNoteRead.of, lambda note: Position(note.created_at, note.id)))


@router.post("/notes", status_code=201, response_model=UserNoteRead, responses=problems(PersonNotFoundError))
async def add_user_note(user_id: str, body: NoteIn, admin: NoteWriter, users: UserAdministrationDep) -> JSONBytes:
    """Write a note about a person for other admins. It stays, and the person never sees it."""
    note = await users.add_note(read_id("usr", user_id), body.text, admin=admin)
    return JSONBytes.of(UserNoteRead.of(note), status=201)


@router.get("/audit-trail", response_model=Page[AuditEntryRead], responses=problems(PersonNotFoundError))
@from_replica
async def list_user_trail(
    user_id: str,
    query: Annotated[PageQuery, Query()],
    admin: AuditReader,
    users: UserAdministrationDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List what a person did and what was done to them, the newest first."""
    paging = cursors.of(query, {"list": "user_trail", "user": user_id})
    before = paging.before
    found = await users.trail(read_id("usr", user_id), before=before, limit=paging.limit, admin=admin)
    return JSONBytes.of(paging.page(found, AuditEntryRead.of, lambda row: Position(row.at, row.id)))
