"""The end of an account."""

from __future__ import annotations

from fastapi import Response

from kro.core.guards import ActiveUser
from kro.core.http import Router, problems
from kro.core.rate_limit import RateLimitedError
from kro.management.controller.dependencies import AccountsDep
from kro.management.controller.inputs import CloseIn
from kro.management.domain.closing import AccountNotClosableError
from kro.management.domain.passwords import WrongPasswordError

router = Router()


@router.post(
    "/me/close",
    status_code=204,
    tags=["me"],
    responses=problems(AccountNotClosableError, WrongPasswordError, RateLimitedError),
)
async def close(body: CloseIn, user: ActiveUser, accounts: AccountsDep) -> Response:
    """Close your account for good. Refused, with the reasons, while money or orders are open."""
    await accounts.closing.close(password=body.password, actor=user)
    return Response(status_code=204)
