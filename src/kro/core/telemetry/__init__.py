"""Logs, spans and metrics that cannot leak: allow-lists of fields, masks, exceptions without their texts."""

from kro.core.telemetry.logs import configure_logging, get_logger
from kro.core.telemetry.masking import mask_account, mask_email, mask_phone, scrub
from kro.core.telemetry.running import Telemetry, start_telemetry, wants_telemetry

__all__ = [
    "Telemetry",
    "configure_logging",
    "get_logger",
    "mask_account",
    "mask_email",
    "mask_phone",
    "scrub",
    "start_telemetry",
    "wants_telemetry",
]
