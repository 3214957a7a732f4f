"""People as admins see them: enough to recognize, the rest only for those who may."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from kro.core.http import MoneyOut, Output
from kro.core.ids import show_id
from kro.core.telemetry.masking import mask_email, mask_phone
from kro.kro_balance.domain import BalanceView
from kro.management.controller.views import UserRead
from kro.management.domain import UserFile, UserNote, UserRecord
from kro.order.domain import OrderStatus, Party

UserStatus = Literal["pending", "active", "suspended", "closed", "invited"]


class AdminUserRead(Output):
    """A person; phone and mail are masked."""

    id: str = Field(examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    phone: str | None = Field(examples=["+234******4567"])
    email: str | None = Field(examples=["b***@e***"])
    first_name: str
    last_name: str
    status: str = Field(examples=["active"])
    kyc_tier: int
    created_at: datetime

    @classmethod
    def of(cls, user: UserRecord) -> Self:
        return cls(
            id=show_id("usr", user.id),
            phone=mask_phone(user.phone) if user.phone else None,
            email=mask_email(user.email) if user.email else None,
            first_name=user.first_name,
            last_name=user.last_name,
            status=user.status,
            kyc_tier=user.kyc_tier,
            created_at=user.created_at,
        )


class AdminUserPersonalRead(AdminUserRead):
    """A person with phone and mail as they are."""

    @classmethod
    def of(cls, user: UserRecord) -> Self:
        shown = super().of(user)
        return shown.model_copy(update={"phone": user.phone, "email": user.email})


def masked_profile(user: UserRead) -> UserRead:
    """Return a user's own profile as it is shown to somebody else."""
    return user.model_copy(
        update={
            "phone": mask_phone(user.phone) if user.phone else None,
            "email": mask_email(user.email) if user.email else None,
        }
    )


class UserBalanceRead(Output):
    currency: str
    available: MoneyOut
    in_escrow: MoneyOut
    in_transit: MoneyOut
    reserved: MoneyOut
    owed: MoneyOut = Field(description="The debt; later income pays it first.")

    @classmethod
    def of(cls, view: BalanceView) -> Self:
        parts = ("available", "in_escrow", "in_transit", "reserved", "owed")
        return cls(
            currency=view.currency,
            **{name: MoneyOut(amount=getattr(view, name), currency=view.currency) for name in parts},
        )


class AdminUserFileRead(AdminUserRead):
    """A person with what they have going on."""

    orders: dict[Party, dict[OrderStatus, int]] = Field(description="Capped like the user's own counts.")
    orders_on_hold: int
    balances: list[UserBalanceRead]
    live_sessions: int
    last_login_at: datetime | None = Field(description="Of the sessions that were not ended since.")
    notes: int

    @classmethod
    def of_file(cls, file: UserFile) -> Self:
        return cls(
            **AdminUserRead.of(file.user).model_dump(),
            orders={party: dict(counts) for party, counts in file.orders.items()},
            orders_on_hold=file.facts.orders_on_hold,
            balances=[UserBalanceRead.of(view) for view in file.balances],
            live_sessions=file.facts.sessions,
            last_login_at=file.facts.last_login_at,
            notes=file.facts.notes,
        )


class EndedRead(Output):
    """How many sessions ended by it."""

    ended_sessions: int


class UserNoteRead(Output):
    """For admins alone."""

    id: str = Field(examples=["unt_01kajz7k3nf9b8r2m4q6s8t0vw"])
    admin_id: str = Field(examples=["adm_01kajz7k3nf9b8r2m4q6s8t0vw"])
    admin_name: str
    text: str
    created_at: datetime

    @classmethod
    def of(cls, note: UserNote) -> Self:
        return cls(
            id=show_id("unt", note.id),
            admin_id=show_id("adm", note.admin_id),
            admin_name=note.admin_name,
            text=note.text,
            created_at=note.created_at,
        )
