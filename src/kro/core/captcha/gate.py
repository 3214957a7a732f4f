"""Stands before what strangers can repeat: no code, link or account without a solved challenge."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from kro.core.captcha.interface import CaptchaFailed, CaptchaPassed, CaptchaProvider, CaptchaRules, CaptchaUnavailable
from kro.core.captcha.judge import flaw_of
from kro.core.clock import Clock
from kro.core.errors import ErrorKind, FieldError, KroError
from kro.core.rate_limit import Limit, RateLimitedError, RateLimiter, network_of
from kro.core.telemetry import get_logger

_LOG = get_logger()
_MAX_TOKEN: Final = 4_096
_TEN_MINUTES: Final = 600
# While nobody can check challenges: what a household does, and nothing a machine would want.
_AWAY_BY_NETWORK: Final = Limit("captcha_away_network", quota=5, window_seconds=_TEN_MINUTES)
_AWAY_BY_SUBJECT: Final = Limit("captcha_away_subject", quota=1, window_seconds=_TEN_MINUTES)


class CaptchaAction(StrEnum):
    """What a challenge was solved for; v3 pages name it when they ask for a token."""

    REGISTER = "register"
    OTP_SEND = "otp_send"
    PASSWORD_FORGOT = "password_forgot"  # noqa: S105 - the name of an action
    MAGIC_LINK = "magic_link"


class CaptchaRequiredError(KroError):
    """Solve the captcha and send its token as ``captcha_token``; each token works once, for two minutes."""

    kind = ErrorKind.INVALID
    code = "captcha_required"

    def __init__(self) -> None:
        detail = (self.__doc__ or "").strip()
        super().__init__(errors=(FieldError("/captcha_token", self.code, detail),))


class CaptchaRejectedError(KroError):
    """The captcha did not pass; solve a new one."""

    kind = ErrorKind.INVALID
    code = "captcha_rejected"
    retryable = True

    def __init__(self) -> None:
        super().__init__(errors=(FieldError("/captcha_token", self.code, (self.__doc__ or "").strip()),))


class CaptchaAwayError(KroError):
    """Challenges cannot be checked at the moment; try again later."""

    kind = ErrorKind.OVERLOADED
    code = "captcha_unavailable"
    retryable = True


CAPTCHA_PROBLEMS: Final = (CaptchaRequiredError, CaptchaRejectedError, CaptchaAwayError)
"""What a route behind the gate may refuse with."""


class CaptchaGate:
    """Judges tokens per action; without a provider it lets everybody pass.

    When the vendor is away, a few requests per network and one per number or address still pass, so that people can
    get in; beyond that the gate is shut. Which of the two happened is logged and counted in ``rate_limits``.
    """

    def __init__(
        self, provider: CaptchaProvider | None, *, rules: CaptchaRules, limiter: RateLimiter, clock: Clock
    ) -> None:
        self._provider = provider
        self._rules = rules
        self._limiter = limiter
        self._clock = clock

    async def check(self, token: str | None, *, action: CaptchaAction, ip: str | None, subject: str) -> None:
        """Let a request pass whose token is good for this action.

        :param subject: the number or address the request is about, which bounds what passes while the vendor is away.
        :raises CaptchaRequiredError: when there is no token.
        :raises CaptchaRejectedError: when the token was used, is too old, or is not good enough for this action.
        :raises CaptchaAwayError: when the vendor is away and too much has passed already.
        """
        if self._provider is None:
            return
        if not token or len(token) > _MAX_TOKEN:
            raise CaptchaRequiredError
        result = await self._provider.verify(token, ip=ip)
        match result:
            case CaptchaPassed():
                flaw = flaw_of(result, action=action, rules=self._rules, now=self._clock.now())
            case CaptchaFailed():
                flaw = next(iter(result.codes), "refused")
            case CaptchaUnavailable():
                await self._decide_blindly(result, action=action, ip=ip, subject=subject)
                return
        if flaw is not None:
            _LOG.info("captcha_rejected", kind=action, code=flaw)
            raise CaptchaRejectedError

    async def _decide_blindly(
        self, result: CaptchaUnavailable, *, action: CaptchaAction, ip: str | None, subject: str
    ) -> None:
        if result.ours:
            _LOG.error("captcha_misconfigured", code=result.cause)
        try:
            await self._limiter.hit((_AWAY_BY_NETWORK, network_of(ip)), (_AWAY_BY_SUBJECT, subject))
        except RateLimitedError as error:
            _LOG.warning("captcha_failed_closed", kind=action, code=result.cause)
            raise CaptchaAwayError(retry_after_seconds=error.retry_after_seconds) from None
        _LOG.warning("captcha_failed_open", kind=action, code=result.cause)
