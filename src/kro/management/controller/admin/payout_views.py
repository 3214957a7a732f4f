"""What admins are told about payouts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from kro.core.decisions import Reply
from kro.core.http import Output
from kro.core.ids import show_id
from kro.payment.domain import (
    AdminPayout,
    AlarmKind,
    NameMatch,
    PayoutEventRead,
    PayoutRead,
    Resolution,
    ResolutionOutcome,
    StuckPayout,
    approval_hash,
)


class PayoutOwnerRead(Output):
    id: str = Field(examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    display_name: str


class ApprovalRead(Output):
    admin_id: str = Field(examples=["adm_01kajz7k3nf9b8r2m4q6s8t0vw"])
    at: datetime


class AdminPayoutRead(PayoutRead):
    """A payout as admins see it."""

    user: PayoutOwnerRead
    name_match: NameMatch | None = Field(description="How the account's name compares with the owner's.")
    approvals_required: int = Field(description="0 where it was approved by rule.")
    approvals: list[ApprovalRead]
    approval_hash: str = Field(description="Covers payout, amounts and account; an approval repeats it.")

    @classmethod
    def of_seen(cls, seen: AdminPayout) -> Self:
        payout = seen.payout
        return cls(
            **dict(PayoutRead.of(payout)),
            user=PayoutOwnerRead(id=show_id("usr", payout.user_id), display_name=seen.user_name),
            name_match=payout.name_match,
            approvals_required=payout.approvals_required,
            approvals=[
                ApprovalRead(admin_id=show_id("adm", approval.admin_id), at=approval.at)
                for approval in payout.approvals
            ],
            approval_hash=seen.approval_hash,
        )


class DecidedPayoutRead(AdminPayoutRead):
    """A payout that was just decided about, and where to go on."""

    next: str | None = Field(
        description="The payout that waits for you next, if there is one.",
        examples=["pyt_01kajz7k3nf9b8r2m4q6s8t0vw"],
    )

    @classmethod
    def of_decided(cls, seen: AdminPayout) -> Self:
        shown = show_id("pyt", seen.next_id) if seen.next_id is not None else None
        return cls(**dict(AdminPayoutRead.of_seen(seen)), next=shown)


class FollowedAdminPayoutRead(AdminPayoutRead):
    """A payout as admins see it, and how far it has come."""

    history: list[PayoutEventRead]

    @classmethod
    def of_followed(cls, seen: AdminPayout) -> Self:
        history = [PayoutEventRead.of(event) for event in seen.history]
        return cls(**dict(AdminPayoutRead.of_seen(seen)), history=history)


class RejectedRead(Output):
    """Which payouts of a list were refused; the others did not await approval any more."""

    rejected: list[str] = Field(examples=[["pyt_01kajz7k3nf9b8r2m4q6s8t0vw"]])


class ResolutionRead(Output):
    """How a stuck payout ended, as one admin says."""

    id: str = Field(examples=["res_01kajz7k3nf9b8r2m4q6s8t0vw"])
    outcome: ResolutionOutcome
    provider_reference: str | None
    note: str
    proposed_by: str = Field(examples=["adm_01kajz7k3nf9b8r2m4q6s8t0vw"])
    proposed_at: datetime

    @classmethod
    def of(cls, resolution: Resolution) -> Self:
        return cls(
            id=show_id("res", resolution.id),
            outcome=resolution.outcome,
            provider_reference=resolution.provider_reference,
            note=resolution.note,
            proposed_by=show_id("adm", resolution.proposed_by),
            proposed_at=resolution.proposed_at,
        )


class AlarmRead(Output):
    """Why people were told about a payout."""

    kind: AlarmKind
    raised_at: datetime
    settled_at: datetime | None


class StuckPayoutRead(AdminPayoutRead):
    """A payout that waits for two people."""

    provider_reference: str | None = Field(description="The provider's own, as far as it gave one.")
    attempt_reference: str | None = Field(description="What the provider knows the transfer by: ask it about this one.")
    alarms: list[AlarmRead]
    resolution: ResolutionRead | None = Field(description="What somebody proposed and another person has to confirm.")
    resolution_hash: str | None = Field(description="Covers payout and proposal; confirming repeats it.")

    @classmethod
    def of_stuck(cls, stuck: StuckPayout) -> Self:
        payout = stuck.payout
        seen = AdminPayout(payout=payout, user_name=stuck.user_name, approval_hash=approval_hash(payout))
        return cls(
            **dict(AdminPayoutRead.of_seen(seen)),
            provider_reference=payout.provider_reference,
            attempt_reference=payout.attempt.reference if payout.attempt is not None else None,
            alarms=[
                AlarmRead(kind=alarm.kind, raised_at=alarm.raised_at, settled_at=alarm.settled_at)
                for alarm in payout.alarms
            ],
            resolution=ResolutionRead.of(stuck.resolution) if stuck.resolution is not None else None,
            resolution_hash=stuck.resolution_hash,
        )


def render_decided_payout(seen: AdminPayout) -> Reply:
    """Return the finished answer to an approval or a rejection."""
    return Reply(status=200, body=DecidedPayoutRead.of_decided(seen).model_dump_json().encode())


def render_rejected(payout_ids: Sequence[UUID]) -> Reply:
    """Return the finished answer to a list of rejections."""
    shown = RejectedRead(rejected=[show_id("pyt", payout_id) for payout_id in payout_ids])
    return Reply(status=200, body=shown.model_dump_json().encode())


def render_stuck(stuck: StuckPayout, *, status: int = 200) -> Reply:
    """Return the finished answer to a proposal about a stuck payout, or to its end."""
    return Reply(status=status, body=StuckPayoutRead.of_stuck(stuck).model_dump_json().encode())
