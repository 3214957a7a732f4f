"""The outside world: one group per vendor, handed to its adapter alone.

Groups that no adapter reads yet exist so that a predecessor's ``production.json`` loads; all their keys are optional.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, IPvAnyNetwork, SecretStr, model_validator

from kro.core.config.groups import BaseURL, FilePath, Group, NotNegative, Port, Seconds


class VendorTimeouts(Group):
    """Seconds. ``total`` bounds a slow drip that read timeouts do not stop."""

    connect: Seconds
    read: Seconds
    transfer_read: Seconds
    pool: Seconds
    total: Seconds


class PriceSettings(Group):
    """What a vendor keeps of one movement: a share in basis points and, from an amount on, a sum in minor units."""

    bps: NotNegative = 0
    flat_minor: NotNegative = 0
    flat_from_minor: NotNegative = 0
    cap_minor: NotNegative | None = None


class ProviderPrices(Group):
    """What the choice between payment vendors goes by; the books take the fees that vendors report."""

    collection: PriceSettings = PriceSettings()
    payout: PriceSettings = PriceSettings()


class PaystackSettings(Group):
    base_url: BaseURL
    secret_key: SecretStr
    public_key: SecretStr | None = None
    webhook_secrets: tuple[SecretStr, ...] = ()
    """Further keys a webhook may be signed with, such as the previous secret key during a rotation."""
    webhook_networks: tuple[IPvAnyNetwork, ...] = ()
    """Where its webhooks come from (a network or an address), a second line behind the signature; anywhere if empty."""
    prices: ProviderPrices = ProviderPrices()
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


class DojahSettings(Group):
    """Nothing is looked up until app id and secret key are given. The paths were not tried against the service."""

    base_url: BaseURL
    app_id: str | None = None
    secret_key: SecretStr | None = None
    bvn_path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9/_-]+$")]
    nin_path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9/_-]+$")]


class SendGridSettings(Group):
    base_url: BaseURL
    api_key: SecretStr
    from_email: str
    from_name: str
    sandbox_mode: bool
    reply_to: str | None = None
    webhook_public_key: str | None = None
    """Verifies what SendGrid reports of mails, base64 as its dashboard shows it; without one reports are refused."""
    webhook_public_keys: tuple[str, ...] = ()
    """Further keys a report may be signed with, such as the previous one during a rotation."""

    @property
    def accepted_webhook_keys(self) -> tuple[str, ...]:
        return (*((self.webhook_public_key,) if self.webhook_public_key else ()), *self.webhook_public_keys)


class MailServerSettings(Group):
    """A mail server that takes over while SendGrid refuses; always over STARTTLS with its certificate verified."""

    host: str
    port: Port = 587
    username: str | None = None
    password: SecretStr | None = None
    ca_file: FilePath | None = None
    """Of a private authority; public ones are trusted if it is not given."""


class TwilioSettings(Group):
    """Texts go through Twilio once account and token are given; WhatsApp once ``whatsapp_from`` and a content are."""

    base_url: BaseURL = "https://api.twilio.com"
    account_sid: str | None = None
    auth_token: SecretStr | None = None
    """Also signs delivery reports, so it is needed beside an API key."""
    api_key: SecretStr | None = None
    api_secret: SecretStr | None = None
    messaging_service_sid: str | None = None
    from_number: str | None = None
    """A number, or a name of up to 11 characters."""
    whatsapp_from: str | None = None
    otp_content_sid: str | None = None
    """Approved content of type ``whatsapp/authentication``; its one variable is the code."""
    notice_content_sid: str | None = None
    """Approved utility content with one variable, the text; without it notices take other ways."""
    webhook_shared_keys: dict[str, SecretStr] = Field(default_factory=dict)
    """Keys that may sign reports instead of the token, by the ids Twilio names them with."""
    verify_service_sid: str | None = None


class TelnyxSettings(Group):
    """Texts go through Telnyx once key, sender and messaging profile are given."""

    base_url: BaseURL = "https://api.telnyx.com"
    api_key: SecretStr | None = None
    public_key: SecretStr | None = None
    """Verifies delivery reports; kept like a secret so that the stand-in's, whose other half is public, is refused."""
    messaging_profile_id: str | None = None
    from_number: str | None = None


class WhatsAppSettings(Group):
    """Meta's Cloud API; used once token, number and template are given."""

    base_url: BaseURL = "https://graph.facebook.com"
    access_token: SecretStr | None = None
    app_secret: SecretStr | None = None
    """Signs delivery reports."""
    verify_token: SecretStr | None = None
    """What Meta shows when it is told where to report."""
    phone_number_id: str | None = None
    otp_template: str | None = None
    notice_template: str | None = None
    language: str = "en"


class FincraSettings(Group):
    """Nothing is asked of Fincra until secret key, public key and business id are given."""

    base_url: BaseURL
    secret_key: SecretStr | None = None
    public_key: SecretStr | None = None
    business_id: str | None = None
    webhook_secret: SecretStr | None = None
    """The webhook secret key, which Fincra also calls the encryption key."""
    webhook_secrets: tuple[SecretStr, ...] = ()
    """Further keys a webhook may be signed with, such as the previous one during a rotation."""
    webhook_networks: tuple[IPvAnyNetwork, ...] = ()
    """Where its webhooks come from (a network or an address), a second line behind the signature; anywhere if empty."""
    payment_methods: tuple[str, ...]
    """What the hosted checkout offers."""
    account_channel: str | None = None
    """The bank that lends permanent virtual accounts; Fincra chooses one if it is not given."""
    prices: ProviderPrices = ProviderPrices()
    timeouts: VendorTimeouts

    @property
    def accepted_webhook_secrets(self) -> tuple[SecretStr, ...]:
        """Every key a webhook may be signed with; none of them is an API key."""
        first = () if self.webhook_secret is None else (self.webhook_secret,)
        return (*first, *self.webhook_secrets)


class ProvidusSettings(Group):
    base_url: BaseURL | None = None
    """Of the collection service; ``transfer_base_url`` is of the transfer service, with credentials of its own."""
    transfer_base_url: BaseURL | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    webhook_secrets: tuple[SecretStr, ...] = ()
    """Further client secrets a notification may be signed with, such as the previous one during a rotation."""
    webhook_networks: tuple[IPvAnyNetwork, ...] = ()
    """Where its webhooks come from (a network or an address), a second line behind the signature; anywhere if empty."""
    user_name: str | None = None
    password: SecretStr | None = None
    account_number: str | None = None
    account_name: str = "KROTrust"
    """Who transfers are from, in the words the bank prints."""
    dynamic_account_seconds: Annotated[int, Field(gt=0, le=172_800)] = 600
    """How long an account for one payment is lent, as agreed with the bank."""
    bank_codes: dict[str, str] = Field(default_factory=dict)
    """Six-digit interbank codes by the code we know a bank by, where they are not the usual ones."""
    prices: ProviderPrices = ProviderPrices()
    timeouts: VendorTimeouts | None = None

    @property
    def accepted_webhook_secrets(self) -> tuple[SecretStr, ...]:
        """Notifications are signed with the client secret itself; rotation adds others."""
        return (*((self.client_secret,) if self.client_secret else ()), *self.webhook_secrets)


class BucketAddressing(StrEnum):
    VIRTUAL = "virtual"
    PATH = "path"


class AWSSettings(Group):
    """Files are kept in ``bucket`` once it is given."""

    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None
    region: str | None = None
    bucket: str | None = None
    endpoint: BaseURL | None = None
    """Of another service that speaks S3, such as ``https://fra1.digitaloceanspaces.com``; Amazon's if not given."""
    addressing: BucketAddressing = BucketAddressing.VIRTUAL
    """Whether the bucket stands in the host name or in the path of an address."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        needed = (self.access_key_id, self.secret_access_key, self.region)
        if self.bucket is not None and None in needed:
            raise ValueError("a bucket needs accessKeyId, secretAccessKey and region")
        return self
