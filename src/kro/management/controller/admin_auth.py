"""Login and sessions of admins: a world of its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from kro.core.actor import Actor, SessionEndedError
from kro.core.auth.tokens import InvalidTokenError
from kro.core.guards import ClientDep, Public, admin_with
from kro.core.http import JSONBytes, problems
from kro.core.rate_limit import RateLimitedError
from kro.management.controller.dependencies import AdminAccessDep
from kro.management.controller.inputs import AdminLoginIn, RefreshIn
from kro.management.controller.views import AdminLoginRead
from kro.management.domain.errors import AdminCredentialsError

router = APIRouter(prefix="/admin/auth", tags=["admin"])


@router.post(
    "/login",
    response_model=AdminLoginRead,
    dependencies=[Public],
    responses=problems(AdminCredentialsError, RateLimitedError),
)
async def log_in(body: AdminLoginIn, admins: AdminAccessDep, client: ClientDep) -> JSONBytes:
    """Open an admin session with password and a fresh code of the authenticator; each code works once."""
    logged_in = await admins.log_in(email=body.email, password=body.password, totp=body.totp, client=client)
    return JSONBytes.of(AdminLoginRead.of(logged_in))


@router.post(
    "/refresh",
    response_model=AdminLoginRead,
    dependencies=[Public],
    responses=problems(InvalidTokenError, SessionEndedError, RateLimitedError),
)
async def refresh(body: RefreshIn, admins: AdminAccessDep, client: ClientDep) -> JSONBytes:
    """Spend a refresh token for a new pair. Spending one twice ends the session."""
    return JSONBytes.of(AdminLoginRead.of(await admins.refresh(body.refresh_token, client=client)))


@router.post("/logout", status_code=204)
async def log_out(admin: Annotated[Actor, admin_with()], admins: AdminAccessDep) -> Response:
    """End the session of the access token."""
    await admins.log_out(admin)
    return Response(status_code=204)
