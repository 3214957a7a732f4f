"""A decision as plain data: everything one step changes, written together or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from kro.core.actor import Actor

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows of one table; every column without a default of its own must be given."""

    table: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """Changed columns of one row, written only if its version is still the one that was loaded."""

    table: str
    id: UUID
    version: int
    changes: Row


@dataclass(frozen=True, slots=True)
class Account:
    """A ledger account, opened on first use. ``owner_id`` is the zero UUID for the platform's own accounts."""

    id: UUID
    code: str
    owner_id: UUID
    qualifier: str
    currency: str
    normal: str
    tracked: bool
    allow_negative: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a movement: debit positive, credit negative, in minor units."""

    account: Account
    amount: int


@dataclass(frozen=True, slots=True)
class Journal:
    """A balanced set of entries for one business event; (kind, source_type, source_id) happens once."""

    id: UUID
    kind: str
    source_type: str
    source_id: UUID
    occurred_at: datetime
    actor: str
    entries: tuple[Entry, ...]
    provider: str | None = None
    external_ref: str | None = None
    request_id: str | None = None
    reverses_journal_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A fact of an order's life with its place in the order's own sequence."""

    id: UUID
    order_id: UUID
    seq: int
    type: str
    actor_kind: str
    actor_id: UUID | None
    data: Row
    at: datetime


@dataclass(frozen=True, slots=True)
class Timer:
    order_id: UUID
    kind: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ClearTimer:
    """Removes one timer of an order, or all of them when no kind is named.

    With ``due_until`` a timer stays that has been armed anew, for a later time, since it was looked at.
    """

    order_id: UUID
    kind: str | None = None
    due_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """An effect outside the database. Messages with the same ordering key are delivered in order."""

    id: UUID
    topic: str
    payload: Row
    ordering_key: str | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    id: UUID
    actor: Actor
    action: str
    target_type: str
    target_id: UUID | None
    result: str = "done"
    reason: str | None = None
    detail: Row = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one command changes. Parts only accumulate; two decisions merge into one atomic write."""

    writes: tuple[Insert | Update, ...] = ()
    journals: tuple[Journal, ...] = ()
    events: tuple[Event, ...] = ()
    timers: tuple[Timer, ...] = ()
    cleared: tuple[ClearTimer, ...] = ()
    messages: tuple[Message, ...] = ()
    audits: tuple[Audit, ...] = ()

    @classmethod
    def joined(cls, parts: Sequence[Decision]) -> Decision:
        """Return several as one; writes keep their order, so the global lock order is the caller's order."""
        return cls(
            writes=tuple([write for part in parts for write in part.writes]),
            journals=tuple([journal for part in parts for journal in part.journals]),
            events=tuple([event for part in parts for event in part.events]),
            timers=tuple([timer for part in parts for timer in part.timers]),
            cleared=tuple([cleared for part in parts for cleared in part.cleared]),
            messages=tuple([message for part in parts for message in part.messages]),
            audits=tuple([audit for part in parts for audit in part.audits]),
        )

    def __add__(self, other: Decision) -> Decision:
        """Join two decisions; see :meth:`joined`."""
        return Decision.joined((self, other))
