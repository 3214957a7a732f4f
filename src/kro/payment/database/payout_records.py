"""What stands around a payout: its history, and what people found out about a stuck one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kro.core.actor import Standing
from kro.payment.database.records import Payout, PayoutStatus


@dataclass(frozen=True, slots=True)
class PayoutEvent:
    """One status a payout had, and since when."""

    status: PayoutStatus
    failure_code: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class FollowedPayout:
    """A payout with every status it had, the oldest first."""

    payout: Payout
    history: tuple[PayoutEvent, ...]


@dataclass(frozen=True, slots=True)
class AdminPayout:
    """A payout as admins see it; ``approval_hash`` is what an approval has to repeat.

    ``next_id`` is the one that waits after it, where a queue is worked through.
    """

    payout: Payout
    user_name: str
    approval_hash: str
    next_id: UUID | None = None
    history: tuple[PayoutEvent, ...] = ()


class ResolutionOutcome(StrEnum):
    """How a stuck payout ended as people found out; ``noted`` moves no money, which was put right elsewhere."""

    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"
    NOTED = "noted"


class ResolutionStatus(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What one person found out about a payout; ``provider_reference`` names the movement at the provider or bank."""

    id: UUID
    payout_id: UUID
    outcome: ResolutionOutcome
    provider_reference: str | None
    note: str = field(repr=False)
    status: ResolutionStatus
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class ResolutionState:
    """A stuck payout before an admin, with what somebody proposed and this admin's last spent TOTP step.

    ``is_reference_used`` says that the evidence's reference belongs to another payout.
    """

    standing: Standing
    payout: Payout | None
    user_name: str
    resolution: Resolution | None
    is_own: bool
    is_reference_used: bool
    last_used_step: int


@dataclass(frozen=True, slots=True)
class StuckPayout:
    """A payout that waits for people. ``resolution_hash`` is what confirming the open proposal has to repeat."""

    payout: Payout
    user_name: str
    resolution: Resolution | None
    resolution_hash: str | None
