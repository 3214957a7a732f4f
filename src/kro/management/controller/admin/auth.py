"""Login and sessions of admins: a world of its own."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request, Response

from kro.core.actor import Actor, SessionEndedError
from kro.core.auth.passwords import WeakPasswordError
from kro.core.auth.tokens import InvalidTokenError
from kro.core.guards import ClientDep, Public, admin_with
from kro.core.http import JSONBytes, Router, problems
from kro.core.rate_limit import RateLimitedError
from kro.core.two_factor import WrongFactorError
from kro.management.controller.dependencies import AdminAccessDep
from kro.management.controller.inputs import AdminLoginIn, EnrolmentConfirmIn, EnrolmentStartIn, RefreshIn
from kro.management.controller.two_factor import NewFactorRead, RecoveryCodesRead
from kro.management.controller.views import AdminLoginRead
from kro.management.domain import AdminEnrolment, EnrolmentEndedError, FactorProof, WrongPasswordError
from kro.management.domain.errors import AdminCredentialsError
from kro.utils.qr import qr_svg

router = Router(prefix="/admin/auth", tags=["admin"])


async def _enrolment(request: Request) -> AdminEnrolment:
    return cast("AdminEnrolment", request.app.state.admin_enrolment)


EnrolmentDep = Annotated[AdminEnrolment, Depends(_enrolment)]


@router.post(
    "/login",
    response_model=AdminLoginRead,
    dependencies=[Public],
    responses=problems(AdminCredentialsError, RateLimitedError),
)
async def log_in(body: AdminLoginIn, admins: AdminAccessDep, client: ClientDep) -> JSONBytes:
    """Open an admin session with password and a code of the authenticator, or a recovery code; each works once."""
    factor = FactorProof(body.totp, body.recovery_code)
    logged_in = await admins.log_in(email=body.email, password=body.password, factor=factor, client=client)
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


@router.post(
    "/enrolment/start",
    status_code=201,
    response_model=NewFactorRead,
    dependencies=[Public],
    responses=problems(EnrolmentEndedError, WeakPasswordError, WrongPasswordError, RateLimitedError),
)
async def start_enrolment(body: EnrolmentStartIn, enrolment: EnrolmentDep, client: ClientDep) -> JSONBytes:
    """Answer the link of a mail: set a password, or give the present one, and get an authenticator to set up."""
    made = await enrolment.start(body.token, password=body.password, client=client)
    return JSONBytes.of(NewFactorRead(secret=made.secret, uri=made.uri, qr_svg=qr_svg(made.uri)), status=201)


@router.post(
    "/enrolment/confirm",
    response_model=RecoveryCodesRead,
    dependencies=[Public],
    responses=problems(EnrolmentEndedError, WrongFactorError, RateLimitedError),
)
async def confirm_enrolment(body: EnrolmentConfirmIn, enrolment: EnrolmentDep, client: ClientDep) -> JSONBytes:
    """Confirm the authenticator by its first code; from now on this admin can log in. The recovery codes show once."""
    codes = await enrolment.confirm(body.token, totp=body.totp, client=client)
    return JSONBytes.of(RecoveryCodesRead(recovery_codes=list(codes)))
