"""The outside world: which vendor serves what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from pydantic import SecretStr

from kro.bootstrap.text_vendors import text_vendors
from kro.core.captcha import CaptchaProvider, Recaptcha, RecaptchaSettings
from kro.core.clock import Clock, SystemClock
from kro.core.config import Settings, VendorTimeouts
from kro.core.email import EmailProvider, MailRoutes, SendGridEmail, SendGridSettings
from kro.core.kyc.dojah import DojahIdentity
from kro.core.kyc.dojah import DojahSettings as DojahKeys
from kro.core.kyc.fake import NoIdentityProvider
from kro.core.kyc.identity import IdentityProvider
from kro.core.outgoing import CallRecorder
from kro.core.sms import SMSProvider, TextVendor
from kro.core.storage import LinkSigner, LocalObjectStore, ObjectStore, S3ObjectStore, S3Settings
from kro.payment.providers import PaymentProvider, ProviderDirectory
from kro.payment.providers.fincra import Fincra, FincraSettings
from kro.payment.providers.paystack import Paystack, PaystackSettings
from kro.payment.providers.providus import Providus, ProvidusSettings


@dataclass(frozen=True, slots=True)
class Providers:
    payments: ProviderDirectory
    sms: SMSProvider
    email: EmailProvider
    files: ObjectStore
    captcha: CaptchaProvider | None = None
    texting: Sequence[TextVendor] = ()
    """The ways for texts among which each message is routed; ``sms`` sends alone where there are none."""
    identity: IdentityProvider = field(default_factory=NoIdentityProvider)


def choose_providers(
    settings: Settings, *, recorder: CallRecorder | None = None, clock: Clock | None = None
) -> Providers:
    """Return the production adapters; against the sandbox only their addresses and keys differ.

    ``recorder`` is told of every call they make.
    """
    texting = text_vendors(settings, recorder)
    return Providers(
        payments=payment_vendors(settings, recorder),
        sms=texting[0],
        texting=texting,
        email=mail_routes(settings, recorder),
        files=object_store(settings, clock or SystemClock()),
        captcha=_captcha(settings, recorder),
        identity=identity_provider(settings, recorder),
    )


def _captcha(settings: Settings, recorder: CallRecorder | None) -> CaptchaProvider | None:
    captcha = settings.captcha
    if not captcha.enabled or captcha.secret_key is None:
        return None
    return Recaptcha(
        RecaptchaSettings(secret=captcha.secret_key.get_secret_value(), base_url=captcha.base_url), recorder=recorder
    )


def identity_provider(settings: Settings, recorder: CallRecorder | None = None) -> IdentityProvider:
    """Return who looks numbers up; where nobody is configured, people review every one."""
    dojah = settings.dojah
    if dojah.app_id is None or dojah.secret_key is None:
        return NoIdentityProvider()
    return DojahIdentity(
        DojahKeys(
            app_id=dojah.app_id,
            secret_key=dojah.secret_key.get_secret_value(),
            base_url=dojah.base_url,
            bvn_path=dojah.bvn_path,
            nin_path=dojah.nin_path,
        ),
        recorder=recorder,
    )


def mail_routes(settings: Settings, recorder: CallRecorder | None = None) -> EmailProvider:
    """Return SendGrid, with the mail server behind it where one is configured."""
    grid, server = settings.send_grid, settings.smtp
    sendgrid = SendGridEmail(
        SendGridSettings(
            api_key=grid.api_key.get_secret_value(),
            from_email=grid.from_email,
            from_name=grid.from_name,
            base_url=grid.base_url,
            sandbox_mode=grid.sandbox_mode,
            reply_to=grid.reply_to,
        ),
        recorder=recorder,
    )
    if server is None:
        return MailRoutes(sendgrid)
    from kro.core.email.smtp import SMTPEmail, SMTPSettings  # noqa: PLC0415 - few send this way

    smtp = SMTPEmail(
        SMTPSettings(
            host=server.host,
            port=server.port,
            username=server.username,
            password=server.password.get_secret_value() if server.password else None,
            ca_file=server.ca_file,
            from_email=grid.from_email,
            from_name=grid.from_name,
            reply_to=grid.reply_to,
        )
    )
    return MailRoutes(sendgrid, smtp)


def object_store(settings: Settings, clock: Clock) -> ObjectStore:
    """Return where files are kept: in the configured bucket, else in a folder of this machine."""
    aws, storage = settings.aws, settings.storage
    if aws is not None and aws.bucket and aws.region and aws.access_key_id and aws.secret_access_key:
        return S3ObjectStore(
            S3Settings(
                bucket=aws.bucket,
                region=aws.region,
                access_key_id=aws.access_key_id.get_secret_value(),
                secret_access_key=aws.secret_access_key.get_secret_value(),
                endpoint=aws.endpoint,
                addressing=aws.addressing,
            ),
            clock=clock,
        )
    if storage.signing_key is None:
        raise ValueError("files have no place")
    links = LinkSigner(
        secret=storage.signing_key.get_secret_value(),
        others=[key.get_secret_value() for key in storage.signing_keys],
        base_url=settings.app.public_base_url,
        clock=clock,
    )
    return LocalObjectStore(storage.folder, links=links)


class _Timeouts(TypedDict):
    connect_seconds: float
    read_seconds: float
    transfer_read_seconds: float
    pool_seconds: float
    deadline_seconds: float


def payment_vendors(settings: Settings, recorder: CallRecorder | None = None) -> ProviderDirectory:
    """Return every payment vendor whose keys are configured; Paystack is the home one."""
    found = (_paystack(settings, recorder), _fincra(settings, recorder), _providus(settings, recorder))
    return ProviderDirectory([vendor for vendor in found if vendor is not None])


def _paystack(settings: Settings, recorder: CallRecorder | None) -> PaymentProvider:
    paystack = settings.paystack
    return Paystack(
        PaystackSettings(
            secret_key=paystack.secret_key.get_secret_value(),
            webhook_secrets=_plain(paystack.accepted_webhook_secrets),
            base_url=paystack.base_url,
            **_timeouts(paystack.timeouts),
        ),
        recorder=recorder,
    ).provider


def _fincra(settings: Settings, recorder: CallRecorder | None) -> PaymentProvider | None:
    fincra = settings.fincra
    if fincra.secret_key is None or fincra.public_key is None or fincra.business_id is None:
        return None
    return Fincra(
        FincraSettings(
            secret_key=fincra.secret_key.get_secret_value(),
            public_key=fincra.public_key.get_secret_value(),
            business_id=fincra.business_id,
            webhook_secrets=_plain(fincra.accepted_webhook_secrets),
            base_url=fincra.base_url,
            payment_methods=fincra.payment_methods,
            account_channel=fincra.account_channel,
            **_timeouts(fincra.timeouts),
        ),
        recorder=recorder,
    ).provider


def _providus(settings: Settings, recorder: CallRecorder | None) -> PaymentProvider | None:
    bank = settings.providus
    if bank is None or bank.client_id is None or bank.client_secret is None or bank.base_url is None:
        return None
    if bank.transfer_base_url is None or bank.user_name is None or bank.password is None or bank.account_number is None:
        return None
    return Providus(
        ProvidusSettings(
            base_url=bank.base_url,
            transfer_base_url=bank.transfer_base_url,
            client_id=bank.client_id,
            client_secret=bank.client_secret.get_secret_value(),
            webhook_secrets=_plain(bank.accepted_webhook_secrets),
            user_name=bank.user_name,
            password=bank.password.get_secret_value(),
            account_number=bank.account_number,
            account_name=bank.account_name,
            dynamic_account_seconds=bank.dynamic_account_seconds,
            bank_codes=bank.bank_codes,
            **_timeouts(bank.timeouts or settings.paystack.timeouts),
        ),
        recorder=recorder,
    ).provider


def _plain(secrets: Sequence[SecretStr]) -> tuple[str, ...]:
    return tuple(secret.get_secret_value() for secret in secrets)


def _timeouts(timeouts: VendorTimeouts) -> _Timeouts:
    return {
        "connect_seconds": timeouts.connect,
        "read_seconds": timeouts.read,
        "transfer_read_seconds": timeouts.transfer_read,
        "pool_seconds": timeouts.pool,
        "deadline_seconds": timeouts.total,
    }
