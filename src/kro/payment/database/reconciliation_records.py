"""Lines of statements, journals as they are compared with them, and what does not agree: frozen, framework-free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Standing


class Side(StrEnum):
    """Whose statement a line stands in."""

    PROVIDER = "provider"
    BANK = "bank"


class LineKind(StrEnum):
    """What a line says happened; ``bank`` is any movement on an account of ours at a bank."""

    CHARGE = "charge"
    TRANSFER = "transfer"
    TRANSFER_RETURN = "transfer_return"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    CHARGEBACK_RETURN = "chargeback_return"
    CHARGEBACK_FEE = "chargeback_fee"
    SETTLEMENT = "settlement"
    BANK = "bank"


PROVIDER_KINDS: Final = frozenset(LineKind) - {LineKind.BANK}
MONEY_IN: Final = frozenset({LineKind.CHARGE, LineKind.TRANSFER_RETURN, LineKind.CHARGEBACK_RETURN})
"""Kinds that raise what a provider owes us; all its others lower it."""


class BreakKind(StrEnum):
    MISSING_IN_LEDGER = "missing_in_ledger"
    MISSING_AT_PROVIDER = "missing_at_provider"
    MISSING_AT_BANK = "missing_at_bank"
    AMOUNT_DIFFERS = "amount_differs"
    CURRENCY_DIFFERS = "currency_differs"
    FEE_DIFFERS = "fee_differs"
    DUPLICATE = "duplicate"
    DUPLICATE_IN_LEDGER = "duplicate_in_ledger"
    UNMATCHED_BANK_LINE = "unmatched_bank_line"


class BreakStatus(StrEnum):
    """``resolved`` by a person; ``closed`` by itself, because both sides agree now."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"


class BreakResolution(StrEnum):
    CORRECTED_IN_LEDGER = "corrected_in_ledger"
    CORRECTED_OUTSIDE = "corrected_outside"
    TIMING = "timing"
    ACCEPTED_DIFFERENCE = "accepted_difference"
    NOT_OURS = "not_ours"


class RunStatus(StrEnum):
    REQUESTED = "requested"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RunOrigin(StrEnum):
    NIGHTLY = "nightly"
    ADMIN = "admin"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line as a statement tells it, in minor units: a negative ``amount`` lowered what that side holds for us.

    ``fee`` is what was kept on top, ``None`` where the statement does not say. A settlement's amount is what reached
    the bank, its fee what was kept from it and stands in no other line.
    """

    kind: LineKind
    reference: str
    currency: str
    amount: int
    occurred_at: datetime
    fee: int | None = None
    narration: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was read: complete for ``kinds`` between ``start`` and ``end``."""

    side: Side
    account: str
    kinds: frozenset[LineKind]
    start: datetime
    end: datetime
    lines: Sequence[StatementLine]
    file_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A stored line without a journal. ``answered`` says that another line of its reference has one already."""

    id: UUID
    side: Side
    account: str
    kind: LineKind
    reference: str
    currency: str
    amount: int
    fee: int | None
    occurred_at: datetime
    narration: str = field(default="", repr=False)
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Booked:
    """A journal that moved money at a provider, as statements would show it.

    ``amount`` is signed as a line's; ``at_bank`` is what it moved on ``bank_account``; ``fee`` is what was booked as
    the provider's fee for the same source. ``own_references`` are those we gave the provider.
    """

    journal_id: UUID
    kind: str
    provider: str
    reference: str
    own_references: tuple[str, ...]
    currency: str
    amount: int
    fee: int
    occurred_at: datetime
    at_bank: int = 0
    bank_account: str | None = None
    at_provider_known: bool = False
    at_bank_known: bool = False
    twins: tuple[str, ...] = ()
    """Kinds of other journals under the same reference that have their line already."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """A period for which the statements of an account are complete."""

    side: Side
    account: str
    kinds: frozenset[LineKind]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Books:
    """Everything a run compares: what has found no counterpart yet, and what the statements are complete for."""

    lines: Sequence[Line]
    booked: Sequence[Booked]
    coverage: Sequence[Coverage]


@dataclass(frozen=True, slots=True)
class Match:
    line_id: UUID
    journal_id: UUID
    side: Side


@dataclass(frozen=True, slots=True)
class Settled:
    """A provider's settlement and the bank line by which it arrived; not yet in the ledger."""

    line: Line
    bank_line: Line


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree: minor units of ``currency``, ``None`` for a side that says nothing."""

    kind: BreakKind
    side: Side
    account: str
    reference: str
    currency: str
    occurred_at: datetime
    in_ledger: int | None = None
    outside: int | None = None
    line_id: UUID | None = None
    journal_id: UUID | None = None

    @property
    def subject(self) -> str:
        """What names this discrepancy for ever: its kind and the line, or else the journal, it is about."""
        about = f"line/{self.line_id}" if self.line_id else f"journal/{self.journal_id}"
        return f"{self.kind}/{about}"


@dataclass(frozen=True, slots=True)
class Break:
    """A discrepancy in the queue."""

    id: UUID
    finding: Finding
    status: BreakStatus
    assigned_to: UUID | None
    resolution: BreakResolution | None
    note: str | None
    resolved_by: UUID | None
    opened_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class AskedBreak:
    """A break before an admin; ``assignee_works`` says that the admin it is to be given to is an active one."""

    standing: Standing
    found: Break | None
    assignee_works: bool


@dataclass(frozen=True, slots=True)
class RunState:
    """What a request for a run is decided on."""

    standing: Standing


@dataclass(frozen=True, slots=True)
class Import:
    """A statement in the books of statements."""

    id: UUID
    side: Side
    account: str
    origin: str
    kinds: tuple[LineKind, ...]
    start: datetime
    end: datetime
    state: str
    lines: int
    new_lines: int
    imported_by: str
    created_at: datetime
    loaded_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Run:
    """One comparison of everything; ``report`` is what it found besides breaks."""

    id: UUID
    origin: RunOrigin
    slot: date | None
    status: RunStatus
    requested_by: str
    lease_until: datetime | None
    matched: int
    opened: int
    closed: int
    report: Mapping[str, Any]
    created_at: datetime
    finished_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Safeguarding:
    """What customers are owed in one currency, and what covers it, in minor units."""

    currency: str
    owed: int
    at_providers: int
    at_banks: int
    opening: int
    """What opened the books and has no place yet; not covered, and zero once all of it is transferred."""

    @property
    def covered(self) -> int:
        return self.at_providers + self.at_banks

    @property
    def ratio_bps(self) -> int | None:
        """The part that is covered in basis points, rounded down; ``None`` when nothing is owed."""
        return None if self.owed <= 0 else self.covered * 10_000 // self.owed
