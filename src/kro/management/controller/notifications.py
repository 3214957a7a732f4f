"""A user's inbox, and what they want to hear by which channel."""

from typing import Annotated, cast

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.guards import ActiveUser
from kro.core.http import CursorSigner, JSONBytes, Page, PageQuery, Position, Router, problems
from kro.core.ids import read_id
from kro.core.notifications import Inbox, NotificationNotFoundError, PreferenceLockedError, PreferenceStore
from kro.core.reading import from_replica
from kro.management.controller.dependencies import CursorsDep
from kro.management.controller.notification_views import (
    MarkedRead,
    NotificationRead,
    PreferencesIn,
    PreferencesRead,
    UnreadRead,
)

router = Router(prefix="/me", tags=["me"])


class InboxQuery(PageQuery):
    unread: bool = Field(default=False, description="Only what has not been read.")


async def _inbox(request: Request) -> Inbox:
    return cast("Inbox", request.app.state.inbox)


async def _preferences(request: Request) -> PreferenceStore:
    return cast("PreferenceStore", request.app.state.notification_preferences)


InboxDep = Annotated[Inbox, Depends(_inbox)]
PreferencesDep = Annotated[PreferenceStore, Depends(_preferences)]


@router.get("/notifications", response_model=Page[NotificationRead])
@from_replica
async def list_notifications(
    query: Annotated[InboxQuery, Query()], user: ActiveUser, inbox: InboxDep, cursors: CursorsDep
) -> JSONBytes:
    """List what you were told, the newest first."""
    return JSONBytes.of(await notification_page(query, user=user, inbox=inbox, cursors=cursors))


async def notification_page(
    query: InboxQuery, *, user: Actor, inbox: Inbox, cursors: CursorSigner
) -> Page[NotificationRead]:
    """Return a page of what a user was told, to themselves or to whoever sees through their eyes."""
    paging = cursors.of(query, {"list": "notifications", "owner": str(user.id), "unread": int(query.unread)})
    rows = await inbox.list(
        user.id,
        before=paging.before,
        limit=paging.limit,
        unread_only=query.unread,
    )
    return paging.page(rows, NotificationRead.of, lambda row: Position(row.created_at, row.id))


@router.get("/notifications/unread", response_model=UnreadRead)
async def count_unread(user: ActiveUser, inbox: InboxDep) -> JSONBytes:
    """Count what you have not read."""
    return JSONBytes.of(UnreadRead(unread=await inbox.unread(user.id)))


@router.post("/notifications/read", response_model=MarkedRead)
async def read_all_notifications(user: ActiveUser, inbox: InboxDep) -> JSONBytes:
    """Mark everything as read that has come until now."""
    return JSONBytes.of(MarkedRead(marked=await inbox.read_all(user.id)))


@router.post("/notifications/{notification_id}/read", status_code=204, responses=problems(NotificationNotFoundError))
async def read_notification(notification_id: str, user: ActiveUser, inbox: InboxDep) -> Response:
    """Mark one as read; again is fine."""
    await inbox.read(user.id, read_id("ntf", notification_id))
    return Response(status_code=204)


@router.get("/notification-preferences", response_model=PreferencesRead)
async def read_preferences(user: ActiveUser, preferences: PreferencesDep) -> JSONBytes:
    """Return your language, your quiet hours, and which channels are on for what."""
    return JSONBytes.of(PreferencesRead.of(await preferences.read(user.id)))


@router.put("/notification-preferences", response_model=PreferencesRead, responses=problems(PreferenceLockedError))
async def put_preferences(body: PreferencesIn, user: ActiveUser, preferences: PreferencesDep) -> JSONBytes:
    """Choose what you want to hear by text and mail. What is about security, money or deadlines stays on."""
    chosen = body.to_preferences()
    await preferences.put(chosen, actor=user)
    return JSONBytes.of(PreferencesRead.of(chosen))
