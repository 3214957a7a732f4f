"""The production adapters for texts, pointed at the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kro.core.outgoing import BreakerRules, GateRules, RetryPolicy
from kro.core.sms import TelnyxSettings, TelnyxSMS, TermiiSettings, TermiiSMS, TwilioSettings, TwilioSMS
from kro.core.sms.http_vendor import HTTPVendor, Outside
from kro.core.whatsapp import TwilioWhatsApp, TwilioWhatsAppSettings, WhatsAppCloud, WhatsAppSettings

ACCOUNT: Final = "AC00000000000000000000000000000001"
LOGIN: Final = (ACCOUNT, "kro_sandbox_twilio_token_00000000")
CALLBACKS: Final = "https://kro.example/v1/webhooks"
_DEADLINE: Final = 15.0
# No breaker opens, so that one vendor can have all faults one after another.
_PATIENT: Final = BreakerRules(failures=1000, calls=1000)
_OUTSIDE: Final = Outside(retry=RetryPolicy(tries=1), gates=GateRules(breaker=_PATIENT))


def termii(url: str, deadline: float = _DEADLINE) -> HTTPVendor:
    settings = TermiiSettings(
        api_key="TL_kro_sandbox_0000000000000000000000", base_url=f"{url}/termii", deadline_seconds=deadline
    )
    return TermiiSMS(settings, **_OUTSIDE)


def twilio(url: str, deadline: float = _DEADLINE) -> HTTPVendor:
    return TwilioSMS(_twilio(url, "KRO", deadline), **_OUTSIDE)


def twilio_whatsapp(url: str, deadline: float = _DEADLINE) -> HTTPVendor:
    settings = TwilioWhatsAppSettings(
        api=_twilio(url, "+15550100001", deadline),
        otp_content_sid="HX00000000000000000000000000000001",
        notice_content_sid="HX00000000000000000000000000000002",
    )
    return TwilioWhatsApp(settings, **_OUTSIDE)


def telnyx(url: str, deadline: float = _DEADLINE) -> HTTPVendor:
    settings = TelnyxSettings(
        api_key="KEY_kro_sandbox_telnyx_0000000000000000",
        sender="KRO",
        messaging_profile_id="4001a0de-0000-4000-8000-000000000001",
        callback_url=f"{CALLBACKS}/telnyx",
        base_url=f"{url}/telnyx",
        deadline_seconds=deadline,
    )
    return TelnyxSMS(settings, **_OUTSIDE)


def whatsapp(url: str, deadline: float = _DEADLINE) -> HTTPVendor:
    settings = WhatsAppSettings(
        access_token="EAA_kro_sandbox_whatsapp_00000000000000",
        phone_number_id="100000000000001",
        otp_template="kro_otp",
        notice_template="kro_notice",
        base_url=f"{url}/whatsapp",
        deadline_seconds=deadline,
    )
    return WhatsAppCloud(settings, **_OUTSIDE)


def _twilio(url: str, sender: str, deadline: float) -> TwilioSettings:
    return TwilioSettings(
        account_sid=ACCOUNT,
        login=LOGIN,
        sender=sender,
        callback_url=f"{CALLBACKS}/twilio",
        base_url=f"{url}/twilio",
        deadline_seconds=deadline,
    )


VENDORS: Final[dict[str, Callable[..., HTTPVendor]]] = {
    "termii": termii,
    "telnyx": telnyx,
    "twilio": twilio,
    "whatsapp": whatsapp,
    "twilio_whatsapp": twilio_whatsapp,
}
"""By route, in the order that a code for Nigeria tries them."""
