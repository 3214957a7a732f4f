"""Where the parts of one development installation find each other, whichever ports were chosen."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from kro.core.config import Settings

LOOPBACK: Final = "127.0.0.1"
_ANY: Final = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, never listened on


def api_host(settings: Settings) -> str:
    """Return the host under which this machine reaches the API."""
    host = settings.app.api.host
    return LOOPBACK if host in _ANY else host


def api_url(settings: Settings) -> str:
    host = api_host(settings)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.app.api.port}"


def sandbox_url(settings: Settings) -> str:
    return f"http://{LOOPBACK}:{settings.sandbox.port}"


def variables(settings: Settings) -> dict[str, str]:
    """Return the environment variables that lead the API and the worker to each other and to the sandbox.

    Only what points at this machine already is redirected: a configured vendor's real address stays.
    """
    wanted: dict[str, tuple[str | None, str]] = {
        "KRO_PUBLIC_BASE_URL": (settings.app.public_base_url, api_url(settings))
    }
    if settings.sandbox.enabled:
        sandbox, bank = sandbox_url(settings), settings.providus
        twilio, telnyx, whatsapp = settings.twilio, settings.telnyx, settings.whatsapp
        wanted |= {
            "KRO_PAYSTACK_BASE_URL": (settings.paystack.base_url, f"{sandbox}/paystack"),
            "KRO_FINCRA_BASE_URL": (settings.fincra.base_url, f"{sandbox}/fincra"),
            "KRO_PROVIDUS_BASE_URL": (bank.base_url if bank else None, f"{sandbox}/providus/appdevapi/api"),
            "KRO_PROVIDUS_TRANSFER_BASE_URL": (
                bank.transfer_base_url if bank else None,
                f"{sandbox}/providus/postingrest",
            ),
            "KRO_TERMII_BASE_URL": (settings.termii.base_url, f"{sandbox}/termii"),
            "KRO_TWILIO_BASE_URL": (twilio.base_url if twilio else None, f"{sandbox}/twilio"),
            "KRO_TELNYX_BASE_URL": (telnyx.base_url if telnyx else None, f"{sandbox}/telnyx"),
            "KRO_WHATSAPP_BASE_URL": (whatsapp.base_url if whatsapp else None, f"{sandbox}/whatsapp"),
            "KRO_DOJAH_BASE_URL": (settings.dojah.base_url, f"{sandbox}/dojah"),
            "KRO_SENDGRID_BASE_URL": (settings.send_grid.base_url, f"{sandbox}/sendgrid"),
        }
    return {
        name: here for name, (configured, here) in wanted.items() if urlsplit(configured or "").hostname == LOOPBACK
    }
