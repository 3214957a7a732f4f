from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from kro.management.domain import Accounts, AdminAccess, BankAccounts, PayoutRequests


def get_accounts(request: Request) -> Accounts:
    return cast("Accounts", request.app.state.accounts)


def get_admin_access(request: Request) -> AdminAccess:
    return cast("AdminAccess", request.app.state.admin_access)


def get_bank_accounts(request: Request) -> BankAccounts:
    return cast("BankAccounts", request.app.state.bank_accounts)


def get_payout_requests(request: Request) -> PayoutRequests:
    return cast("PayoutRequests", request.app.state.payout_requests)


AccountsDep = Annotated[Accounts, Depends(get_accounts)]
AdminAccessDep = Annotated[AdminAccess, Depends(get_admin_access)]
BankAccountsDep = Annotated[BankAccounts, Depends(get_bank_accounts)]
PayoutRequestsDep = Annotated[PayoutRequests, Depends(get_payout_requests)]
