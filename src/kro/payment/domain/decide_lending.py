"""An account for good, lent to a user by a provider: whatever is paid to it is a top-up of the balance."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Final

from kro.core.decisions import Decision, Insert, Message, Outcome, Update
from kro.core.errors import KroError
from kro.payment.database.provider_records import AccountRequest, AccountStatus, LentAccount
from kro.payment.domain.announcements import account_updated
from kro.payment.domain.choice import Board
from kro.payment.domain.context import Context
from kro.payment.providers.references import provider_reference_for
from kro.payment.providers.results import FailedDefinitively, NotSent, Pending, Unknown
from kro.payment.providers.virtual_accounts import VirtualAccountIssued, VirtualAccountResult

_NOT_TOLD: Final = "account_not_told"


class AccountLentError(KroError):
    """There is such an account already, or it is being set up."""

    code = "virtual_account_exists"


def decide_request(
    request: AccountRequest, *, currency: str, wish: str | None, board: Board, context: Context
) -> Outcome[LentAccount]:
    """Have an account lent to the actor; the worker asks the provider.

    :raises AccountLentError: when the provider has lent them one for this currency, or is about to.
    :raises ProviderNotOfferedError: when the wished provider lends none.
    :raises NoProviderError: when no provider does.
    """
    request.standing.ensure_active()
    provider = board.lender(currency, wish=wish)
    if any(one.provider == provider and one.status is not AccountStatus.FAILED for one in request.lent):
        raise AccountLentError
    account_id = context.new_id()
    account = LentAccount(
        id=account_id,
        user_id=context.actor.id,
        provider=provider,
        currency=currency,
        reference=provider_reference_for(account_id),
        status=AccountStatus.REQUESTED,
        provider_reference=None,
        account_number=None,
        account_name=None,
        bank_name=None,
        failure_code=None,
        version=1,
        created_at=context.now,
        updated_at=context.now,
    )
    decision = Decision(
        writes=(Insert("virtual_accounts", (asdict(account),)),),
        messages=(Message(id=context.new_id(), topic="account.lend", payload={"account_id": account_id}),),
    )
    return Outcome(decision, account)


def decide_lent(account: LentAccount, answer: VirtualAccountResult, *, context: Context) -> Outcome[LentAccount]:
    """Record the account, or why there is none. One that is on record stays; a number not told is nobody's."""
    if account.status is not AccountStatus.REQUESTED:
        return Outcome(Decision(), account)
    match answer:
        case VirtualAccountIssued(account=lent):
            ended = replace(
                account,
                status=AccountStatus.ACTIVE,
                provider_reference=lent.provider_reference,
                account_number=lent.account_number,
                account_name=lent.account_name,
                bank_name=lent.bank_name,
            )
        case FailedDefinitively(code=code):
            ended = replace(account, status=AccountStatus.FAILED, failure_code=code)
        case Unknown() | Pending():
            # Asking again could have a second one lent: this one is told to nobody.
            ended = replace(account, status=AccountStatus.FAILED, failure_code=_NOT_TOLD)
        case NotSent():
            return Outcome(Decision(), account)
    changes = {
        "status": ended.status,
        "provider_reference": ended.provider_reference,
        "account_number": ended.account_number,
        "account_name": ended.account_name,
        "bank_name": ended.bank_name,
        "failure_code": ended.failure_code,
        "updated_at": context.now,
    }
    decision = Decision(
        writes=(Update("virtual_accounts", account.id, account.version, changes),),
        messages=(account_updated(ended, context=context),),
    )
    return Outcome(decision, ended)
