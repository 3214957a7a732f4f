from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kro.core.actor import Actor, ActorKind
from kro.core.decisions import Decision, InsufficientFundsError, Outcome
from kro.core.errors import KroError
from kro.core.ids import SequentialIdSource
from kro.core.kyc import TierLimitExceededError
from kro.core.money import CurrencyMismatchError, Money
from kro.kro_balance.domain import NoTaxRuleError, TaxKind, TaxRule
from kro.payment.database.payout_words import DutyBearer, NameMatch
from kro.payment.database.records import Payout, PayoutStatus
from kro.payment.domain.decide_payout import (
    PayoutAccount,
    PayoutDay,
    PayoutFunds,
    decide_payout_request,
    payout_day_start,
    reserve_of,
)
from kro.payment.domain.decide_payout_approval import approval_hash
from kro.payment.domain.errors import (
    AccountCoolingError,
    DebtOutstandingError,
    PayoutVelocityError,
)
from kro.payment.domain.rules import PayoutLimits, PayoutRules

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
START = payout_day_start(NOW)
USER = Actor(kind=ActorKind.USER, id=UUID(int=7))
RULES = PayoutRules(provider="paystack", fee_minor=5_000, second_approver_above_minor=100_000_000)
LIMITS = PayoutLimits(transaction_minor=200_000_000, day_minor=300_000_000)
ACCOUNT = PayoutAccount(
    bank_account_id=UUID(int=9),
    bank_code="058",
    bank_name="Guaranty Trust Bank",
    account_number_sealed="sealed",
    account_number_last4="4567",
    account_name="DEMO SELLER",
    currency="NGN",
    usable_from=NOW,
    name_match=NameMatch.MATCH,
)
VAT = TaxRule(UUID(int=1), TaxKind.VAT, "NGN", 750, None, 0, datetime(2020, 2, 1, tzinfo=UTC), None)
DUTY = TaxRule(UUID(int=2), TaxKind.STAMP_DUTY, "NGN", None, 5_000, 1_000_000, datetime(2026, 1, 1, tzinfo=UTC), None)


def day(*, requested: int = 0, total_minor: int = 0, last_hour: int = 0) -> PayoutDay:
    return PayoutDay(start=START, requested=requested, total_minor=total_minor, last_hour=last_hour)


def ask(amount: int = 1_000_000, **changed: Any) -> Outcome[Payout]:
    facts: dict[str, Any] = {
        "user_id": USER.id,
        "amount": Money(amount, "NGN"),
        "account": ACCOUNT,
        "funds": PayoutFunds(available_minor=1_000_000_000),
        "day": day(),
        "limits": LIMITS,
        "rules": RULES,
        "taxes": (VAT, DUTY),
        "actor": USER,
        "ids": SequentialIdSource(),
        "now": NOW,
    }
    return decide_payout_request(**facts | changed)


def entries(decision: Decision) -> dict[str, int]:
    (journal,) = decision.journals
    return {entry.account.code: -entry.amount for entry in journal.entries}


class TestLimits:
    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"account": replace(ACCOUNT, currency="GHS")}, CurrencyMismatchError),
            ({"account": replace(ACCOUNT, usable_from=NOW + timedelta(microseconds=1))}, AccountCoolingError),
            ({"funds": PayoutFunds(available_minor=1_000_000_000, owed_minor=1)}, DebtOutstandingError),
            ({"amount": 200_000_001}, TierLimitExceededError),
            ({"day": day(total_minor=299_000_001)}, TierLimitExceededError),
            ({"day": day(requested=20)}, PayoutVelocityError),
            ({"day": day(last_hour=10)}, PayoutVelocityError),
            ({"taxes": (DUTY,)}, NoTaxRuleError),
            ({"funds": PayoutFunds(available_minor=1_009_999)}, InsufficientFundsError),
        ],
    )
    def test_each_one_refuses(self, changed: dict[str, Any], error: type[KroError]) -> None:
        with pytest.raises(error):
            ask(**changed)

    @pytest.mark.parametrize(
        "changed",
        [
            {"amount": 200_000_000},
            {"day": day(total_minor=299_000_000)},
            {"day": day(requested=19, last_hour=9)},
            {"funds": PayoutFunds(available_minor=1_010_000)},
        ],
    )
    def test_what_just_fits_is_let_through(self, changed: dict[str, Any]) -> None:
        assert ask(**changed).value.status is PayoutStatus.AWAITING_APPROVAL

    def test_who_asks_too_often_hears_when_to_come_back(self) -> None:
        with pytest.raises(PayoutVelocityError) as daily:
            ask(day=day(requested=20))
        with pytest.raises(PayoutVelocityError) as hourly:
            ask(day=day(last_hour=10))

        # 09:00 UTC is 10:00 in Lagos.
        assert daily.value.retry_after_seconds == 14 * 3_600
        assert hourly.value.retry_after_seconds == 3_600


class TestTaxes:
    def test_the_owner_pays_the_duty_on_top(self) -> None:
        outcome = ask(1_000_000)

        payout = outcome.value
        assert (payout.fee, payout.vat, payout.duty, payout.total_debit.amount) == (5_000, 349, 5_000, 1_010_000)
        assert entries(outcome.decision) == {
            "user_available": -1_010_000,
            "payout_in_transit": 1_000_000,
            "fee_revenue": 4_651,
            "vat_payable": 349,
            "stamp_duty_payable": 5_000,
        }

    def test_nothing_is_due_below_the_threshold(self) -> None:
        assert ask(999_999).value.duty == 0

    def test_nothing_was_due_before_the_law(self) -> None:
        before = datetime(2025, 12, 31, 22, 0, tzinfo=UTC)
        account = replace(ACCOUNT, usable_from=before)

        assert ask(now=before, account=account, day=replace(day(), start=payout_day_start(before))).value.duty == 0

    def test_a_platform_that_bears_it_takes_nothing_from_the_owner(self) -> None:
        outcome = ask(1_000_000, rules=replace(RULES, duty_bearer=DutyBearer.PLATFORM))

        payout = outcome.value
        assert (payout.duty, payout.owners_duty, payout.total_debit.amount) == (5_000, 0, 1_005_000)
        assert reserve_of(payout).duty == 0
        assert "stamp_duty_payable" not in entries(outcome.decision)

    def test_an_approval_covers_the_duty(self) -> None:
        payout = ask(1_000_000).value

        assert approval_hash(payout) != approval_hash(replace(payout, duty=0))


class TestApproval:
    TRUSTED = replace(LIMITS, auto_approve_below_minor=2_000_000)

    def test_a_small_one_to_the_owners_own_name_leaves_by_rule(self) -> None:
        outcome = ask(1_999_999, limits=self.TRUSTED)

        assert (outcome.value.status, outcome.value.approvals_required) == (PayoutStatus.APPROVED, 0)
        assert "payout.submit" in [message.topic for message in outcome.decision.messages]
        asked, audit = outcome.decision.audits
        assert (asked.action, asked.actor.kind) == ("payout.requested", ActorKind.USER)
        assert asked.detail == {"amount": 1_999_999, "currency": "NGN", "country": None}
        assert (audit.action, audit.actor.kind) == ("payout.auto_approve", ActorKind.SYSTEM)

    @pytest.mark.parametrize(
        ("amount", "name_match"),
        [(2_000_000, NameMatch.MATCH), (1_000_000, NameMatch.PARTIAL), (1_000_000, NameMatch.MISMATCH)],
    )
    def test_a_bigger_one_or_another_name_needs_a_person(self, amount: int, name_match: NameMatch) -> None:
        outcome = ask(amount, limits=self.TRUSTED, account=replace(ACCOUNT, name_match=name_match))

        assert (outcome.value.status, outcome.value.approvals_required) == (PayoutStatus.AWAITING_APPROVAL, 1)
        assert "payout.submit" not in [message.topic for message in outcome.decision.messages]
        assert outcome.value.name_match is name_match

    def test_nothing_leaves_by_rule_while_that_is_switched_off(self) -> None:
        assert ask(1).value.approvals_required == 1

    def test_above_the_limit_two_people_are_needed_whatever_the_rule_says(self) -> None:
        generous = replace(LIMITS, auto_approve_below_minor=1_000_000_000)

        assert ask(100_000_001, limits=generous).value.approvals_required == 2
