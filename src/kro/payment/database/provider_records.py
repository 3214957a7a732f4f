"""What admins let providers do, accounts lent for good, and money that came in on any of them: as loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kro.core.actor import Standing
from kro.payment.database.records import Payment


class Direction(StrEnum):
    COLLECTIONS = "collections"
    PAYOUTS = "payouts"


class SwitchState(StrEnum):
    """``draining`` takes nothing new and finishes what it was given; ``disabled`` begins nothing at all.

    What a provider has taken already is always followed to its end.
    """

    ENABLED = "enabled"
    DRAINING = "draining"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Switch:
    id: UUID
    provider: str
    direction: Direction
    state: SwitchState
    reason: str
    changed_by: UUID
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SwitchChange:
    """A switch before an admin; ``None`` while nobody has ever touched it."""

    standing: Standing
    switch: Switch | None


class AccountStatus(StrEnum):
    REQUESTED = "requested"
    ACTIVE = "active"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LentAccount:
    """An account a provider lends to a user for good; nobody knows its number before it is active."""

    id: UUID
    user_id: UUID
    provider: str
    currency: str
    reference: str
    status: AccountStatus
    provider_reference: str | None
    account_number: str | None
    account_name: str | None
    bank_name: str | None
    failure_code: str | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """A user who asks for an account, with what was lent to them for the currency before."""

    standing: Standing
    lent: tuple[LentAccount, ...]


@dataclass(frozen=True, slots=True)
class AccountHolderState:
    """An account that is to be lent, and whose name it carries."""

    account: LentAccount
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Inflow:
    """What we know of money that arrived: the payment it names, and the user whose account it came to.

    ``is_known`` says that it is on record already, as a payment or in suspense, and ``is_lent_once`` that the account
    it came to was lent for a payment at some time.
    """

    payment: Payment | None
    owner_id: UUID | None
    is_known: bool
    is_lent_once: bool = False
