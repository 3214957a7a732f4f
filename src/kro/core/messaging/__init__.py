"""Texts through several vendors: which way each goes, what became of it, what it cost, and what is switched off."""

from kro.core.messaging.attempts import TextAttempts
from kro.core.messaging.errors import ChannelNotFoundError
from kro.core.messaging.manager import Caps, MessagingManager, MessagingOptions
from kro.core.messaging.numbers import Number, NumberReader
from kro.core.messaging.reports import DeliveryReports
from kro.core.messaging.routing import RouteRule
from kro.core.messaging.states import AttemptState, Report
from kro.core.messaging.webhooks import (
    ReportReader,
    TelnyxReports,
    TermiiReports,
    TwilioReports,
    Webhook,
    WhatsAppReports,
)

__all__ = [
    "AttemptState",
    "Caps",
    "ChannelNotFoundError",
    "DeliveryReports",
    "MessagingManager",
    "MessagingOptions",
    "Number",
    "NumberReader",
    "Report",
    "ReportReader",
    "RouteRule",
    "TelnyxReports",
    "TermiiReports",
    "TextAttempts",
    "TwilioReports",
    "Webhook",
    "WhatsAppReports",
]
