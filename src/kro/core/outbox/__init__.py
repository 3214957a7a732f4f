"""Effects outside the database: written with the change they follow from, delivered at least once."""

from kro.core.outbox.dead_letters import DeadLetters, OutboxRow, OutboxRowNotFoundError
from kro.core.outbox.envelope import Envelope, Handler
from kro.core.outbox.relay import OutboxRelay, RelayOptions
from kro.core.outbox.store import OutboxState, OutboxStore
from kro.core.scheduler.signals import GiveUp, RetryLater

__all__ = [
    "DeadLetters",
    "Envelope",
    "GiveUp",
    "Handler",
    "OutboxRelay",
    "OutboxRow",
    "OutboxRowNotFoundError",
    "OutboxState",
    "OutboxStore",
    "RelayOptions",
    "RetryLater",
]
