"""Delivery reports, one file per vendor: verified over the bytes as they came, then read."""

from kro.core.messaging.webhooks.envelope import ReportReader, Webhook
from kro.core.messaging.webhooks.telnyx import TelnyxReports
from kro.core.messaging.webhooks.termii import TermiiReports
from kro.core.messaging.webhooks.twilio import TwilioReports
from kro.core.messaging.webhooks.whatsapp import WhatsAppReports

__all__ = ["ReportReader", "TelnyxReports", "TermiiReports", "TwilioReports", "Webhook", "WhatsAppReports"]
