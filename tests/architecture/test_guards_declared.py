"""Every route declares exactly one guard, and every admin route a permission."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.guards import ActiveUser, CurrentUser, Public, admin_with
from kro.run.permissions import guarded_operations

FOR_EVERY_ADMIN = {"POST /v1/admin/auth/logout"}
"""What needs no permission: an admin's own session."""


def test_every_route_declares_one_guard() -> None:
    found = guarded_operations()

    assert len(found) > 150
    assert {f"{one.method} {one.path}": one.guards for one in found if len(one.guards) != 1} == {}
    for one in found:
        assert (one.guards == ("admin",)) <= one.path.startswith("/v1/admin/"), one


def test_every_admin_route_names_a_permission() -> None:
    admin = [one for one in guarded_operations() if one.guards == ("admin",)]

    without = {f"{one.method} {one.path}" for one in admin if not one.permissions}
    assert without == FOR_EVERY_ADMIN


def test_a_route_without_a_guard_or_with_two_is_noticed() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/open")
    async def forgotten() -> None: ...

    @app.get("/both", dependencies=[Public])
    async def both(user: CurrentUser) -> None: ...

    @app.get("/one")
    async def one(user: ActiveUser) -> None: ...

    @app.get("/admin")
    async def admin(admin: Annotated[Actor, admin_with(Permission.AUDIT_READ)]) -> Any: ...

    found = {guarded.path: (guarded.guards, guarded.permissions) for guarded in guarded_operations(app)}
    assert found == {
        "/open": ((), frozenset()),
        "/both": (("public", "user"), frozenset()),
        "/one": (("user",), frozenset()),
        "/admin": (("admin",), frozenset({Permission.AUDIT_READ})),
    }
