"""Sanctions as they were loaded: frozen, and free of any framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kro.core.actor import Standing
from kro.core.sanctions import ListFormat
from kro.management.database.identity_records import IdentityCheck


class MatchStatus(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class SanctionMatch:
    """Somebody of ours who may be on a list, and what people decided about it."""

    id: UUID
    user_id: UUID
    list_code: str
    list_id: UUID
    entry_ref: str
    listed_name: str = field(repr=False)
    compared_name: str = field(repr=False)
    source: str
    score: int
    likely: bool
    status: MatchStatus
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str | None
    version: int
    created_at: datetime

    @property
    def comparison(self) -> tuple[str, str, str, str]:
        return self.list_code, self.entry_ref, self.listed_name, self.compared_name


@dataclass(frozen=True, slots=True)
class Freeze:
    id: UUID
    user_id: UUID
    match_id: UUID | None
    placed_by: UUID | None
    placed_at: datetime
    reason: str
    lifted_by: UUID | None
    lift_approved_by: UUID | None
    lifted_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class ScreenedUser:
    """A user with every name of theirs that is compared with the lists; ``verified`` holds the birthday, sealed."""

    id: UUID
    version: int
    name: str = field(repr=False)
    account_names: tuple[str, ...] = field(repr=False)
    is_frozen: bool
    verified: IdentityCheck | None
    matches: tuple[SanctionMatch, ...]


@dataclass(frozen=True, slots=True)
class MatchState:
    """What deciding about a match needs."""

    standing: Standing
    match: SanctionMatch | None
    freeze: Freeze | None
    user_version: int
    is_own: bool


@dataclass(frozen=True, slots=True)
class FreezeState:
    """A freeze that two people lift, the match behind it, and its user's version."""

    freeze: Freeze | None
    match: SanctionMatch | None
    user_version: int
    related_admins: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class MatchFile:
    """A match with its owner's name, for the queue."""

    match: SanctionMatch
    user_name: str = field(repr=False)
    freeze_id: UUID | None


@dataclass(frozen=True, slots=True)
class SanctionList:
    """One import of a list."""

    id: UUID
    code: str
    format: ListFormat
    sha256: str
    status: str
    entries: int
    names: int
    unreadable: int
    problems: tuple[str, ...]
    imported_at: datetime
    imported_by: UUID | None
    screened_at: datetime | None
