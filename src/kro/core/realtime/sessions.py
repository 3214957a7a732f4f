from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Client:
    """Who is connected, and until when the token they showed is good."""

    user_id: UUID
    expires_at: datetime


class Allowance:
    """A token bucket: ``burst`` messages at once, ``per_second`` in the long run."""

    def __init__(self, *, burst: int, per_second: float, now: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._left = float(burst)
        self._at = now
        self.denied = 0

    def take(self, now: float) -> bool:
        """Spend one message, or count a denial if none is left."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            self.denied += 1
            return False
        self._left -= 1
        return True


@dataclass(frozen=True, slots=True)
class Session:
    """One connection of a client; ``expiry`` ends it together with the token."""

    client: Client
    allowance: Allowance
    expiry: asyncio.TimerHandle


class Sessions:
    """The connections of this process by socket id."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Session] = {}
        self._by_user: defaultdict[UUID, set[str]] = defaultdict(set)

    def __contains__(self, sid: object) -> bool:
        return sid in self._by_sid

    def get(self, sid: str) -> Session | None:
        return self._by_sid.get(sid)

    def all(self) -> tuple[str, ...]:
        return tuple(self._by_sid)

    def count(self, user_id: UUID) -> int:
        return len(self._by_user.get(user_id, ()))

    def open(
        self, sid: str, client: Client, allowance: Allowance, *, seconds: float, on_expiry: Callable[[str], None]
    ) -> None:
        """Remember a connection and call ``on_expiry`` when its token has run out."""
        expiry = asyncio.get_running_loop().call_later(seconds, on_expiry, sid)
        self._by_sid[sid] = Session(client, allowance, expiry)
        self._by_user[client.user_id].add(sid)

    def close(self, sid: str) -> None:
        """Forget a connection; harmless if it is not known."""
        session = self._by_sid.pop(sid, None)
        if session is None:
            return
        session.expiry.cancel()
        of_user = self._by_user[session.client.user_id]
        of_user.discard(sid)
        if not of_user:
            del self._by_user[session.client.user_id]
