"""Tokens, keys and one-time codes."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from kro.core.config.groups import Group, Key256, NotNegative, Positive

KeyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]


class SigningKey(Group):
    kid: KeyId
    secret: Key256


class _TokenSettings(Group):
    issuer: str
    audience: str
    keys: tuple[SigningKey, ...] = Field(min_length=1, max_length=2)
    """The first signs, both verify: a rotation puts the new key first and keeps the old one until its tokens died."""
    access_minutes: Positive

    @model_validator(mode="after")
    def _distinct_kids(self) -> Self:
        if len({key.kid for key in self.keys}) != len(self.keys):
            raise ValueError("keys must have different kids")
        return self


class UserTokenSettings(_TokenSettings):
    refresh_days: Positive
    idle_days: Positive


class AdminTokenSettings(_TokenSettings):
    session_hours: Positive


class JWTSettings(Group):
    user: UserTokenSettings
    admin: AdminTokenSettings

    @model_validator(mode="after")
    def _kept_apart(self) -> Self:
        if {self.user.issuer, self.user.audience} & {self.admin.issuer, self.admin.audience}:
            raise ValueError("user and admin tokens must differ in issuer and in audience")
        return self


class SecuritySettings(Group):
    """256-bit server keys, each for one purpose."""

    otp_key: Key256
    cursor_key: Key256
    cursor_keys: tuple[Key256, ...] = ()
    """Further keys a cursor may be signed with, such as the previous one during a rotation."""
    order_code_key: Key256
    """What the codes printed on orders are made from: another key makes every printed code worthless."""
    page_signing_key: Key256
    """The private half of the Ed25519 key that signs what public pages say."""
    blind_index_key: Key256
    encryption_keys: dict[KeyId, Key256] = Field(min_length=1)
    active_encryption_key_id: KeyId

    @property
    def accepted_cursor_keys(self) -> tuple[bytes, ...]:
        """The first signs."""
        return tuple(key.get_secret_value() for key in (self.cursor_key, *self.cursor_keys))

    @model_validator(mode="after")
    def _active_key_exists(self) -> Self:
        if self.active_encryption_key_id not in self.encryption_keys:
            raise ValueError("activeEncryptionKeyId names no entry of encryptionKeys")
        return self


class WindowSettings(Group):
    """At most ``quota`` in any ``window_seconds``."""

    quota: Positive
    window_seconds: Positive


class TrafficSettings(Group):
    """Coarse limits of one process; what is not given is not counted."""

    network: WindowSettings | None = None
    """Of one address. Mobile carriers put thousands of people behind one, so it is wide."""
    commands: WindowSettings | None = None
    """Of one user or admin: everything that is not a read."""
    reads: WindowSettings | None = None


class OTPSettings(Group):
    """One-time codes by SMS (ten minutes at most, however it is configured)."""

    ttl_seconds: Annotated[int, Field(ge=30, le=600)]
    max_tries: Positive
    sends_per_ten_minutes: Positive
    sends_per_day: Positive
    resend_seconds: tuple[NotNegative, ...] = Field(default=(60, 120, 300, 600), min_length=1)
    """What to wait before a code is sent again, after the first, the second and so on within an hour."""


class StepUpSettings(Group):
    """When a user has to prove anew who asks, by authenticator or a code by SMS."""

    above_minor: dict[str, NotNegative] = Field(min_length=1)
    """By currency: what passes this takes a proof. In a currency that is not listed everything does."""
