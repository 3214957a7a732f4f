"""Which vendors of texts are configured, and how their delivery reports are verified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import SecretStr

from kro.core.clock import Clock
from kro.core.config import Settings
from kro.core.messaging import ReportReader, TelnyxReports, TermiiReports, TwilioReports, WhatsAppReports
from kro.core.outgoing import CallRecorder, RetryPolicy
from kro.core.sms import (
    TelnyxSettings,
    TelnyxSMS,
    TermiiSettings,
    TermiiSMS,
    TextVendor,
    TwilioSettings,
    TwilioSMS,
)
from kro.core.sms.http_vendor import Outside
from kro.core.whatsapp import TwilioWhatsApp, TwilioWhatsAppSettings, WhatsAppCloud, WhatsAppSettings

# Three vendors in a row have to fit into the time a message may be in hand, and somebody waits for a code.
_DEADLINE_SECONDS: Final = 10.0
# Another vendor is quicker than another try.
_ONCE: Final = RetryPolicy(tries=1)


def text_vendors(settings: Settings, recorder: CallRecorder | None = None) -> tuple[TextVendor, ...]:
    """Return every way for texts whose keys are configured."""
    outside = Outside(retry=_ONCE, recorder=recorder)
    found = (
        _termii(settings, outside),
        _telnyx(settings, outside),
        *_twilio(settings, outside),
        _whatsapp(settings, outside),
    )
    return tuple(vendor for vendor in found if vendor is not None)


def report_readers(settings: Settings, clock: Clock) -> Mapping[str, ReportReader]:
    """Return how reports are verified, by vendor; one that is not listed is not believed at all."""
    return dict(_readers(settings, clock))


def _termii(settings: Settings, outside: Outside) -> TextVendor:
    termii = settings.termii
    return TermiiSMS(
        TermiiSettings(
            api_key=termii.api_key.get_secret_value(),
            base_url=termii.base_url,
            sender_id=termii.sender_id,
            channel=termii.channel,
            deadline_seconds=_DEADLINE_SECONDS,
        ),
        **outside,
    )


def _telnyx(settings: Settings, outside: Outside) -> TextVendor | None:
    telnyx = settings.telnyx
    if telnyx is None or not (telnyx.api_key and telnyx.from_number and telnyx.messaging_profile_id):
        return None
    return TelnyxSMS(
        TelnyxSettings(
            api_key=telnyx.api_key.get_secret_value(),
            sender=telnyx.from_number,
            messaging_profile_id=telnyx.messaging_profile_id,
            callback_url=_callback(settings, "telnyx", telnyx.public_key),
            base_url=telnyx.base_url,
            deadline_seconds=_DEADLINE_SECONDS,
        ),
        **outside,
    )


def _twilio(settings: Settings, outside: Outside) -> Iterator[TextVendor]:
    twilio = settings.twilio
    if twilio is None or twilio.account_sid is None:
        return
    login = _login(twilio.account_sid, twilio.auth_token, twilio.api_key, twilio.api_secret)
    if login is None:
        return

    def api(sender: str) -> TwilioSettings:
        return TwilioSettings(
            account_sid=twilio.account_sid or "",
            login=login,
            sender=sender,
            callback_url=_callback(settings, "twilio", twilio.auth_token),
            base_url=twilio.base_url,
            code_seconds=settings.otp.ttl_seconds,
            deadline_seconds=_DEADLINE_SECONDS,
        )

    if sender := twilio.messaging_service_sid or twilio.from_number:
        yield TwilioSMS(api(sender), **outside)
    if twilio.whatsapp_from is not None and twilio.otp_content_sid is not None:
        contents = TwilioWhatsAppSettings(
            api=api(twilio.whatsapp_from),
            otp_content_sid=twilio.otp_content_sid,
            notice_content_sid=twilio.notice_content_sid,
        )
        yield TwilioWhatsApp(contents, **outside)


def _login(
    account: str, token: SecretStr | None, key: SecretStr | None, secret: SecretStr | None
) -> tuple[str, str] | None:
    if key is not None and secret is not None:
        return key.get_secret_value(), secret.get_secret_value()
    return None if token is None else (account, token.get_secret_value())


def _whatsapp(settings: Settings, outside: Outside) -> TextVendor | None:
    meta = settings.whatsapp
    if meta is None or not (meta.access_token and meta.phone_number_id and meta.otp_template):
        return None
    return WhatsAppCloud(
        WhatsAppSettings(
            access_token=meta.access_token.get_secret_value(),
            phone_number_id=meta.phone_number_id,
            otp_template=meta.otp_template,
            notice_template=meta.notice_template,
            language=meta.language,
            base_url=meta.base_url,
            deadline_seconds=_DEADLINE_SECONDS,
        ),
        **outside,
    )


def _callback(settings: Settings, vendor: str, key: SecretStr | None) -> str | None:
    """Return where a vendor reports to, if its reports can be verified."""
    return None if key is None else f"{settings.app.public_base_url}/v1/webhooks/{vendor}"


def _readers(settings: Settings, clock: Clock) -> Iterator[tuple[str, ReportReader]]:
    twilio, telnyx, meta = settings.twilio, settings.telnyx, settings.whatsapp
    if accepted := settings.termii.accepted_webhook_secrets:
        yield "termii", TermiiReports(_plain(accepted))
    if telnyx is not None and (accepted := telnyx.accepted_public_keys):
        yield "telnyx", TelnyxReports(_plain(accepted), clock)
    if twilio is not None and (accepted := twilio.accepted_webhook_secrets):
        keys = {name: key.get_secret_value() for name, key in twilio.webhook_shared_keys.items()}
        yield "twilio", TwilioReports(_plain(accepted), public_url=settings.app.public_base_url, shared_keys=keys)
    if meta is not None and meta.verify_token is not None and (accepted := meta.accepted_webhook_secrets):
        yield "whatsapp", WhatsAppReports(_plain(accepted), meta.verify_token.get_secret_value())


def _plain(secrets: Sequence[SecretStr]) -> tuple[str, ...]:
    return tuple(secret.get_secret_value() for secret in secrets)
