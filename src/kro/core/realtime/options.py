from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RealtimeOptions:
    """What the sockets take and bear.

    ``long_polling`` needs every request of a client to reach the same process. A client that has ``queued_packets``
    waiting for it reads too slowly and is cut. The limits by network (an IPv4 address or an IPv6 /64) are wide: whole
    mobile networks share one address.
    """

    long_polling: bool = False
    ping_seconds: float = 25.0
    ping_timeout_seconds: float = 20.0
    max_message_bytes: int = 16_384
    connections_per_person: int = 10
    connections_per_network: int = 1_000
    handshakes_per_network: int = 200
    handshakes_per_second: float = 20.0
    burst: int = 20
    messages_per_second: float = 2.0
    denials_before_disconnect: int = 100
    queued_packets: int = 500
    watched_orders: int = 50
    handshake_seconds: float = 10.0
    recheck_seconds: float = 30.0

    @property
    def transports(self) -> list[str]:
        return ["polling", "websocket"] if self.long_polling else ["websocket"]
