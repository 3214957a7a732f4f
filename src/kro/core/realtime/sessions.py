from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.actor import ActorKind, PermissionDeniedError
from kro.core.realtime.bus import Ending

_REMEMBERED_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Client:
    """Who is connected with which session, and until when the token they showed is good."""

    kind: ActorKind
    id: UUID
    session_id: UUID
    expires_at: datetime
    permissions: frozenset[str] = field(default=frozenset(), repr=False)

    def is_meant_by(self, ending: Ending) -> bool:
        """Whether the ending is about this client."""
        is_theirs = (ending.kind, ending.principal_id) == (self.kind, self.id)
        return is_theirs and ending.session_id in {None, self.session_id}

    def ensure_permitted(self, permission: str) -> None:
        """Refuse an admin whose role, as it was at connect, lacks a permission; a change of role ends the connection.

        :raises PermissionDeniedError: naming no other permission.
        """
        if permission not in self.permissions:
            raise PermissionDeniedError


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

    def is_full(self, now: float) -> bool:
        """Whether nothing of it is in use, so that it may be forgotten."""
        return self._left + (now - self._at) * self._per_second >= self._burst


@dataclass(slots=True)
class Session:
    """One connection of a client; ``expiry`` ends it together with the token."""

    client: Client
    allowance: Allowance
    expiry: asyncio.TimerHandle
    watched: set[str] = field(default_factory=set)


class Sessions:
    """The connections of this process by socket id, which is different in each namespace."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Session] = {}
        self._by_person: defaultdict[tuple[ActorKind, UUID], set[str]] = defaultdict(set)
        self._endings: list[tuple[float, Ending]] = []

    def __contains__(self, sid: object) -> bool:
        return sid in self._by_sid

    def __len__(self) -> int:
        return len(self._by_sid)

    def get(self, sid: str) -> Session | None:
        return self._by_sid.get(sid)

    def all(self) -> tuple[tuple[str, Client], ...]:
        return tuple((sid, session.client) for sid, session in self._by_sid.items())

    def count(self, client: Client) -> int:
        """Return how many connections the person of a client has."""
        return len(self._by_person.get((client.kind, client.id), ()))

    def meant_by(self, ending: Ending) -> tuple[str, ...]:
        """Return whom an ending is about, and keep it in mind for those who are just being let in."""
        now = _ticks()
        self._endings = [(at, kept) for at, kept in self._endings if now - at < _REMEMBERED_SECONDS]
        self._endings.append((now, ending))
        sids: Iterable[str] = self._by_person.get((ending.kind, ending.principal_id), ())
        return tuple(sid for sid in sids if self._by_sid[sid].client.is_meant_by(ending))

    def was_ended_since(self, client: Client, moment: float) -> bool:
        """Whether an ending came for a client after a moment of the loop's clock."""
        return any(at >= moment and client.is_meant_by(ending) for at, ending in self._endings)

    def open(
        self, sid: str, client: Client, allowance: Allowance, *, seconds: float, on_expiry: Callable[[str], None]
    ) -> None:
        """Remember a connection and call ``on_expiry`` when its token has run out."""
        expiry = asyncio.get_running_loop().call_later(seconds, on_expiry, sid)
        self._by_sid[sid] = Session(client, allowance, expiry)
        self._by_person[client.kind, client.id].add(sid)

    def renew(self, sid: str, client: Client, *, seconds: float, on_expiry: Callable[[str], None]) -> None:
        """Let a connection of the same person and session live as long as a newer token."""
        session = self._by_sid[sid]
        session.expiry.cancel()
        session.expiry = asyncio.get_running_loop().call_later(seconds, on_expiry, sid)
        session.client = client

    def close(self, sid: str) -> None:
        """Forget a connection; harmless if it is not known."""
        session = self._by_sid.pop(sid, None)
        if session is None:
            return
        session.expiry.cancel()
        person = session.client.kind, session.client.id
        self._by_person[person].discard(sid)
        if not self._by_person[person]:
            del self._by_person[person]


def _ticks() -> float:
    return asyncio.get_running_loop().time()
