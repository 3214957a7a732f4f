"""Forgotten and changed passwords."""

from __future__ import annotations

from fastapi import Response

from kro.core.actor import AccountNotActiveError
from kro.core.auth.passwords import WeakPasswordError
from kro.core.captcha import CAPTCHA_PROBLEMS, CaptchaAction
from kro.core.errors import ValidationFailedError
from kro.core.guards import ActiveUser, CaptchaDep, ClientDep, Public
from kro.core.http import JSONBytes, Router, problems
from kro.core.ids import UnknownIdError, read_id
from kro.core.phone import InvalidPhoneError
from kro.core.rate_limit import RateLimitedError
from kro.management.controller.account_views import ResetStarted
from kro.management.controller.dependencies import AccountsDep
from kro.management.controller.inputs import ForgotIn, PasswordChangeIn, ResetIn
from kro.management.domain.passwords import WrongPasswordError
from kro.verification.domain import STEP_UP_PROBLEMS, ChallengeEndedError, LinkEndedError, Target, WrongCodeError

router = Router(prefix="/auth/password", tags=["auth"])


@router.post(
    "/forgot",
    status_code=202,
    response_model=ResetStarted,
    dependencies=[Public],
    responses=problems(ValidationFailedError, InvalidPhoneError, RateLimitedError, *CAPTCHA_PROBLEMS),
)
async def forgot(body: ForgotIn, accounts: AccountsDep, captcha: CaptchaDep, client: ClientDep) -> JSONBytes:
    """Ask for a code by SMS, or for a link to a proven mail address. The answer is the same for everybody."""
    target = Target.of(phone=body.phone, email=body.email)
    await captcha.check(body.captcha_token, action=CaptchaAction.PASSWORD_FORGOT, ip=client.ip, subject=target.address)
    challenge = await accounts.passwords.forgot(target, client=client)
    return JSONBytes.of(ResetStarted.of(challenge, link_seconds=accounts.links.life_seconds), status=202)


@router.post(
    "/reset",
    status_code=204,
    dependencies=[Public],
    responses=problems(
        WrongCodeError,
        WeakPasswordError,
        ValidationFailedError,
        ChallengeEndedError,
        LinkEndedError,
        AccountNotActiveError,
        RateLimitedError,
    ),
)
async def reset(body: ResetIn, accounts: AccountsDep, client: ClientDep) -> Response:
    """Set a new password, with the code that was sent or the token of the link. All sessions end."""
    if body.token is not None and body.code is None and body.challenge_id is None:
        await accounts.passwords.reset_by_link(body.token, password=body.password, client=client)
    elif body.token is None and body.code is not None and body.challenge_id is not None:
        try:
            challenge_id = read_id("otp", body.challenge_id)
        except UnknownIdError:
            raise ChallengeEndedError from None
        await accounts.passwords.reset_by_code(
            challenge_id=challenge_id, code=body.code, password=body.password, client=client
        )
    else:
        raise ValidationFailedError("/code", "one_of", "Give challenge_id and code, or the token of a link.")
    return Response(status_code=204)


@router.post("/change", status_code=204, responses=problems(WrongPasswordError, WeakPasswordError, *STEP_UP_PROBLEMS))
async def change(body: PasswordChangeIn, user: ActiveUser, accounts: AccountsDep) -> Response:
    """Set a new password with the present one, and the authenticator's code if you have one.

    All other sessions end, and payouts rest for a while.
    """
    await accounts.passwords.change(
        current=body.current_password, password=body.password, actor=user, claim=body.claim()
    )
    return Response(status_code=204)
