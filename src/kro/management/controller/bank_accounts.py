"""Where a user's money may be paid out to."""

from __future__ import annotations

from fastapi import Response

from kro.core.errors import KroError
from kro.core.guards import ActiveUser, CurrentUser
from kro.core.http import Currency, IdempotencyKey, JSONBytes, Router, problems, send
from kro.core.ids import read_id
from kro.core.rate_limit import RateLimitedError
from kro.management.controller.dependencies import BankAccountsDep
from kro.management.controller.inputs import AccountNumberIn, BankAccountIn
from kro.management.controller.views import (
    AccountNameRead,
    BankAccountList,
    BankAccountRead,
    BankList,
    render_bank_account,
)
from kro.management.domain import AccountNumber
from kro.management.domain.errors import (
    AccountNotResolvedError,
    BankAccountExistsError,
    BankAccountNotFoundError,
    TooManyBankAccountsError,
    UnknownBankError,
)
from kro.payment.domain import ProviderUnavailableError
from kro.verification.domain import STEP_UP_PROBLEMS

router = Router(tags=["bank accounts"])

_ASKED: tuple[type[KroError], ...] = (
    UnknownBankError,
    AccountNotResolvedError,
    RateLimitedError,
    ProviderUnavailableError,
)


@router.get("/banks", response_model=BankList, responses=problems(ProviderUnavailableError))
async def list_banks(user: ActiveUser, banks: BankAccountsDep, currency: Currency = "NGN") -> JSONBytes:  # noqa: ARG001 - the guard
    """List the banks that can be paid to, by name."""
    return JSONBytes.of(BankList.of(await banks.banks(currency=currency)))


@router.post("/me/bank-accounts/resolve", response_model=AccountNameRead, responses=problems(*_ASKED))
async def resolve_account(body: AccountNumberIn, user: ActiveUser, banks: BankAccountsDep) -> JSONBytes:
    """Ask the bank whose account it is, to show before it is added."""
    found = await banks.resolve(AccountNumber(body.bank_code, body.account_number), actor=user)
    return JSONBytes.of(AccountNameRead(account_name=found.account_name, name_match=found.name_match))


@router.post(
    "/me/bank-accounts",
    status_code=201,
    response_model=BankAccountRead,
    responses=problems(*_ASKED, BankAccountExistsError, TooManyBankAccountsError, *STEP_UP_PROBLEMS),
)
async def add_account(body: BankAccountIn, user: CurrentUser, key: IdempotencyKey, banks: BankAccountsDep) -> Response:
    """Add a bank account of yours, with a fresh proof (`step_up`).

    Its bank is asked for the name; money may go there after a cooling time.
    """
    account = AccountNumber(body.bank_code, body.account_number)
    return send(
        await banks.add(account, claim=body.claim(), actor=user, once=key.by(user.id), render=render_bank_account)
    )


@router.get("/me/bank-accounts", response_model=BankAccountList)
async def list_accounts(user: ActiveUser, banks: BankAccountsDep) -> JSONBytes:
    """List your bank accounts, the newest first."""
    return JSONBytes.of(BankAccountList(data=[BankAccountRead.of(account) for account in await banks.list(user)]))


@router.delete(
    "/me/bank-accounts/{bank_account_id}",
    status_code=204,
    responses=problems(BankAccountNotFoundError),
)
async def remove_account(bank_account_id: str, user: ActiveUser, banks: BankAccountsDep) -> Response:
    """Remove a bank account; payouts on their way there arrive."""
    await banks.remove(read_id("bnk", bank_account_id), actor=user)
    return Response(status_code=204)
