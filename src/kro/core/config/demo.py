"""The people a development installation starts with; no other environment has them."""

from pydantic import SecretStr

from kro.core.config.groups import Group


class DemoUser(Group):
    phone: str
    email: str
    first_name: str
    last_name: str
    password: SecretStr


class DemoAdmin(Group):
    email: str
    name: str
    role: str
    password: SecretStr
    totp_secret: SecretStr
    """Base32, as an authenticator app takes it."""


class DemoSettings(Group):
    users: tuple[DemoUser, ...] = ()
    admins: tuple[DemoAdmin, ...] = ()
