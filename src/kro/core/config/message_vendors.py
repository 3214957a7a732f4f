"""Who carries texts and mails: one group per vendor, handed to its adapter alone."""

from enum import StrEnum

from pydantic import Field, SecretStr

from kro.core.config.groups import BaseURL, FilePath, Group, Port, together


class TermiiChannel(StrEnum):
    DND = "dnd"
    GENERIC = "generic"
    WHATSAPP = "whatsapp"


class TermiiSettings(Group):
    base_url: BaseURL
    api_key: SecretStr
    secret_key: SecretStr | None = None
    """Signs delivery reports; without it they are refused."""
    webhook_secrets: tuple[SecretStr, ...] = ()
    """Further keys a report may be signed with, such as the previous one during a rotation."""
    sender_id: str
    channel: TermiiChannel

    @property
    def accepted_webhook_secrets(self) -> tuple[SecretStr, ...]:
        return together(self.secret_key, self.webhook_secrets)


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
    webhook_secrets: tuple[SecretStr, ...] = ()
    """Further tokens a report may be signed with, such as the secondary one before it is promoted."""
    verify_service_sid: str | None = None

    @property
    def accepted_webhook_secrets(self) -> tuple[SecretStr, ...]:
        return together(self.auth_token, self.webhook_secrets)


class TelnyxSettings(Group):
    """Texts go through Telnyx once key, sender and messaging profile are given."""

    base_url: BaseURL = "https://api.telnyx.com"
    api_key: SecretStr | None = None
    public_key: SecretStr | None = None
    """Verifies delivery reports; kept like a secret so that the stand-in's, whose other half is public, is refused."""
    public_keys: tuple[SecretStr, ...] = ()
    """Further keys a report may be signed with, such as the previous one during a rotation."""
    messaging_profile_id: str | None = None
    from_number: str | None = None

    @property
    def accepted_public_keys(self) -> tuple[SecretStr, ...]:
        return together(self.public_key, self.public_keys)


class WhatsAppSettings(Group):
    """Meta's Cloud API; used once token, number and template are given."""

    base_url: BaseURL = "https://graph.facebook.com"
    access_token: SecretStr | None = None
    app_secret: SecretStr | None = None
    """Signs delivery reports."""
    webhook_secrets: tuple[SecretStr, ...] = ()
    """Further app secrets a report may be signed with, such as the previous one during a rotation."""
    verify_token: SecretStr | None = None
    """What Meta shows when it is told where to report."""
    phone_number_id: str | None = None
    otp_template: str | None = None
    notice_template: str | None = None
    language: str = "en"

    @property
    def accepted_webhook_secrets(self) -> tuple[SecretStr, ...]:
        return together(self.app_secret, self.webhook_secrets)
