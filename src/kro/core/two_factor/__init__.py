"""The admins' second factor: TOTP with single-use codes."""

from kro.core.two_factor.factor import FactorLockedError, TwoFactor, WrongFactorError
from kro.core.two_factor.totp import matching_step, provisioning_uri, spend_step

__all__ = [
    "FactorLockedError",
    "TwoFactor",
    "WrongFactorError",
    "matching_step",
    "provisioning_uri",
    "spend_step",
]
