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

FOR_ANYBODY = {
    "POST /v1/auth/register",
    "POST /v1/auth/otp",
    "POST /v1/auth/otp/verify",
    "POST /v1/auth/login",
    "POST /v1/auth/refresh",
    "POST /v1/auth/magic-links",
    "POST /v1/auth/password/forgot",
    "POST /v1/auth/password/reset",
    "GET /v1/public/magic-links/{token}",
    "POST /v1/public/magic-links/{token}",
    "GET /v1/public/password-resets/{token}",
    "POST /v1/public/password-resets/{token}",
    "GET /v1/public/contact-changes/{token}",
    "POST /v1/public/contact-changes/{token}",
    "POST /v1/admin/auth/login",
    "POST /v1/admin/auth/refresh",
    # The token of a mail opens these, and is what is limited.
    "POST /v1/admin/auth/enrolment/start",
    "POST /v1/admin/auth/enrolment/confirm",
    "POST /v1/webhooks/{provider}",
    # Signed by the vendors, as the ones above.
    "POST /v1/webhooks/sendgrid",
    "POST /v1/webhooks/twilio",
    "POST /v1/webhooks/telnyx",
    "POST /v1/webhooks/termii",
    "POST /v1/webhooks/whatsapp",
    "GET /v1/webhooks/whatsapp",
    # Signed links: each is for one file, one method and a short while.
    "PUT /v1/files/{key}",
    "GET /v1/files/{key}",
    "GET /v1/public/keys",
    "GET /v1/public/orders/{code}",
    "GET /v1/public/orders/{code}/page",
    "GET /v1/public/orders/{code}/qr.svg",
    "POST /v1/public/handover/{token}",
    "GET /v1/public/invites/{token}",
    "POST /v1/public/invites/{token}/claim",
}
"""All a stranger may call; whoever adds to it has thought of what a stranger can repeat."""


def test_every_route_declares_one_guard() -> None:
    found = guarded_operations()

    assert len(found) > 150
    assert {f"{one.method} {one.path}": one.guards for one in found if len(one.guards) != 1} == {}
    for one in found:
        assert (one.guards == ("admin",)) <= one.path.startswith("/v1/admin/"), one


def test_nobody_opens_a_route_to_strangers_in_passing() -> None:
    assert {f"{one.method} {one.path}" for one in guarded_operations() if one.guards == ("public",)} == FOR_ANYBODY


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
