from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kro.core.actor import Actor, ActorKind
from kro.core.decisions import Insert
from kro.core.ids import SequentialIdSource
from kro.management.database.records import AccountsOfUser
from kro.management.domain.decide_bank_account import (
    MAX_ACCOUNTS,
    Addition,
    VerifiedAccount,
    decide_bank_account,
    is_addable,
)
from kro.management.domain.errors import (
    AccountNotResolvedError,
    BankAccountExistsError,
    TooManyBankAccountsError,
)

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
USER = Actor(kind=ActorKind.USER, id=UUID(int=7))
VERIFIED = VerifiedAccount(
    id=UUID(int=50),
    bank_code="058",
    bank_name="Guaranty Trust Bank",
    number_sealed="sealed",
    number_index="index",
    last4="4567",
    account_name="DEMO SELLER",
    currency="NGN",
)
ADDITION = Addition(AccountsOfUser(live=0, known=False), VERIFIED)


def test_an_account_is_usable_after_the_cooling_time() -> None:
    outcome = decide_bank_account(ADDITION, cooling=timedelta(hours=24), actor=USER, ids=SequentialIdSource(), now=NOW)

    assert outcome.value.usable_from == datetime(2026, 1, 16, 9, 0, tzinfo=UTC)
    assert outcome.value.user_id == USER.id
    (write,) = outcome.decision.writes
    assert isinstance(write, Insert)
    assert write.rows[0]["account_number_sealed"] == "sealed"


def test_the_audit_row_knows_the_last_digits_only() -> None:
    outcome = decide_bank_account(ADDITION, cooling=timedelta(), actor=USER, ids=SequentialIdSource(), now=NOW)

    (audit,) = outcome.decision.audits
    assert audit.action == "bank_account.added"
    assert audit.detail == {"bank_code": "058", "account_number": "******4567"}


@pytest.mark.parametrize(
    ("addition", "error"),
    [
        (replace(ADDITION, accounts=AccountsOfUser(live=1, known=True)), BankAccountExistsError),
        (replace(ADDITION, accounts=AccountsOfUser(live=MAX_ACCOUNTS, known=False)), TooManyBankAccountsError),
        (replace(ADDITION, verified=None), AccountNotResolvedError),
    ],
)
def test_is_refused(addition: Addition, error: type[Exception]) -> None:
    with pytest.raises(error):
        decide_bank_account(addition, cooling=timedelta(), actor=USER, ids=SequentialIdSource(), now=NOW)


@pytest.mark.parametrize(
    ("live", "known", "worth"), [(0, False, True), (9, False, True), (10, False, False), (1, True, False)]
)
def test_the_bank_is_not_asked_in_vain(live: int, *, known: bool, worth: bool) -> None:
    assert is_addable(AccountsOfUser(live=live, known=known)) is worth
