from __future__ import annotations

from typing import Any, Final, cast

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from kro.core.actor import Actor, PermissionDeniedError
from kro.core.auth.permissions import Permission
from kro.core.auth.standing import ADMIN_STANDING, read_standing
from kro.core.auth.tokens import TokenVerifier
from kro.core.database.pool import Database
from kro.core.decisions import Audit, Decision
from kro.core.decisions.encoding import encode
from kro.core.guards.requests import actor_of
from kro.core.http.routes import route_template
from kro.core.ids import IdSource

_STANDING: Final = f"SELECT {ADMIN_STANDING}"


class AdminGuard(SecurityBase):
    """Lets admins in whose session lives and whose role has one of the permissions, as the database says right now."""

    def __init__(self, *permissions: Permission) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="An admin's access token.")
        self.scheme_name = "admin"
        self.permissions = frozenset(permissions)

    async def __call__(self, request: Request) -> Actor:
        state = request.app.state
        database = cast("Database", state.database)
        actor = actor_of(request, cast("TokenVerifier", state.admin_tokens))
        standing = read_standing(await database.row(_STANDING, actor.id, actor.session_id) or {"standing": None})
        standing.ensure_active()
        if self.permissions and not self.permissions & standing.permissions:
            await database.apply(_refusal(request, actor, " or ".join(sorted(self.permissions))))
            raise PermissionDeniedError
        return actor


def admin_with(*permissions: str) -> Any:  # noqa: ANN401 - what `Depends` itself returns
    """Let only admins with a permission, one of several, call a route: use it inside ``Annotated[Actor, …]``.

    Without a permission any active admin may pass. A refusal leaves an audit row.

    :raises ValueError: at import, when there is no such permission.
    """
    return Depends(AdminGuard(*(Permission(permission) for permission in permissions)))


def _refusal(request: Request, actor: Actor, missing: str) -> str:
    audit = Audit(
        id=cast("IdSource", request.app.state.ids).new(),
        actor=actor,
        action="permission.denied",
        target_type="route",
        target_id=None,
        result="refused",
        reason=missing,
        detail={"method": request.method, "route": route_template(request.scope)},
    )
    return encode(Decision(audits=(audit,)))
