"""Who may call a route. Every route declares exactly one of these."""

from kro.core.guards.admins import AdminGuard, admin_with
from kro.core.guards.captcha import CaptchaDep, CaptchaToken
from kro.core.guards.public import Public, public
from kro.core.guards.requests import ClientDep
from kro.core.guards.users import ActiveUser, CurrentUser, UserGuard

__all__ = [
    "ActiveUser",
    "AdminGuard",
    "CaptchaDep",
    "CaptchaToken",
    "ClientDep",
    "CurrentUser",
    "Public",
    "UserGuard",
    "admin_with",
    "public",
]
