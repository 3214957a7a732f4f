"""Adding a bank account, decided on loaded facts. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.decisions import Audit, Decision, Insert, Message, Outcome
from kro.core.ids import IdSource
from kro.core.notices import Reader, notice
from kro.management.database.records import AccountsOfUser, BankAccount
from kro.management.domain.errors import AccountNotResolvedError, BankAccountExistsError, TooManyBankAccountsError
from kro.management.domain.name_match import match_names
from kro.management.domain.screening_message import screening

MAX_ACCOUNTS: Final = 10
_LAGOS: Final = timezone(timedelta(hours=1), "Africa/Lagos")


@dataclass(frozen=True, slots=True)
class VerifiedAccount:
    """What the bank confirmed, the number already sealed for the row ``id``."""

    id: UUID
    bank_code: str
    bank_name: str
    number_sealed: str = field(repr=False)
    number_index: str = field(repr=False)
    last4: str
    account_name: str = field(repr=False)
    currency: str


@dataclass(frozen=True, slots=True)
class Addition:
    """The user's accounts, and the new one as its bank confirmed it; ``None`` when the bank knows no such account."""

    accounts: AccountsOfUser
    verified: VerifiedAccount | None


def is_addable(accounts: AccountsOfUser) -> bool:
    """Say whether it is worth asking the bank."""
    return not accounts.known and accounts.live < MAX_ACCOUNTS


def decide_bank_account(
    addition: Addition, *, cooling: timedelta, actor: Actor, ids: IdSource, now: datetime
) -> Outcome[BankAccount]:
    """Write an account, how its name compares with the owner's, and its audit row, and tell the owner.

    Money may go there when it has cooled.

    :raises BankAccountExistsError: when the account is already one of the user's.
    :raises TooManyBankAccountsError: when the user has as many as there may be.
    :raises AccountNotResolvedError: when the bank does not know the number.
    """
    accounts, verified = addition.accounts, addition.verified
    if accounts.known:
        raise BankAccountExistsError
    if accounts.live >= MAX_ACCOUNTS:
        raise TooManyBankAccountsError
    if verified is None:
        raise AccountNotResolvedError
    account = BankAccount(
        id=verified.id,
        user_id=actor.id,
        bank_code=verified.bank_code,
        bank_name=verified.bank_name,
        account_number_sealed=verified.number_sealed,
        account_number_index=verified.number_index,
        account_number_last4=verified.last4,
        account_name=verified.account_name,
        currency=verified.currency,
        usable_from=now + cooling,
        created_at=now,
        name_match=match_names(verified.account_name, first_name=accounts.first_name, last_name=accounts.last_name),
    )
    audit = Audit(
        id=ids.new(),
        actor=actor,
        action="bank_account.added",
        target_type="bank_account",
        target_id=account.id,
        detail={
            "bank_code": account.bank_code,
            "account_number": account.masked_number,
            "name_match": account.name_match,
        },
    )
    decision = Decision(
        writes=(Insert("bank_accounts", (asdict(account),)),),
        messages=(_notice(account, ids), screening(actor.id, ids)),
        audits=(audit,),
    )
    return Outcome(decision, account)


def _notice(account: BankAccount, ids: IdSource) -> Message:
    """Tell the owner: an account they did not add must reach them before it has cooled."""
    return notice(
        id=ids.new(),
        user_id=account.user_id,
        template="bank_account_added",
        reader=Reader.OWNER,
        facts={
            "bank": f"{account.bank_name} {account.masked_number}",
            "usable_from": f"{account.usable_from.astimezone(_LAGOS):%d %b %Y, %H:%M}",
        },
    )
