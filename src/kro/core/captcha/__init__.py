"""Whether a person is asking: the provider's interface, reCAPTCHA, and the gate that routes stand behind."""

from kro.core.captcha.gate import (
    CAPTCHA_PROBLEMS,
    CaptchaAction,
    CaptchaAwayError,
    CaptchaGate,
    CaptchaRejectedError,
    CaptchaRequiredError,
)
from kro.core.captcha.interface import (
    CaptchaFailed,
    CaptchaPassed,
    CaptchaProvider,
    CaptchaResult,
    CaptchaRules,
    CaptchaUnavailable,
)
from kro.core.captcha.judge import flaw_of
from kro.core.captcha.recaptcha import Recaptcha, RecaptchaSettings

__all__ = [
    "CAPTCHA_PROBLEMS",
    "CaptchaAction",
    "CaptchaAwayError",
    "CaptchaFailed",
    "CaptchaGate",
    "CaptchaPassed",
    "CaptchaProvider",
    "CaptchaRejectedError",
    "CaptchaRequiredError",
    "CaptchaResult",
    "CaptchaRules",
    "CaptchaUnavailable",
    "Recaptcha",
    "RecaptchaSettings",
    "flaw_of",
]
