"""Mail in memory, for tests and development without the sandbox."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from kro.core.email.interface import Email, EmailAccepted, EmailResult


@dataclass(slots=True)
class FakeEmail:
    """Keeps what was sent; ``results`` are given instead of an acceptance, one for each of the next mails."""

    sent: list[Email] = field(default_factory=list)
    results: deque[EmailResult] = field(default_factory=deque)

    async def send(self, message: Email) -> EmailResult:
        if self.results:
            return self.results.popleft()
        self.sent.append(message)
        return EmailAccepted(provider="fake", provider_message_id=f"fake-{len(self.sent)}")
