"""The outside world: one group per vendor, handed to its adapter alone.

Groups that no adapter reads yet exist so that a predecessor's ``production.json`` loads; all their keys are optional.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import SecretStr

from kro.core.config.groups import BaseURL, Group, Seconds


class VendorTimeouts(Group):
    """Seconds. ``total`` bounds a slow drip that read timeouts do not stop."""

    connect: Seconds
    read: Seconds
    transfer_read: Seconds
    pool: Seconds
    total: Seconds


class PaystackSettings(Group):
    base_url: BaseURL
    secret_key: SecretStr
    public_key: SecretStr | None = None
    webhook_secrets: tuple[SecretStr, ...] = ()
    """Further keys a webhook may be signed with, such as the previous secret key during a rotation."""
    timeouts: VendorTimeouts

    @property
    def accepted_webhook_secrets(self) -> tuple[SecretStr, ...]:
        """Paystack signs webhooks with the secret key itself; rotation adds others."""
        return (self.secret_key, *self.webhook_secrets)


class TermiiChannel(StrEnum):
    DND = "dnd"
    GENERIC = "generic"
    WHATSAPP = "whatsapp"


class TermiiSettings(Group):
    base_url: BaseURL
    api_key: SecretStr
    secret_key: SecretStr | None = None
    """Signs delivery reports; without it they are refused."""
    sender_id: str
    channel: TermiiChannel


class SendGridSettings(Group):
    base_url: BaseURL
    api_key: SecretStr
    from_email: str
    from_name: str
    sandbox_mode: bool
    webhook_public_key: str | None = None


class TwilioSettings(Group):
    base_url: BaseURL | None = None
    account_sid: str | None = None
    auth_token: SecretStr | None = None
    api_key: SecretStr | None = None
    api_secret: SecretStr | None = None
    messaging_service_sid: str | None = None
    from_number: str | None = None
    whatsapp_from: str | None = None
    verify_service_sid: str | None = None


class TelnyxSettings(Group):
    base_url: BaseURL | None = None
    api_key: SecretStr | None = None
    public_key: str | None = None
    messaging_profile_id: str | None = None
    from_number: str | None = None


class FincraSettings(Group):
    base_url: BaseURL | None = None
    api_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    public_key: SecretStr | None = None
    business_id: str | None = None
    webhook_secret: SecretStr | None = None
    encryption_key: SecretStr | None = None


class ProvidusSettings(Group):
    base_url: BaseURL | None = None
    transfer_base_url: BaseURL | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    user_name: str | None = None
    password: SecretStr | None = None
    account_number: str | None = None


class AWSSettings(Group):
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None
    region: str | None = None
    bucket: str | None = None
    endpoint: BaseURL | None = None
