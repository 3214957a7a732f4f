"""The whole, made of groups. Nobody but ``bootstrap`` sees it: everything else receives its own group."""

from collections import Counter
from typing import Self

from pydantic import model_validator

from kro.core.config.access import JWTSettings, OTPSettings, SecuritySettings, StepUpSettings, TrafficSettings
from kro.core.config.accounts import AccountSettings
from kro.core.config.business import (
    AlertSettings,
    ChargebackSettings,
    EvidenceSettings,
    FeeSettings,
    KYCSettings,
    OrderSettings,
    PayoutSettings,
    RefundSettings,
)
from kro.core.config.captcha import CaptchaSettings
from kro.core.config.demo import DemoSettings
from kro.core.config.groups import Group
from kro.core.config.message_vendors import (
    MailServerSettings,
    SendGridSettings,
    TelnyxSettings,
    TermiiSettings,
    TwilioSettings,
    WhatsAppSettings,
)
from kro.core.config.messaging import MessagingSettings
from kro.core.config.platform import (
    AppSettings,
    DatabaseSettings,
    GeoSettings,
    LoggingSettings,
    RealtimeSettings,
    RedisSettings,
    SandboxSettings,
    StorageSettings,
    WorkerSettings,
)
from kro.core.config.reconciliation import ReconciliationSettings
from kro.core.config.retention import RetentionSettings
from kro.core.config.telemetry import HighlightSettings, TelemetrySettings
from kro.core.config.vendors import (
    AWSSettings,
    DojahSettings,
    FincraSettings,
    PaystackSettings,
    ProvidusSettings,
)


class Settings(Group):
    """Every setting of one process, frozen after start."""

    app: AppSettings
    database: DatabaseSettings
    jwt: JWTSettings
    security: SecuritySettings
    otp: OTPSettings
    traffic: TrafficSettings = TrafficSettings()
    accounts: AccountSettings
    step_up: StepUpSettings
    orders: OrderSettings
    evidence: EvidenceSettings
    kyc: KYCSettings
    fees: FeeSettings
    payouts: PayoutSettings
    refunds: RefundSettings
    chargebacks: ChargebackSettings
    reconciliation: ReconciliationSettings
    retention: RetentionSettings
    messaging: MessagingSettings
    alerts: AlertSettings
    worker: WorkerSettings
    storage: StorageSettings
    sandbox: SandboxSettings
    logging: LoggingSettings
    paystack: PaystackSettings
    fincra: FincraSettings
    termii: TermiiSettings
    dojah: DojahSettings
    send_grid: SendGridSettings
    realtime: RealtimeSettings
    redis: RedisSettings = RedisSettings()
    geo: GeoSettings = GeoSettings()
    highlight: HighlightSettings = HighlightSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    twilio: TwilioSettings | None = None
    telnyx: TelnyxSettings | None = None
    smtp: MailServerSettings | None = None
    whatsapp: WhatsAppSettings | None = None
    providus: ProvidusSettings | None = None
    aws: AWSSettings | None = None
    captcha: CaptchaSettings = CaptchaSettings()
    demo: DemoSettings = DemoSettings()

    @model_validator(mode="after")
    def _automatic_approval_fits(self) -> Self:
        limits = self.payouts.auto_approve_below_minor
        if len(limits) != len(self.kyc.tiers):
            raise ValueError("payouts.autoApproveBelowMinor must name a limit for each tier of kyc.tiers")
        if max(limits) > self.payouts.second_approver_above_minor:
            raise ValueError("payouts.autoApproveBelowMinor must not pass payouts.secondApproverAboveMinor")
        return self

    @model_validator(mode="after")
    def _files_have_a_place(self) -> Self:
        if self.storage.signing_key is None and (self.aws is None or self.aws.bucket is None):
            raise ValueError(
                "files need a place: give aws.bucket, or storage.signingKey to keep them in storage.folder"
            )
        return self

    @model_validator(mode="after")
    def _one_key_one_purpose(self) -> Self:
        keys = [key.secret for key in (*self.jwt.user.keys, *self.jwt.admin.keys)]
        keys += [self.security.otp_key, self.security.cursor_key, self.security.blind_index_key]
        keys += [*self.security.cursor_keys, *self.storage.signing_keys]
        keys += [self.security.order_code_key, self.security.page_signing_key]
        keys += self.security.encryption_keys.values()
        keys += [] if self.storage.signing_key is None else [self.storage.signing_key]
        if max(Counter(key.get_secret_value() for key in keys).values()) > 1:
            raise ValueError("every key under jwt, security and storage must be a different one")
        return self
