"""An order's thread as it was loaded: frozen, with everything its decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kro.order.database.thread_words import Author, MessageWarning, ReportCategory


@dataclass(frozen=True, slots=True)
class Message:
    """The row of ``order_messages``, column by column; ``original`` and ``shown`` differ where something is hidden."""

    id: UUID
    order_id: UUID
    seq: int
    author_kind: Author
    author_id: UUID
    original: str
    shown: str
    warnings: tuple[MessageWarning, ...]
    evidence_ids: tuple[UUID, ...]
    notified: bool
    created_at: datetime
    redacted_at: datetime | None
    version: int

    @property
    def is_masked(self) -> bool:
        return self.original != self.shown


@dataclass(frozen=True, slots=True)
class ThreadState:
    """What one load query brought, as one party sees it.

    ``last_seq`` is that of the newest message, ``notified_at`` when the viewer last wrote something the other party
    was mailed about; ``evidence_ids`` are those asked for that the order has; ``blocked`` is set when either party
    wants nothing more of the other.
    """

    order_id: UUID
    buyer_id: UUID
    seller_id: UUID
    title: str
    currency: str
    amount: int
    ended: bool
    viewer: Author
    last_seq: int
    notified_at: datetime | None
    blocked: bool
    evidence_ids: frozenset[UUID]

    @property
    def other_id(self) -> UUID:
        return self.seller_id if self.viewer is Author.BUYER else self.buyer_id


@dataclass(frozen=True, slots=True)
class MessageState:
    """One message of an order of the actor's; ``reported`` is set when the actor has reported it already."""

    message: Message
    buyer_id: UUID
    seller_id: UUID
    contested: bool
    reported: bool


@dataclass(frozen=True, slots=True)
class MessageReport:
    """The row of ``message_reports``, column by column."""

    id: UUID
    message_id: UUID
    reported_by: UUID
    category: ReportCategory
    note: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReportedMessage:
    """A report as admins see it, with the message as it was written."""

    report: MessageReport
    message: Message
    reporter_name: str
    author_name: str


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody a user wants nothing more of."""

    user_id: UUID
    display_name: str
    created_at: datetime
