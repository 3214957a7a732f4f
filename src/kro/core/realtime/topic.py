from __future__ import annotations

from uuid import UUID

from kro.core.outbox import Envelope, GiveUp
from kro.core.realtime.bus import RealtimeBus, Signal
from kro.core.realtime.wire import SignalTooLargeError


class RealtimeTopic:
    """Delivers outbox messages of topic ``realtime``: ``{"users": [uuid…], "event": …, "data": {…}}``."""

    def __init__(self, bus: RealtimeBus) -> None:
        self._bus = bus

    async def handle(self, envelope: Envelope) -> None:
        """Publish one event to its users; clients recognize a repeated one by its ``seq``."""
        payload = envelope.payload
        users = tuple(UUID(user) for user in payload["users"])
        try:
            await self._bus.publish(Signal(users=users, event=payload["event"], data=payload["data"]))
        except SignalTooLargeError:
            raise GiveUp("signal_too_large") from None
