"""How somebody who was invited into an order gets an account."""

from __future__ import annotations

from kro.core.auth.passwords import WeakPasswordError
from kro.core.guards import ClientDep, Public
from kro.core.http import JSONBytes, Router, problems
from kro.core.rate_limit import RateLimitedError
from kro.management.controller.dependencies import AccountsDep
from kro.management.controller.inputs import ClaimIn
from kro.management.controller.views import RegistrationStarted
from kro.management.domain import Register
from kro.order.domain import InviteNotFoundError

router = Router(prefix="/public/invites", tags=["public"])


@router.post(
    "/{token}/claim",
    status_code=202,
    response_model=RegistrationStarted,
    dependencies=[Public],
    responses=problems(InviteNotFoundError, WeakPasswordError, RateLimitedError),
)
async def claim_invite(token: str, body: ClaimIn, accounts: AccountsDep, client: ClientDep) -> JSONBytes:
    """Ask for an account with the number the link was sent to; a one-time code goes there. The link works once."""
    command = Register("", body.password, body.first_name, body.last_name, body.email)
    challenge = await accounts.registration.claim(token, command, client=client)
    return JSONBytes.of(RegistrationStarted.of(challenge), status=202)
