"""A user's authenticator. Secrets and recovery codes are shown once; no answer of this API is ever stored by caches."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Request, Response
from pydantic import Field

from kro.core.guards import ActiveUser
from kro.core.http import JSONBytes, Output, Router, problems
from kro.core.rate_limit import RateLimitedError
from kro.core.two_factor import FactorLockedError, WrongFactorError
from kro.management.controller.inputs import FactorCodeIn, FactorProofIn, FactorStartIn
from kro.management.domain import FactorExistsError, FactorProof, NoFactorError, UserFactors, WrongPasswordError
from kro.utils.qr import qr_svg
from kro.verification.domain import STEP_UP_PROBLEMS

router = Router(prefix="/auth/2fa", tags=["auth"])


class FactorRead(Output):
    enabled: bool
    confirmed_at: datetime | None
    recovery_codes_left: int


class NewFactorRead(Output):
    """What to set an authenticator up with. It is shown once, and counts when its first code confirms it."""

    secret: str = Field(examples=["KROLOCALONLYAPPROVER234567ABCDEF"])
    uri: str = Field(description="What the QR code says.")
    qr_svg: str = Field(description="The QR code to scan, an SVG document.")


class RecoveryCodesRead(Output):
    """Each opens the account once instead of the authenticator. They are shown once."""

    recovery_codes: list[str] = Field(examples=[["ABCD-EFGH-IJKL-MNOP"]])


async def _factors(request: Request) -> UserFactors:
    return cast("UserFactors", request.app.state.user_factors)


FactorsDep = Annotated[UserFactors, Depends(_factors)]


@router.get("", response_model=FactorRead)
async def show_factor(user: ActiveUser, factors: FactorsDep) -> JSONBytes:
    """Say whether there is an authenticator, and how many recovery codes are left."""
    found = await factors.status(user)
    left = found.codes_left if found.confirmed_at else 0
    return JSONBytes.of(
        FactorRead(enabled=found.confirmed_at is not None, confirmed_at=found.confirmed_at, recovery_codes_left=left)
    )


@router.post(
    "",
    status_code=201,
    response_model=NewFactorRead,
    responses=problems(WrongPasswordError, FactorExistsError, *STEP_UP_PROBLEMS),
)
async def start_factor(body: FactorStartIn, user: ActiveUser, factors: FactorsDep) -> JSONBytes:
    """Begin to set an authenticator up, with the password and a fresh proof (`step_up`). Confirm within ten minutes."""
    made = await factors.start(password=body.password, claim=body.claim(), actor=user)
    return JSONBytes.of(NewFactorRead(secret=made.secret, uri=made.uri, qr_svg=qr_svg(made.uri)), status=201)


@router.post("/confirm", response_model=RecoveryCodesRead, responses=problems(WrongFactorError, NoFactorError))
async def confirm_factor(body: FactorCodeIn, user: ActiveUser, factors: FactorsDep) -> JSONBytes:
    """Confirm the authenticator by its first code. Your other sessions end."""
    return JSONBytes.of(RecoveryCodesRead(recovery_codes=list(await factors.confirm(body.totp, actor=user))))


@router.post(
    "/recovery-codes",
    response_model=RecoveryCodesRead,
    responses=problems(WrongFactorError, NoFactorError, FactorLockedError),
)
async def renew_codes(body: FactorCodeIn, user: ActiveUser, factors: FactorsDep) -> JSONBytes:
    """Get new recovery codes for the old ones, which stop working. Your other sessions end."""
    return JSONBytes.of(RecoveryCodesRead(recovery_codes=list(await factors.renew_codes(body.totp, actor=user))))


@router.post(
    "/disable",
    status_code=204,
    responses=problems(WrongFactorError, NoFactorError, FactorLockedError, RateLimitedError),
)
async def disable_factor(body: FactorProofIn, user: ActiveUser, factors: FactorsDep) -> Response:
    """Give the authenticator up, with its code or a recovery code. Other sessions end, and payouts rest for a while."""
    await factors.remove(FactorProof(body.totp, body.recovery_code), actor=user)
    return Response(status_code=204)
