"""Second factors of admins and users: TOTP with single-use codes."""

from kro.core.two_factor.factor import USER_FACTORS, FactorLockedError, TwoFactor, WrongFactorError
from kro.core.two_factor.totp import matching_step, provisioning_uri, spend_step

__all__ = [
    "USER_FACTORS",
    "FactorLockedError",
    "TwoFactor",
    "WrongFactorError",
    "matching_step",
    "provisioning_uri",
    "spend_step",
]
