from __future__ import annotations

from kro.core.captcha import CAPTCHA_PROBLEMS, CaptchaAction
from kro.core.errors import ValidationFailedError
from kro.core.guards import CaptchaDep, ClientDep, Public
from kro.core.http import JSONBytes, Router, problems
from kro.core.ids import UnknownIdError, read_id
from kro.core.phone import InvalidPhoneError
from kro.core.rate_limit import RateLimitedError
from kro.verification.controller.dependencies import VerificationDep
from kro.verification.controller.schemas import ChallengeRead, CodeRequest
from kro.verification.domain import ChallengeEndedError, Target

router = Router(prefix="/auth", tags=["auth"])


@router.post(
    "/otp",
    status_code=202,
    response_model=ChallengeRead,
    dependencies=[Public],
    responses=problems(
        InvalidPhoneError, ValidationFailedError, ChallengeEndedError, RateLimitedError, *CAPTCHA_PROBLEMS
    ),
)
async def send_code(
    body: CodeRequest, verification: VerificationDep, captcha: CaptchaDep, client: ClientDep
) -> JSONBytes:
    """Send a new one-time code; the earlier one stops working. The answer is the same for everybody."""
    target = Target.of(phone=body.phone, email=body.email)
    await captcha.check(body.captcha_token, action=CaptchaAction.OTP_SEND, ip=client.ip, subject=target.address)
    try:
        repeats = read_id("otp", body.challenge_id) if body.challenge_id else None
    except UnknownIdError:
        raise ChallengeEndedError from None
    challenge = await verification.resend(target, repeats=repeats, client=client, wish=body.channel)
    return JSONBytes.of(ChallengeRead.of(challenge), status=202)
