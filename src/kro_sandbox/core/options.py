from dataclasses import dataclass
from enum import StrEnum

from kro_sandbox.core.numbers import REPORT_DELAY
from kro_sandbox.settings import SandboxSettings


class TransferMode(StrEnum):
    PENDING = "pending"
    INSTANT = "instant"
    OTP = "otp"


@dataclass(slots=True, kw_only=True)
class Options:
    """What the control API may change while the sandbox runs."""

    webhook_target: str
    transfer_mode: TransferMode
    transfer_delay: float
    refund_delay: float
    termii_webhooks: bool
    message_reports: bool
    """Whether Twilio, Telnyx and WhatsApp tell what became of messages."""
    message_report_delay: float
    """Seconds until a message has arrived, or has not."""
    fincra_webhook_retry: bool
    """Fincra sends a webhook once unless the business asks for more."""
    fincra_ip_refused: bool
    """Fincra answers live calls only to listed addresses."""
    providus_late_notices: bool
    """Whether Providus tells of money on an account whose one payment or time is over; it does not say."""
    providus_reference_once: bool
    """Whether Providus refuses a payment reference that it has lent an account for; it does not say."""

    @classmethod
    def initial(cls, settings: SandboxSettings) -> "Options":
        return cls(
            webhook_target=settings.webhook_target,
            transfer_mode=TransferMode.PENDING,
            transfer_delay=settings.transfer_delay,
            refund_delay=settings.refund_delay,
            termii_webhooks=settings.termii_webhooks,
            message_reports=settings.message_reports,
            message_report_delay=REPORT_DELAY,
            fincra_webhook_retry=False,
            fincra_ip_refused=False,
            providus_late_notices=False,
            providus_reference_once=False,
        )

    def become(self, other: "Options") -> None:
        for name in Options.__slots__:
            setattr(self, name, getattr(other, name))
