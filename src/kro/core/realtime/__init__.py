"""Socket.IO: who is connected hears at once, on whichever process; what was missed is asked for by ``seq``."""

from kro.core.realtime.bus import InMemoryRealtimeBus, Listener, RealtimeBus, Signal
from kro.core.realtime.postgres import ListenOptions, PostgresRealtimeBus
from kro.core.realtime.requests import Missed
from kro.core.realtime.server import Authenticate, EventsAfter, LastSeq, RealtimeOptions, RealtimeServer
from kro.core.realtime.sessions import Client
from kro.core.realtime.topic import RealtimeTopic
from kro.core.realtime.wire import SignalTooLargeError

__all__ = [
    "Authenticate",
    "Client",
    "EventsAfter",
    "InMemoryRealtimeBus",
    "LastSeq",
    "ListenOptions",
    "Listener",
    "Missed",
    "PostgresRealtimeBus",
    "RealtimeBus",
    "RealtimeOptions",
    "RealtimeServer",
    "RealtimeTopic",
    "Signal",
    "SignalTooLargeError",
]
