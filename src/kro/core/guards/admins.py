from __future__ import annotations

from typing import Any, Final, cast
from uuid import UUID

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
from kro.core.ids import IdSource, UnknownIdError, read_id

_STANDING: Final = f"SELECT {ADMIN_STANDING}"


class AdminGuard(SecurityBase):
    """Lets admins in whose session lives and whose role has one of the permissions, as the database says right now."""

    def __init__(self, *permissions: Permission, trace: str | None = None) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="An admin's access token.")
        self.scheme_name = "admin"
        self.permissions = frozenset(permissions)
        self.trace = trace

    async def __call__(self, request: Request) -> Actor:
        state = request.app.state
        database = cast("Database", state.database)
        actor = actor_of(request, cast("TokenVerifier", state.admin_tokens))
        standing = read_standing(await database.row(_STANDING, actor.id, actor.session_id) or {"standing": None})
        standing.ensure_active()
        if self.permissions and not self.permissions & standing.permissions:
            await database.apply(_refusal(request, actor, " or ".join(sorted(self.permissions))))
            raise PermissionDeniedError
        if self.trace is not None:
            await database.apply(_look(request, actor, self.trace))
        return actor


def admin_with(*permissions: str, trace: str | None = None) -> Any:  # noqa: ANN401 - what `Depends` itself returns
    """Let only admins with a permission, one of several, call a route: use it inside ``Annotated[Actor, …]``.

    Without a permission any active admin may pass. A refusal leaves an audit row. With ``trace``, the name of an
    action, so does every call that is let through: for reads of personal data that write no row of their own.

    :raises ValueError: at import, when there is no such permission.
    """
    return Depends(AdminGuard(*(Permission(permission) for permission in permissions), trace=trace))


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


def _look(request: Request, actor: Actor, action: str) -> str:
    # What was looked for may name somebody, so only the names of the filters are told.
    detail = {
        "route": route_template(request.scope),
        "path": dict(request.path_params),
        "filters": sorted(set(request.query_params) - {"limit", "cursor"}),
    }
    audit = Audit(
        id=cast("IdSource", request.app.state.ids).new(),
        actor=actor,
        action=action,
        target_type=action.partition(".")[0],
        target_id=_named(request),
        detail=detail,
    )
    return encode(Decision(audits=(audit,)))


def _named(request: Request) -> UUID | None:
    """Return the id in the path, if there is one."""
    for text in request.path_params.values():
        try:
            return read_id(str(text).partition("_")[0], str(text))
        except UnknownIdError:
            continue
    return None
