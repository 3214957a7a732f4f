"""The only fields that may appear in a log line. Anything else is dropped, so that a careless call leaks nothing."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, Final
from uuid import UUID

from kro.core.telemetry.masking import mask_account, mask_email, mask_phone

ALLOWED: Final = frozenset(
    {
        # about the line
        "event", "level", "logger", "timestamp", "error", "stack",
        # about the request
        "client_request_id", "method", "milliseconds", "request_id", "route", "status", "trace_id",
        # about the process
        "address", "environment", "host", "pid", "port", "role", "version",
        # about the failure
        "code", "error_type", "kind", "reason_code",
        # about the business: identifiers and words, never contents
        "actor_kind", "admin_id", "event_id", "event_type", "message_id", "order_id", "payment_id", "payout_id",
        "reference", "refund_id", "seq", "session_id", "state", "user_id", "webhook_id",
        # about work in the background and calls to vendors
        "attempt", "attempts", "channel", "check", "count", "duplicate", "handler", "job", "operation", "outcome",
        "provider", "retry_in_seconds", "timer", "topic",
    }
)  # fmt: skip

MASKED: Final[dict[str, Callable[[str], str]]] = {
    "account_number": mask_account,
    "email": mask_email,
    "phone": mask_phone,
}
"""Fields that are allowed in their masked form."""

_LONGEST: Final = 300
_EXCEPTION: Final = "exc_info"
"""Only reaches this step on a developer's console; for JSON it was described before."""


def keep_allowed(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's processor form
    """Keep allowed fields with plain, short values; mask those that need it; drop the rest and say how many."""
    kept: dict[str, Any] = {}
    dropped = 0
    for name, value in line.items():
        if value is None:
            continue
        if name in ALLOWED:
            kept[name] = _plain(value)
        elif name in MASKED:
            kept[name] = MASKED[name](str(value))
        elif name == _EXCEPTION:
            kept[name] = value
        else:
            dropped += 1
    if dropped:
        kept["dropped_fields"] = dropped
    return kept


def _plain(value: object) -> object:
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID | str):
        return str(value)[:_LONGEST]
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return type(value).__name__
