"""Identity checks as they were loaded: frozen, the number sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from kro.core.actor import Standing
from kro.core.kyc.identity import IdentityKind, Names


class CheckStatus(StrEnum):
    """``pending``: the register is being asked. ``review``: people decide. The others are the end."""

    PENDING = "pending"
    REVIEW = "review"
    VERIFIED = "verified"
    REFUSED = "refused"


class CheckCause(StrEnum):
    """Why a check is where it is; only admins see it."""

    AGREES = "agrees"
    NAMES_DIFFER = "names_differ"
    NAMES_UNLIKE = "names_unlike"
    BIRTH_DIFFERS = "birth_differs"
    BIRTH_UNKNOWN = "birth_unknown"
    VENDOR_MISMATCH = "vendor_mismatch"
    NOT_FOUND = "not_found"
    NUMBER_IN_USE = "number_in_use"
    PROVIDER_REFUSED = "provider_refused"
    PROVIDER_SILENT = "provider_silent"
    ACCOUNT_FROZEN = "account_frozen"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """One number a user gave. ``key`` wraps the data key of ``number`` and ``record``; both go when it is refused."""

    id: UUID
    user_id: UUID
    kind: IdentityKind
    status: CheckStatus
    cause: CheckCause | None
    number_key: str | None = field(repr=False)
    number_sealed: str | None = field(repr=False)
    record_sealed: str | None = field(repr=False)
    number_index: str = field(repr=False)
    last4: str
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    middle_name: str | None = field(repr=False)
    score: int | None
    provider: str | None
    provider_reference: str | None
    consent_id: UUID
    attempts: int
    next_attempt_at: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str | None
    version: int
    created_at: datetime

    @property
    def names(self) -> Names:
        return Names(self.first_name, self.last_name, self.middle_name)

    @property
    def masked_number(self) -> str:
        return f"*******{self.last4}"

    @property
    def is_open(self) -> bool:
        return self.status in {CheckStatus.PENDING, CheckStatus.REVIEW}


@dataclass(frozen=True, slots=True)
class SubmissionState:
    """A user before they give a number: ``checks`` are their own, newest first."""

    standing: Standing
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    checks: tuple[IdentityCheck, ...]


@dataclass(frozen=True, slots=True)
class CheckState:
    """What deciding about a check needs. ``verified`` are the kinds of numbers already proven for its owner.

    ``names_kept`` says that the owner is still called what the check was about.
    ``in_use`` says that another account has been verified with the same number, ``is_own`` that the admin who asks is
    the owner, and ``standing`` is the admin's.
    """

    check: IdentityCheck | None
    user_tier: int = 0
    user_version: int = 1
    phone_known: bool = False
    verified: frozenset[IdentityKind] = frozenset()
    in_use: bool = False
    is_frozen: bool = False
    names_kept: bool = True
    is_own: bool = False
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class TierState:
    """A user whose tier an admin sets."""

    standing: Standing
    user_id: UUID | None
    tier: int
    version: int
    is_own: bool


@dataclass(frozen=True, slots=True)
class Secret:
    """What is sealed of a check: the number and the birthday its owner gave with it."""

    number: str = field(repr=False)
    born: date = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckFile:
    """A check as its reviewer reads it: the names on record and both birthdays in clear, the number never."""

    check: IdentityCheck
    user_name: str = field(repr=False)
    user_tier: int
    born: date | None = field(repr=False)
    recorded_names: str | None = field(repr=False)
    recorded_born: date | None = field(repr=False)
