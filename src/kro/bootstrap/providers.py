"""The outside world: which vendor serves what."""

from __future__ import annotations

from dataclasses import dataclass

from kro.core.config import Settings
from kro.core.email import EmailProvider, SendGridEmail, SendGridSettings
from kro.core.outgoing import CallRecorder
from kro.core.sms import SMSProvider, TermiiSettings, TermiiSMS
from kro.core.storage import LocalObjectStore, ObjectStore
from kro.payment.providers import ProviderDirectory
from kro.payment.providers.paystack import Paystack, PaystackSettings


@dataclass(frozen=True, slots=True)
class Providers:
    payments: ProviderDirectory
    sms: SMSProvider
    email: EmailProvider
    files: ObjectStore


def choose_providers(settings: Settings, *, recorder: CallRecorder | None = None) -> Providers:
    """Return the production adapters; against the sandbox only their addresses and keys differ.

    ``recorder`` is told of every call they make.
    """
    return Providers(
        payments=ProviderDirectory((_paystack(settings, recorder).provider,)),
        sms=TermiiSMS(
            TermiiSettings(
                api_key=settings.termii.api_key.get_secret_value(),
                base_url=settings.termii.base_url,
                sender_id=settings.termii.sender_id,
                channel=settings.termii.channel,
            ),
            recorder=recorder,
        ),
        email=SendGridEmail(
            SendGridSettings(
                api_key=settings.send_grid.api_key.get_secret_value(),
                from_email=settings.send_grid.from_email,
                from_name=settings.send_grid.from_name,
                base_url=settings.send_grid.base_url,
                sandbox_mode=settings.send_grid.sandbox_mode,
            ),
            recorder=recorder,
        ),
        files=LocalObjectStore(settings.storage.folder),
    )


def _paystack(settings: Settings, recorder: CallRecorder | None) -> Paystack:
    paystack = settings.paystack
    return Paystack(
        PaystackSettings(
            secret_key=paystack.secret_key.get_secret_value(),
            webhook_secrets=tuple(secret.get_secret_value() for secret in paystack.accepted_webhook_secrets),
            base_url=paystack.base_url,
            connect_seconds=paystack.timeouts.connect,
            read_seconds=paystack.timeouts.read,
            transfer_read_seconds=paystack.timeouts.transfer_read,
            pool_seconds=paystack.timeouts.pool,
            deadline_seconds=paystack.timeouts.total,
        ),
        recorder=recorder,
    )
