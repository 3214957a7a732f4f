"""WhatsApp, a channel for texts beside SMS and behind the same interface: Meta's Cloud API, or through Twilio."""

from kro.core.whatsapp.meta import WhatsAppCloud, WhatsAppSettings
from kro.core.whatsapp.twilio import TwilioWhatsApp, TwilioWhatsAppSettings

__all__ = ["TwilioWhatsApp", "TwilioWhatsAppSettings", "WhatsAppCloud", "WhatsAppSettings"]
