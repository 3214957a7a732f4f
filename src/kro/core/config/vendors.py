"""The outside world: one group per vendor, handed to its adapter alone.

Groups that no adapter reads yet exist so that a predecessor's ``production.json`` loads; all their keys are optional.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, IPvAnyNetwork, SecretStr, model_validator

from kro.core.config.groups import BaseURL, Group, NotNegative, Seconds, together


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


class DojahSettings(Group):
    """Nothing is looked up until app id and secret key are given. The paths were not tried against the service."""

    base_url: BaseURL
    app_id: str | None = None
    secret_key: SecretStr | None = None
    bvn_path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9/_-]+$")]
    nin_path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9/_-]+$")]


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
        return together(self.webhook_secret, self.webhook_secrets)


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
        return together(self.client_secret, self.webhook_secrets)


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
