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
from kro.payment.domain import NameMatch

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


def accounts(*, live: int, known: bool) -> AccountsOfUser:
    return AccountsOfUser(live=live, known=known, first_name="Demo", last_name="Seller")


ADDITION = Addition(accounts(live=0, known=False), VERIFIED)


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
    assert audit.detail == {"bank_code": "058", "account_number": "******4567", "name_match": "match"}


@pytest.mark.parametrize(
    ("account_name", "match"),
    [
        ("SELLER DEMO MIDDLE", NameMatch.MATCH),
        ("D SELLER", NameMatch.PARTIAL),
        ("SOMEBODY ELSE", NameMatch.MISMATCH),
    ],
)
def test_the_name_of_the_bank_is_compared_and_the_result_kept(account_name: str, match: NameMatch) -> None:
    addition = replace(ADDITION, verified=replace(VERIFIED, account_name=account_name))

    outcome = decide_bank_account(addition, cooling=timedelta(), actor=USER, ids=SequentialIdSource(), now=NOW)

    (write,) = outcome.decision.writes
    assert isinstance(write, Insert)
    assert (outcome.value.name_match, write.rows[0]["name_match"]) == (match, match)


def test_the_owner_is_told_before_the_account_can_be_used() -> None:
    outcome = decide_bank_account(ADDITION, cooling=timedelta(hours=24), actor=USER, ids=SequentialIdSource(), now=NOW)

    message, screening = outcome.decision.messages
    assert (message.topic, screening.topic) == ("notify", "sanctions.screen")
    assert message.payload == {
        "user_id": USER.id,
        "template": "bank_account_added",
        "reader": "owner",
        "channels": ["sms", "mail", "in_app"],
        "facts": {"bank": "Guaranty Trust Bank ******4567", "usable_from": "16 Jan 2026, 10:00"},
    }


@pytest.mark.parametrize(
    ("addition", "error"),
    [
        (replace(ADDITION, accounts=accounts(live=1, known=True)), BankAccountExistsError),
        (replace(ADDITION, accounts=accounts(live=MAX_ACCOUNTS, known=False)), TooManyBankAccountsError),
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
    assert is_addable(accounts(live=live, known=known)) is worth
