"""Another phone or mail address."""

from __future__ import annotations

from fastapi import Response

from kro.core.errors import ValidationFailedError
from kro.core.guards import ActiveUser, ClientDep
from kro.core.http import JSONBytes, Router, problems
from kro.core.ids import read_id
from kro.core.phone import InvalidPhoneError
from kro.core.rate_limit import RateLimitedError
from kro.management.controller.account_views import ContactChangeList, ContactChangeStarted, ContactConfirmed
from kro.management.controller.dependencies import AccountsDep
from kro.management.controller.inputs import ContactChangeIn, ContactConfirmIn
from kro.management.domain.errors import ContactChangeNotFoundError, ContactUnchangedError
from kro.management.domain.passwords import WrongPasswordError
from kro.verification.domain import STEP_UP_PROBLEMS, ChallengeEndedError, Target, WrongCodeError

router = Router(prefix="/me/contact-changes", tags=["me"])


@router.post(
    "",
    status_code=202,
    response_model=ContactChangeStarted,
    responses=problems(
        ValidationFailedError, InvalidPhoneError, WrongPasswordError, ContactUnchangedError, *STEP_UP_PROBLEMS
    ),
)
async def start(body: ContactChangeIn, user: ActiveUser, accounts: AccountsDep, client: ClientDep) -> JSONBytes:
    """Add or change your phone or mail address. Codes go to the new one and to the one in force.

    It takes the authenticator's code too, if you have one.
    """
    target = Target.of(phone=body.phone, email=body.email)
    started = await accounts.contacts.start(
        target, password=body.password, actor=user, client=client, claim=body.claim()
    )
    return JSONBytes.of(ContactChangeStarted.of(started), status=202)


@router.get("", response_model=ContactChangeList)
async def list_open(user: ActiveUser, accounts: AccountsDep) -> JSONBytes:
    """List the changes that are under way."""
    return JSONBytes.of(ContactChangeList.of(await accounts.contacts.list_open(user)))


@router.post(
    "/{change_id}/confirm",
    response_model=ContactConfirmed,
    responses=problems(ContactChangeNotFoundError, WrongCodeError, ChallengeEndedError, RateLimitedError),
)
async def confirm(
    change_id: str, body: ContactConfirmIn, user: ActiveUser, accounts: AccountsDep, client: ClientDep
) -> JSONBytes:
    """Send the code that came to the new one or to the old one. With both the change takes effect at once."""
    done = await accounts.contacts.confirm(
        read_id("chg", change_id),
        challenge_id=read_id("otp", body.challenge_id),
        code=body.code,
        new=body.side == "new",
        actor=user,
        client=client,
    )
    return JSONBytes.of(ContactConfirmed(in_effect=done))


@router.delete("/{change_id}", status_code=204, responses=problems(ContactChangeNotFoundError))
async def stop(change_id: str, user: ActiveUser, accounts: AccountsDep) -> Response:
    """Give a change up."""
    await accounts.contacts.stop(read_id("chg", change_id), actor=user)
    return Response(status_code=204)
