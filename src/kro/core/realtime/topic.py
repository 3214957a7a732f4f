from __future__ import annotations

from kro.core.outbox import Envelope, GiveUp
from kro.core.realtime.bus import RealtimeBus
from kro.core.realtime.wire import SignalTooLargeError, read_news


class RealtimeTopic:
    """Delivers outbox messages of topic ``realtime``.

    ``{"users": [uuid…], "event": …, "data": {…}}`` tells users, ``"permission": …`` in place of ``users`` tells the
    admins who have it, and ``{"end": {"kind", "principal_id", "session_id", "reason"}}`` ends connections.
    """

    def __init__(self, bus: RealtimeBus) -> None:
        self._bus = bus

    async def handle(self, envelope: Envelope) -> None:
        """Publish one message; clients recognize a repeated event by its ``seq``."""
        try:
            await self._bus.publish(read_news(envelope.payload))
        except SignalTooLargeError:
            raise GiveUp("signal_too_large") from None
        except ValueError:
            raise GiveUp("not_news") from None
