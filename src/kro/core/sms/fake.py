"""Text messages in memory, for tests and development without the sandbox."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from kro.core.sms.interface import SMS, MessageAccepted, SMSResult


@dataclass(slots=True)
class FakeSMS:
    """Keeps what was sent; ``results`` are given instead of an acceptance, one for each of the next messages."""

    sent: list[SMS] = field(default_factory=list)
    results: deque[SMSResult] = field(default_factory=deque)

    async def send(self, message: SMS) -> SMSResult:
        if self.results:
            return self.results.popleft()
        self.sent.append(message)
        return MessageAccepted(provider="fake", provider_message_id=f"fake-{len(self.sent)}")
