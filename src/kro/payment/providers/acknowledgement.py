"""What a provider is told about the event it has sent: most look at the HTTP status, some read the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class WebhookOutcome(StrEnum):
    """How an event was taken."""

    ACCEPTED = "accepted"
    """Authentic, new, stored and committed."""
    DUPLICATE = "duplicate"
    """Authentic and stored before."""
    REJECTED = "rejected"
    """Not authentic, or not to be used; sending it again would change nothing."""
    FAILED = "failed"
    """Authentic, but it could not be stored; to be sent again."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An answer to a provider; without a body it is only a status."""

    status: int
    body: Mapping[str, str | bool] | None = None


class WebhookAcknowledger(Protocol):
    def acknowledge(self, outcome: WebhookOutcome, *, raw: bytes) -> Acknowledgement | None:
        """Return what the provider wants to hear about an event, of which ``raw`` are the bytes it sent.

        ``None`` leaves the answer to the API: its ordinary problem, with the status of what went wrong.
        """
        ...


class PlainAcknowledger:
    """For providers that look at nothing but the status: 200 for all that is stored, a problem for all that is not."""

    def acknowledge(self, outcome: WebhookOutcome, *, raw: bytes) -> Acknowledgement | None:  # noqa: ARG002 - a protocol
        stored = outcome in {WebhookOutcome.ACCEPTED, WebhookOutcome.DUPLICATE}
        return Acknowledgement(status=200) if stored else None
