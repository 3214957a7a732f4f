"""Asking for money: the bank account is management's, so the request comes in here; the rest is payment's."""

from functools import partial
from typing import Annotated

from fastapi import Response
from pydantic import Field

from kro.core.actor import AccountRestrictedError
from kro.core.decisions import InsufficientFundsError
from kro.core.guards import CurrentUser
from kro.core.http import IdempotencyKey, MoneyIn, Router, id_text, problems, send
from kro.core.ids import read_id
from kro.core.kyc import TierLimitExceededError
from kro.core.money import CurrencyMismatchError
from kro.kro_balance.domain import NoTaxRuleError
from kro.management.controller.dependencies import PayoutRequestsDep
from kro.management.domain.errors import BankAccountNotFoundError, PayoutsRestError
from kro.payment.domain import (
    AccountCoolingError,
    DebtOutstandingError,
    PayoutRead,
    PayoutVelocityError,
    render_payout,
)
from kro.verification.domain import STEP_UP_PROBLEMS, ProvenIn

router = Router(tags=["payouts"])


class PayoutIn(ProvenIn):
    bank_account_id: Annotated[str, id_text("bnk")] = Field(examples=["bnk_01kajz7k3nf9b8r2m4q6s8t0vw"])
    amount: MoneyIn = Field(description="What the bank account is to get; fee and stamp duty come on top.")


@router.post(
    "/payouts",
    status_code=202,
    response_model=PayoutRead,
    responses=problems(
        BankAccountNotFoundError,
        AccountRestrictedError,
        PayoutsRestError,
        InsufficientFundsError,
        CurrencyMismatchError,
        AccountCoolingError,
        DebtOutstandingError,
        TierLimitExceededError,
        PayoutVelocityError,
        NoTaxRuleError,
        *STEP_UP_PROBLEMS,
    ),
)
async def request_payout(
    body: PayoutIn, user: CurrentUser, key: IdempotencyKey, payouts: PayoutRequestsDep
) -> Response:
    """Ask for money from your balance. It is set aside at once and sent when it was approved, or at once if trusted."""
    return send(
        await payouts.request(
            bank_account_id=read_id("bnk", body.bank_account_id),
            amount=body.amount.to_money(),
            claim=body.claim(),
            actor=user,
            once=key.by(user.id),
            render=partial(render_payout, status=202),
        )
    )
