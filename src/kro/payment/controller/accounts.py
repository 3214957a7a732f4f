"""Bank accounts in a user's name: whatever is paid to one is added to the balance."""

from datetime import datetime
from typing import Annotated, Self, cast

from fastapi import Depends, Request, Response
from pydantic import Field

from kro.core.decisions import Reply
from kro.core.guards import CurrentUser
from kro.core.http import Currency, IdempotencyKey, Input, JSONBytes, Output, Router, problems, send
from kro.core.ids import show_id
from kro.payment.domain import (
    AccountLending,
    AccountLentError,
    AccountStatus,
    LentAccount,
    NoProviderError,
    ProviderName,
    ProviderNotOfferedError,
)

router = Router(prefix="/balance/accounts", tags=["balance"])


class AccountIn(Input):
    currency: Currency = "NGN"
    provider: ProviderName | None = Field(default=None, description="Who lends it; the best one when left out.")


class AccountRead(Output):
    """An account to pay to at any time, any amount."""

    id: str = Field(examples=["vac_06b1n2p3q4r5s6t7v8w9x0y1z2"])
    provider: str = Field(examples=["providus"])
    currency: str
    status: AccountStatus = Field(description="The number appears when it is `active`. More may come.")
    account_number: str | None = Field(examples=["9977577067"])
    account_name: str | None
    bank_name: str | None
    failure_code: str | None
    created_at: datetime

    @classmethod
    def of(cls, account: LentAccount) -> Self:
        return cls(
            id=show_id("vac", account.id),
            provider=account.provider,
            currency=account.currency,
            status=account.status,
            account_number=account.account_number,
            account_name=account.account_name,
            bank_name=account.bank_name,
            failure_code=account.failure_code,
            created_at=account.created_at,
        )


class AccountsRead(Output):
    data: list[AccountRead]


async def _lending(request: Request) -> AccountLending:
    return cast("AccountLending", request.app.state.lending)


LendingDep = Annotated[AccountLending, Depends(_lending)]


def _render(account: LentAccount) -> Reply:
    return Reply(status=202, body=AccountRead.of(account).model_dump_json().encode())


@router.get("", response_model=AccountsRead)
async def list_accounts(user: CurrentUser, lending: LendingDep) -> Response:
    """List the accounts that are lent to you."""
    found = await lending.list(actor=user)
    return JSONBytes.of(AccountsRead(data=[AccountRead.of(account) for account in found]))


@router.post(
    "",
    status_code=202,
    response_model=AccountRead,
    responses=problems(AccountLentError, NoProviderError, ProviderNotOfferedError),
)
async def request_account(body: AccountIn, user: CurrentUser, key: IdempotencyKey, lending: LendingDep) -> Response:
    """Have an account lent to you for good; its number follows in a moment."""
    return send(
        await lending.request(
            currency=body.currency, provider=body.provider, actor=user, once=key.by(user.id), render=_render
        )
    )
