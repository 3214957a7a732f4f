from __future__ import annotations

from typing import Annotated, Final, cast

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from kro.core.actor import Actor
from kro.core.auth.standing import USER_STANDING, read_standing
from kro.core.auth.tokens import TokenVerifier
from kro.core.database.pool import Database
from kro.core.guards.requests import actor_of

_STANDING: Final = f"SELECT {USER_STANDING}"


class UserGuard(SecurityBase):
    """Lets users in by their access token.

    The token alone does not say whether its session was revoked or the account suspended. A route whose load query
    brings the standing checks it there; the others take ``ActiveUser``, which spends one query on it.
    """

    def __init__(self, *, check_standing: bool) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="A user's access token.")
        self.scheme_name = "user"
        self._check_standing = check_standing

    async def __call__(self, request: Request) -> Actor:
        state = request.app.state
        actor = actor_of(request, cast("TokenVerifier", state.user_tokens))
        if self._check_standing:
            row = await cast("Database", state.database).row(_STANDING, actor.id, actor.session_id)
            read_standing(row or {"standing": None}).ensure_active()
        return actor


CurrentUser = Annotated[Actor, Depends(UserGuard(check_standing=False))]
ActiveUser = Annotated[Actor, Depends(UserGuard(check_standing=True))]
