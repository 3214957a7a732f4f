"""Every metric there is: its name, unit, labels and meaning. What alarms and dashboards ask for has to be here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Metric:
    """``unit`` is ``s`` for seconds or nothing. ``labels`` are words of ours, never values that a client chooses."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""

    @property
    def prometheus_name(self) -> str:
        """Return the name that is scraped; a histogram's series add ``_bucket``, ``_sum`` and ``_count`` to it."""
        name = self.name.replace(".", "_") + ("_seconds" if self.unit else "")
        return f"{name}_total" if self.kind is Kind.COUNTER else name


def _counter(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name, Kind.COUNTER, meaning, labels)


def _histogram(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name, Kind.HISTOGRAM, meaning, labels, "s")


def _gauge(name: str, meaning: str, *labels: str, unit: str = "") -> Metric:
    return Metric(name, Kind.GAUGE, meaning, labels, unit)


HTTP_REQUESTS: Final = _histogram("kro.http.request", "Requests and how long they took.", "method", "route", "status")
ORDER_EVENTS: Final = _counter("kro.order.events", "Facts of orders' lives that this process wrote.", "type")
PROVIDER_CALLS: Final = _histogram(
    "kro.provider.call", "Calls to vendors with their repeats.", "provider", "operation", "outcome"
)
PROVIDER_SHUT: Final = _gauge(
    "kro.provider.breaker_open", "1 while this process keeps from calling.", "provider", "operation"
)
DELIVERY_REPORTS: Final = _counter(
    "kro.message.reports", "What vendors reported of texts and mails.", "provider", "channel", "state"
)
OUTBOX_TRIES: Final = _counter("kro.outbox.tries", "Tries to deliver a message of the outbox.", "topic", "outcome")
WORK: Final = _histogram("kro.work", "Runs of deliveries, timers and jobs.", "job", "outcome")
POOL_WAIT: Final = _histogram("kro.database.pool_wait", "Waits for a connection, where none was idle.", "outcome")
POOL_CONNECTIONS: Final = _gauge("kro.database.pool_connections", "Connections of this process.", "state")
REPLICA_READS: Final = _counter(
    "kro.replica.reads",
    "Reads that the replica may answer: served by it, or by the primary for another reason.",
    "outcome",
)
REPLICA_FIT: Final = _gauge("kro.replica.fit", "1 while this process leads reads to the replica.")
REPLICA_LAG: Final = _gauge(
    "kro.replica.lag", "How old the newest commit is that the replica shows, while it is behind; else 0.", unit="s"
)
LOOP_LAG: Final = _histogram("kro.event_loop.lag", "How much later than asked for the event loop woke up.")
LOST_ITEMS: Final = _counter("kro.telemetry.lost", "Spans and log records that could not be exported.", "signal")

HELD_MINOR: Final = _gauge("kro.ledger.held_minor", "What customers are owed, in minor units.", "currency")
OUTBOX_WAITING: Final = _gauge("kro.outbox.waiting", "Messages to be delivered, up to 10,000 a topic.", "topic")
OUTBOX_AGE: Final = _gauge("kro.outbox.age", "How long the message that waits longest is overdue.", "topic", unit="s")
OUTBOX_DEAD: Final = _gauge("kro.outbox.dead", "Messages that nobody could deliver.", "topic")
WEBHOOK_LAG: Final = _gauge(
    "kro.webhook.lag", "How long the webhook that waits longest has been there.", "provider", unit="s"
)
WEBHOOKS_WAITING: Final = _gauge("kro.webhook.waiting", "Webhooks taken in and not yet worked off.", "provider")
PAYOUTS_OPEN: Final = _gauge("kro.payout.open", "Payouts whose end is not known.", "status")
PAYOUT_AGE: Final = _gauge("kro.payout.age", "How long the oldest such payout has not changed.", "status", unit="s")
TIMER_LAG: Final = _gauge("kro.timer.lag", "How long the deadline that waits longest is overdue.", unit="s")
INVARIANT_VIOLATIONS: Final = _gauge(
    "kro.invariant.violations", "Violations that the latest run of the books' invariants found.", "check"
)
FIGURES_READ: Final = _counter("kro.figures.reads", "Readings of the figures that come from the database.", "kind")

CATALOGUE: Final = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
