"""People and bank accounts as they were loaded: frozen, and free of any framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kro.payment.domain import NameMatch


@dataclass(frozen=True, slots=True)
class UserView:
    id: UUID
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    email_verified: bool
    first_name: str
    last_name: str
    status: str
    kyc_tier: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AdminView:
    id: UUID
    email: str = field(repr=False)
    name: str
    role: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a password is compared with. ``countries`` are those that sessions were opened from, as far as known."""

    id: UUID
    status: str
    password_hash: str = field(repr=False)
    has_factor: bool = False
    countries: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody found by phone number: enough to recognize, not enough to collect."""

    id: UUID
    display_name: str


@dataclass(frozen=True, slots=True)
class NewUser:
    id: UUID
    email: str | None = field(repr=False)
    first_name: str
    last_name: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BankAccount:
    """A user's bank account; the number stays sealed."""

    id: UUID
    user_id: UUID
    bank_code: str
    bank_name: str
    account_number_sealed: str = field(repr=False)
    account_number_index: str = field(repr=False)
    account_number_last4: str
    account_name: str = field(repr=False)
    currency: str
    usable_from: datetime
    created_at: datetime
    name_match: NameMatch

    @property
    def masked_number(self) -> str:
        return f"******{self.account_number_last4}"


@dataclass(frozen=True, slots=True)
class AccountsOfUser:
    """What adding a bank account depends on; ``known`` says whether it is one of the live ones."""

    live: int
    known: bool
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
