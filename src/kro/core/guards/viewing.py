"""Read-only routes through which admins see what a user's own routes would show."""

from typing import Annotated, Final, cast

from fastapi import Depends, Request
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.auth.viewing import ViewAsUser
from kro.core.guards.admins import admin_with
from kro.core.http.inputs import QueryInput

VIEW_PREFIX: Final = "/admin/users/{user_id}/view"


class ViewQuery(QueryInput):
    """Why somebody else's data is looked at; it goes on record."""

    reason: str = Field(min_length=5, max_length=200, examples=["Ticket 4711: cannot find the order"])


async def _view_as_user(request: Request) -> ViewAsUser:
    return cast("ViewAsUser", request.app.state.view_as_user)


UserViewer = Annotated[Actor, admin_with(Permission.USERS_VIEW_AS)]
ViewAsUserDep = Annotated[ViewAsUser, Depends(_view_as_user)]
