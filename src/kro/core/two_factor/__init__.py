"""Second factors of admins and users: TOTP with single-use codes, and recovery codes."""

from kro.core.two_factor.factor import (
    ADMIN_FACTORS,
    USER_FACTORS,
    FactorLockedError,
    TwoFactor,
    TwoFactorRequiredError,
    WrongFactorError,
)
from kro.core.two_factor.recovery import draw_codes, draw_secret, recovery_mac
from kro.core.two_factor.totp import matching_step, provisioning_uri, spend_step

__all__ = [
    "ADMIN_FACTORS",
    "USER_FACTORS",
    "FactorLockedError",
    "TwoFactor",
    "TwoFactorRequiredError",
    "WrongFactorError",
    "draw_codes",
    "draw_secret",
    "matching_step",
    "provisioning_uri",
    "recovery_mac",
    "spend_step",
]
