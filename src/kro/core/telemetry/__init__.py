"""Structured logs that cannot leak: an allow-list of fields, masks, exceptions without their texts."""

from kro.core.telemetry.logs import configure_logging, get_logger
from kro.core.telemetry.masking import mask_account, mask_email, mask_phone, scrub

__all__ = ["configure_logging", "get_logger", "mask_account", "mask_email", "mask_phone", "scrub"]
