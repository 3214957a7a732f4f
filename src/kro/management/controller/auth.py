"""Registration, login and sessions of users."""

from __future__ import annotations

from fastapi import Response

from kro.core.actor import AccountNotActiveError, SessionEndedError
from kro.core.auth.passwords import WeakPasswordError
from kro.core.auth.tokens import InvalidTokenError
from kro.core.captcha import CAPTCHA_PROBLEMS, CaptchaAction
from kro.core.errors import ValidationFailedError
from kro.core.guards import ActiveUser, CaptchaDep, ClientDep, CurrentUser, Public
from kro.core.http import JSONBytes, Router, problems
from kro.core.ids import UnknownIdError, read_id
from kro.core.phone import InvalidPhoneError
from kro.core.rate_limit import RateLimitedError
from kro.core.two_factor import FactorLockedError, TwoFactorRequiredError, WrongFactorError
from kro.management.controller.account_views import LinkRequested, SessionsEnded
from kro.management.controller.dependencies import AccountsDep
from kro.management.controller.inputs import LoginIn, MagicLinkIn, RefreshIn, RegisterIn, VerifyIn
from kro.management.controller.views import LoginRead, RegistrationStarted, SessionList, Verified
from kro.management.domain import FactorProof, Register
from kro.management.domain.errors import InvalidCredentialsError, SessionNotFoundError
from kro.verification.domain import ChallengeEndedError, Target, WrongCodeError

router = Router(prefix="/auth", tags=["auth"])


@router.post(
    "/register",
    status_code=202,
    response_model=RegistrationStarted,
    dependencies=[Public],
    responses=problems(
        InvalidPhoneError, ValidationFailedError, WeakPasswordError, RateLimitedError, *CAPTCHA_PROBLEMS
    ),
)
async def register(body: RegisterIn, accounts: AccountsDep, captcha: CaptchaDep, client: ClientDep) -> JSONBytes:
    """Ask for an account; a one-time code goes to the number, or to the mail address. The answer is always the same."""
    target = Target.of(phone=body.phone, email=None if body.phone else body.email)
    await captcha.check(body.captcha_token, action=CaptchaAction.REGISTER, ip=client.ip, subject=target.address)
    challenge = await accounts.registration.register(
        Register(body.phone, body.password, body.first_name, body.last_name, body.email), client=client
    )
    return JSONBytes.of(RegistrationStarted.of(challenge), status=202)


@router.post(
    "/otp/verify",
    response_model=Verified,
    dependencies=[Public],
    responses=problems(WrongCodeError, ChallengeEndedError, RateLimitedError),
)
async def verify_code(body: VerifyIn, accounts: AccountsDep, client: ClientDep) -> JSONBytes:
    """Prove the number with the code; the account asked for with this challenge opens."""
    try:
        challenge_id = read_id("otp", body.challenge_id)
    except UnknownIdError:
        raise ChallengeEndedError from None
    await accounts.registration.verify(challenge_id=challenge_id, code=body.code, client=client)
    return JSONBytes.of(Verified())


@router.post(
    "/login",
    response_model=LoginRead,
    dependencies=[Public],
    responses=problems(
        InvalidPhoneError,
        ValidationFailedError,
        InvalidCredentialsError,
        AccountNotActiveError,
        TwoFactorRequiredError,
        WrongFactorError,
        FactorLockedError,
        RateLimitedError,
    ),
)
async def log_in(body: LoginIn, accounts: AccountsDep, client: ClientDep) -> JSONBytes:
    """Open a session with a password and the number, or the mail address once it is proven."""
    target = Target.of(phone=body.phone, email=body.email)
    factor = FactorProof(body.totp, body.recovery_code)
    logged_in = await accounts.logins.log_in(target, password=body.password, factor=factor, client=client)
    return JSONBytes.of(LoginRead.of(logged_in))


@router.post(
    "/magic-links",
    status_code=202,
    response_model=LinkRequested,
    dependencies=[Public],
    responses=problems(InvalidPhoneError, ValidationFailedError, RateLimitedError, *CAPTCHA_PROBLEMS),
)
async def ask_for_link(body: MagicLinkIn, accounts: AccountsDep, captcha: CaptchaDep, client: ClientDep) -> JSONBytes:
    """Ask for a link to log in with, by text or to a proven mail address. The answer is the same for everybody."""
    target = Target.of(phone=body.phone, email=body.email)
    await captcha.check(body.captcha_token, action=CaptchaAction.MAGIC_LINK, ip=client.ip, subject=target.address)
    await accounts.logins.ask_for_link(target, client=client)
    return JSONBytes.of(LinkRequested(expires_in_seconds=accounts.links.life_seconds), status=202)


@router.post(
    "/refresh",
    response_model=LoginRead,
    dependencies=[Public],
    responses=problems(InvalidTokenError, SessionEndedError, RateLimitedError),
)
async def refresh(body: RefreshIn, accounts: AccountsDep, client: ClientDep) -> JSONBytes:
    """Spend a refresh token for a new pair. Spending one twice ends the session."""
    return JSONBytes.of(LoginRead.of(await accounts.logins.refresh(body.refresh_token, client=client)))


@router.post("/logout", status_code=204)
async def log_out(user: CurrentUser, accounts: AccountsDep) -> Response:
    """End the session of the access token."""
    await accounts.logins.log_out(user)
    return Response(status_code=204)


@router.post("/logout-others", response_model=SessionsEnded)
async def end_others(user: ActiveUser, accounts: AccountsDep) -> JSONBytes:
    """End all of your sessions but this one."""
    return JSONBytes.of(SessionsEnded(ended=await accounts.logins.end_others(user)))


@router.get(
    "/sessions",
    response_model=SessionList,
)
async def list_sessions(user: ActiveUser, accounts: AccountsDep) -> JSONBytes:
    """List the sessions that are open, the last used first."""
    return JSONBytes.of(SessionList.of(await accounts.logins.sessions(user), current=user.session_id))


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    responses=problems(SessionNotFoundError),
)
async def end_session(session_id: str, user: ActiveUser, accounts: AccountsDep) -> Response:
    """End one of your own sessions, on whatever device it is."""
    await accounts.logins.end_session(read_id("ses", session_id), actor=user)
    return Response(status_code=204)
