"""Outgoing HTTP: the one place from which this program calls the outside world."""

from kro.core.outgoing.breaker import BreakerRules, BreakerState
from kro.core.outgoing.client import OutgoingHTTP
from kro.core.outgoing.exchange import Exchange, JSONValue, NotSent, OutcomeUnknown, Reply
from kro.core.outgoing.gates import GateRules
from kro.core.outgoing.recording import CallOutcome, CallRecord, CallRecorder
from kro.core.outgoing.retry import RetryPolicy
from kro.core.outgoing.settings import OutgoingSettings
from kro.core.outgoing.urls import is_secure_url

__all__ = [
    "BreakerRules",
    "BreakerState",
    "CallOutcome",
    "CallRecord",
    "CallRecorder",
    "Exchange",
    "GateRules",
    "JSONValue",
    "NotSent",
    "OutcomeUnknown",
    "OutgoingHTTP",
    "OutgoingSettings",
    "Reply",
    "RetryPolicy",
    "is_secure_url",
]
