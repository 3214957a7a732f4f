"""Socket.IO: who is connected hears at once, on whichever process; what was missed is asked for by ``seq``."""

from kro.core.realtime.access import SocketAccess, ended_among
from kro.core.realtime.bus import Ending, InMemoryRealtimeBus, Listener, News, RealtimeBus, Signal
from kro.core.realtime.contract import (
    Accepted,
    Door,
    LiveEvent,
    LiveRequest,
    NoInput,
    Partial,
    Refused,
    Reply,
    SocketInput,
    Surface,
)
from kro.core.realtime.listening import ListenOptions
from kro.core.realtime.options import RealtimeOptions
from kro.core.realtime.postgres import PostgresRealtimeBus
from kro.core.realtime.server import EndedAmong, RealtimeServer
from kro.core.realtime.sessions import Client
from kro.core.realtime.topic import RealtimeTopic
from kro.core.realtime.wire import SignalTooLargeError

__all__ = [
    "Accepted",
    "Client",
    "Door",
    "EndedAmong",
    "Ending",
    "InMemoryRealtimeBus",
    "ListenOptions",
    "Listener",
    "LiveEvent",
    "LiveRequest",
    "News",
    "NoInput",
    "Partial",
    "PostgresRealtimeBus",
    "RealtimeBus",
    "RealtimeOptions",
    "RealtimeServer",
    "RealtimeTopic",
    "Refused",
    "Reply",
    "Signal",
    "SignalTooLargeError",
    "SocketAccess",
    "SocketInput",
    "Surface",
    "ended_among",
]
