"""People for admins: found, looked at, suspended. Every look and every search is on record."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.auth.viewing import PersonNotFoundError
from kro.core.errors import ValidationFailedError
from kro.core.guards import admin_with
from kro.core.guards.viewing import UserViewer, ViewAsUserDep, ViewQuery
from kro.core.http import Input, JSONBytes, Page, PageQuery, Position, Router, problems
from kro.core.ids import UnknownIdError, read_id
from kro.core.phone import InvalidPhoneError, to_e164
from kro.core.reading import from_replica
from kro.management.controller.admin.user_views import (
    AdminUserFileRead,
    AdminUserPersonalRead,
    AdminUserRead,
    EndedRead,
    UserStatus,
    masked_profile,
)
from kro.management.controller.dependencies import AccountsDep, CursorsDep, UserAdministrationDep
from kro.management.controller.notification_views import NotificationRead
from kro.management.controller.notifications import InboxDep, InboxQuery, notification_page
from kro.management.controller.views import UserRead
from kro.management.domain import OwnAccountError, UserFilter, UserStatusError

router = Router(prefix="/admin/users", tags=["admin"])

UserReader = Annotated[Actor, admin_with(Permission.USERS_READ)]
PersonalReader = Annotated[Actor, admin_with(Permission.USERS_READ_PERSONAL)]
Suspender = Annotated[Actor, admin_with(Permission.USERS_SUSPEND)]


class AdminUserQuery(PageQuery):
    """Whom to find; everything that is given must match."""

    id: str | None = Field(default=None, max_length=40, examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    phone: str | None = Field(default=None, max_length=40, description="The whole number, in any usual form.")
    email: str | None = Field(default=None, max_length=254, description="The whole address.")
    name: str | None = Field(default=None, min_length=2, max_length=120, description="Words of the name.")
    status: UserStatus | None = None
    kyc_tier: int | None = Field(default=None, ge=0, le=3)

    def to_filter(self) -> UserFilter:
        """Return the filter this asks for.

        :raises ValidationFailedError: for an id that is none.
        :raises InvalidPhoneError: for a number that is none.
        """
        try:
            user_id = read_id("usr", self.id) if self.id is not None else None
        except UnknownIdError:
            raise ValidationFailedError("query:id", "unknown_id", "This is not the id of a user.") from None
        return UserFilter(
            id=user_id,
            phone=to_e164(self.phone, pointer="query:phone") if self.phone is not None else None,
            email=self.email.strip().lower() if self.email is not None else None,
            name=self.name,
            status=self.status,
            kyc_tier=self.kyc_tier,
        )


class ReasonIn(Input):
    reason: str = Field(min_length=5, max_length=500, examples=["Ticket 4711: the account was taken over"])


@router.get("", response_model=Page[AdminUserRead], responses=problems(ValidationFailedError, InvalidPhoneError))
@from_replica
async def search_users(
    query: Annotated[AdminUserQuery, Query()], admin: UserReader, users: UserAdministrationDep, cursors: CursorsDep
) -> JSONBytes:
    """Find people, the newest accounts first; phone and mail are masked."""
    paging = cursors.of(query, {"list": "admin_users", **query.model_dump(exclude={"limit", "cursor"})})
    before = paging.before
    found = await users.search(query.to_filter(), before=before, limit=paging.limit, admin=admin)
    return JSONBytes.of(paging.page(found, AdminUserRead.of, lambda row: Position(row.created_at, row.id)))


@router.get("/{user_id}", response_model=AdminUserFileRead, responses=problems(PersonNotFoundError))
async def get_user(user_id: str, admin: UserReader, users: UserAdministrationDep) -> JSONBytes:
    """Show one person with orders, balances and sessions in numbers; phone and mail are masked."""
    return JSONBytes.of(AdminUserFileRead.of_file(await users.open(read_id("usr", user_id), admin=admin)))


@router.get("/{user_id}/personal", response_model=AdminUserPersonalRead, responses=problems(PersonNotFoundError))
async def get_user_personal(
    user_id: str, query: Annotated[ViewQuery, Query()], admin: PersonalReader, users: UserAdministrationDep
) -> JSONBytes:
    """Show a person's phone and mail as they are, for a reason that goes on record."""
    user = await users.personal(read_id("usr", user_id), admin=admin, reason=query.reason)
    return JSONBytes.of(AdminUserPersonalRead.of(user))


@router.post(
    "/{user_id}/suspend",
    response_model=EndedRead,
    responses=problems(PersonNotFoundError, OwnAccountError, UserStatusError),
)
async def suspend_user(user_id: str, body: ReasonIn, admin: Suspender, users: UserAdministrationDep) -> JSONBytes:
    """Suspend an account at once and end its sessions. Its orders go on by their deadlines and the other party."""
    ended = await users.suspend(read_id("usr", user_id), admin=admin, reason=body.reason)
    return JSONBytes.of(EndedRead(ended_sessions=ended))


@router.post(
    "/{user_id}/reinstate",
    response_model=EndedRead,
    responses=problems(PersonNotFoundError, OwnAccountError, UserStatusError),
)
async def reinstate_user(user_id: str, body: ReasonIn, admin: Suspender, users: UserAdministrationDep) -> JSONBytes:
    """Make a suspended account active again; the person logs in anew."""
    ended = await users.reinstate(read_id("usr", user_id), admin=admin, reason=body.reason)
    return JSONBytes.of(EndedRead(ended_sessions=ended))


class ViewedInboxQuery(InboxQuery, ViewQuery):
    pass


@router.get(
    "/{user_id}/view/notifications", response_model=Page[NotificationRead], responses=problems(PersonNotFoundError)
)
async def view_notifications(
    user_id: str,
    query: Annotated[ViewedInboxQuery, Query()],
    admin: UserViewer,
    views: ViewAsUserDep,
    inbox: InboxDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List what a user was told, as the user sees it; looking marks nothing as read."""
    user = await views.look(read_id("usr", user_id), admin=admin, reason=query.reason, what="notifications")
    return JSONBytes.of(await notification_page(query, user=user, inbox=inbox, cursors=cursors))


@router.get("/{user_id}/view/profile", response_model=UserRead, responses=problems(PersonNotFoundError))
async def view_profile(
    user_id: str,
    query: Annotated[ViewQuery, Query()],
    admin: UserViewer,
    views: ViewAsUserDep,
    accounts: AccountsDep,
) -> JSONBytes:
    """Return a user's own profile, with phone and mail masked."""
    user = await views.look(read_id("usr", user_id), admin=admin, reason=query.reason, what="profile")
    return JSONBytes.of(masked_profile(UserRead.of(await accounts.profiles.read(user))))
