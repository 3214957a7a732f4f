"""What clients are told about people and their bank accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from kro.core.auth.sessions import SessionView, Tokens
from kro.core.decisions import Reply
from kro.core.http import Output
from kro.core.ids import show_id
from kro.management.domain import AdminLoggedIn, AdminView, BankAccount, LoggedIn, UserView
from kro.payment.domain import Bank, NameMatch
from kro.verification.domain import Challenge


class RegistrationStarted(Output):
    challenge_id: str = Field(examples=["otp_01kajz7k3nf9b8r2m4q6s8t0vw"])
    expires_in_seconds: int = Field(examples=[300])
    resend_after_seconds: int = Field(examples=[60])

    @classmethod
    def of(cls, challenge: Challenge) -> Self:
        return cls(
            challenge_id=show_id("otp", challenge.id),
            expires_in_seconds=challenge.expires_in_seconds,
            resend_after_seconds=challenge.resend_after_seconds,
        )


class Verified(Output):
    verified: Literal[True] = True


class UserRead(Output):
    id: str = Field(examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    phone: str | None = Field(examples=["+2348031234567"], description="None yet, if the account came by mail.")
    email: str | None
    email_verified: bool = Field(description="Whether the address was proven, so that it may open the account.")
    first_name: str
    last_name: str
    status: Literal["pending", "active", "suspended", "closed"]
    kyc_tier: int = Field(ge=0, le=3, description="How well the person is known; limits grow with it.")
    created_at: datetime

    @classmethod
    def of(cls, user: UserView) -> Self:
        return cls.model_validate(
            {
                "id": show_id("usr", user.id),
                "phone": user.phone,
                "email": user.email,
                "email_verified": user.email_verified,
                "first_name": user.first_name,
                "last_name": user.last_name,
                "status": user.status,
                "kyc_tier": user.kyc_tier,
                "created_at": user.created_at,
            }
        )


class TokensRead(Output):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name
    expires_in_seconds: int = Field(examples=[600])
    refresh_token: str = Field(description="Good for one refresh; keep the new one.")


class LoginRead(TokensRead):
    user: UserRead

    @classmethod
    def of(cls, logged_in: LoggedIn) -> Self:
        return cls(**_token_fields(logged_in.tokens), user=UserRead.of(logged_in.user))


class AdminRead(Output):
    id: str = Field(examples=["adm_01kajz7k3nf9b8r2m4q6s8t0vw"])
    email: str
    name: str
    role: str = Field(examples=["approver"])
    permissions: list[str] = Field(examples=[["payouts.read", "payouts.approve"]])

    @classmethod
    def of(cls, admin: AdminView) -> Self:
        return cls(
            id=show_id("adm", admin.id),
            email=admin.email,
            name=admin.name,
            role=admin.role,
            permissions=list(admin.permissions),
        )


class AdminLoginRead(TokensRead):
    admin: AdminRead

    @classmethod
    def of(cls, logged_in: AdminLoggedIn) -> Self:
        return cls(**_token_fields(logged_in.tokens), admin=AdminRead.of(logged_in.admin))


class SessionRead(Output):
    id: str = Field(examples=["ses_01kajz7k3nf9b8r2m4q6s8t0vw"])
    current: bool
    ip: str | None
    country: str | None = Field(examples=["NG"], description="Where the address probably is; null when unknown.")
    user_agent: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


class SessionList(Output):
    data: list[SessionRead]

    @classmethod
    def of(cls, sessions: Sequence[SessionView], *, current: UUID | None) -> Self:
        return cls(
            data=[
                SessionRead(
                    id=show_id("ses", session.id),
                    current=session.id == current,
                    ip=session.ip,
                    country=session.country,
                    user_agent=session.user_agent,
                    created_at=session.created_at,
                    last_used_at=session.last_used_at,
                    expires_at=session.expires_at,
                )
                for session in sessions
            ]
        )


class MatchRead(Output):
    id: str = Field(examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    display_name: str = Field(examples=["Demo S."])


class BankRead(Output):
    code: str = Field(examples=["058"])
    name: str = Field(examples=["Guaranty Trust Bank"])


class BankList(Output):
    data: list[BankRead]

    @classmethod
    def of(cls, banks: Sequence[Bank]) -> Self:
        return cls(data=[BankRead(code=bank.code, name=bank.name) for bank in banks])


class AccountNameRead(Output):
    account_name: str
    name_match: NameMatch = Field(description="How it compares with your name here.")


class BankAccountRead(Output):
    id: str = Field(examples=["bnk_01kajz7k3nf9b8r2m4q6s8t0vw"])
    bank_code: str
    bank_name: str
    account_number: str = Field(examples=["******6789"])
    account_name: str
    currency: str = Field(examples=["NGN"])
    name_match: NameMatch = Field(description="How the account's name compares with yours here.")
    usable_from: datetime = Field(description="From when on money may be paid out to it.")

    @classmethod
    def of(cls, account: BankAccount) -> Self:
        return cls(
            id=show_id("bnk", account.id),
            bank_code=account.bank_code,
            bank_name=account.bank_name,
            account_number=account.masked_number,
            account_name=account.account_name,
            currency=account.currency,
            name_match=account.name_match,
            usable_from=account.usable_from,
        )


class BankAccountList(Output):
    data: list[BankAccountRead]


def render_bank_account(account: BankAccount) -> Reply:
    """Return the finished answer to an account that was added."""
    return Reply(status=201, body=BankAccountRead.of(account).model_dump_json().encode())


def _token_fields(tokens: Tokens) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token,
        "expires_in_seconds": tokens.expires_in_seconds,
        "refresh_token": tokens.refresh_token,
    }
