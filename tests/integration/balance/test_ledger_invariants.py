"""Each question put to the books: silent on sound books, and the one that answers when its own rule is broken.

Breaking a rule takes a superuser who switches every protection off; that is what the questions are there to notice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from kro.core.database.embedded import Cluster, Role
from kro.core.database.pool import Database
from kro.core.money import Money
from kro.kro_balance.domain import (
    LEDGER_INVARIANTS,
    Debt,
    LedgerReads,
    PayoutReserve,
    Release,
    Rollups,
    Shares,
    balance_refund_requested,
    chargeback_opened,
    fee_given_back,
    full_release,
    goodwill,
    order_funded,
    payout_requested,
    payout_settled,
    provider_settled,
    receivable_repaid,
    reserve_held,
    reversal,
    suspense_resolved,
    unmatched_receipt,
)
from ledger import fee_of, paid_in, post, posting, vendor, violations

BUYER, SELLER, ORDER = uuid4(), uuid4(), uuid4()
PAYOUT, REFUND = uuid4(), uuid4()

PAYOUT_ROW = """
INSERT INTO transactions (id, kind, user_id, provider, reference, currency, amount, fee, vat, status,
    approvals_required, polls, version, created_at, updated_at)
VALUES ($1, 'payout', $2, 'paystack', $3, 'NGN', 500, 43, 3, 'approved', 1, 0, 1, now(), now())"""


@pytest.fixture
async def admin(postgres: Cluster, fresh_database: Any) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A superuser whose session runs no trigger and checks no foreign key."""
    connection = await asyncpg.connect(postgres.dsn(Role.ADMIN, fresh_database.name))
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


def ngn(amount: int) -> Money:
    return Money(amount, "NGN")


@pytest.fixture
async def books(database: Database, admin: asyncpg.Connection[asyncpg.Record]) -> Database:
    """A little of everything, all of it sound."""
    release = Release(ORDER, SELLER, "NGN", seller=9000, fee=930, vat=70)
    settled = provider_settled(
        posting(), settlement_id=uuid4(), bank_account="main", net=ngn(600), fees=9, external=vendor()
    )
    reserve = PayoutReserve(PAYOUT, SELLER, ngn(500), fee=43, vat=3)
    debt = Debt(user_id=BUYER, currency="NGN", from_available=1000, owed=250)
    for journal in (
        paid_in(BUYER, 12_000),
        order_funded(posting(), order_id=ORDER, buyer_id=BUYER, amount=ngn(10_000)),
        full_release(posting(), release=release),
        payout_requested(posting(), reserve=reserve),
        chargeback_opened(
            posting(),
            chargeback_id=uuid4(),
            shares=Shares(None, debt.currency, from_escrow=0, debts=(debt,)),
            external=vendor(),
        ),
        receivable_repaid(posting(), source=("order", ORDER), user_id=BUYER, amount=ngn(100)),
        reserve_held(posting(), hold_id=uuid4(), user_id=SELLER, amount=ngn(70)),
        unmatched_receipt(posting(), source=("webhook", uuid4()), amount=ngn(777), external=vendor()),
        goodwill(posting(), source=("proposal", uuid4()), user_id=BUYER, amount=ngn(5)),
        fee_of(15),
        settled,
    ):
        await post(database, journal)
    booked = await LedgerReads(database).journal(settled.id)
    assert booked is not None
    await post(database, reversal(posting(), wrong=booked))
    # The payout's own row, without the people and accounts it would take to ask for one.
    await admin.execute(PAYOUT_ROW, PAYOUT, SELLER, PAYOUT.hex)
    return database


async def test_sound_books_are_silent(books: Database) -> None:
    assert await violations(books) == {}


async def entry(admin: asyncpg.Connection[asyncpg.Record], code: str, amount: int) -> None:
    """Slip one more entry into the oldest journal."""
    await admin.execute(
        """INSERT INTO ledger_entries (journal_id, account_id, currency, amount)
           SELECT (SELECT id FROM ledger_journals ORDER BY recorded_at LIMIT 1), b.id, currency, $2
           FROM kro_balance AS b WHERE code = $1 ORDER BY b.id LIMIT 1""",
        code,
        amount,
    )


class TestEachNotices:
    def test_every_one_is_tried(self) -> None:
        tried = {name.removeprefix("test_") for name in dir(TestEachNotices) if name.startswith("test_")}

        assert set(LEDGER_INVARIANTS) <= tried

    async def test_every_currency_sums_to_zero(
        self, books: Database, admin: asyncpg.Connection[asyncpg.Record]
    ) -> None:
        await entry(admin, "provider_fees", 1)

        assert "every_currency_sums_to_zero" in await violations(books)

    async def test_every_journal_balances(self, books: Database, admin: asyncpg.Connection[asyncpg.Record]) -> None:
        """Two wrongs that cancel out: the currency as a whole still sums to zero."""
        await entry(admin, "provider_fees", 1)
        await admin.execute(
            """UPDATE ledger_entries SET amount = amount - 1 WHERE id = (
                   SELECT e.id FROM ledger_entries AS e JOIN kro_balance AS b ON b.id = e.account_id
                   WHERE b.code = 'provider_fees' ORDER BY e.id LIMIT 1)"""
        )

        assert await violations(books) == {"every_journal_balances": 2}

    async def test_balances_equal_their_entries(
        self, books: Database, admin: asyncpg.Connection[asyncpg.Record]
    ) -> None:
        await admin.execute("UPDATE kro_balance SET balance = balance - 1 WHERE owner_id = $1 AND balance > 0", SELLER)

        assert "balances_equal_their_entries" in await violations(books)

    async def test_rollups_equal_their_entries(
        self, books: Database, admin: asyncpg.Connection[asyncpg.Record]
    ) -> None:
        rollups = Rollups(books, fewest=1)
        await rollups.advance()
        await admin.execute("UPDATE ledger_rollup_mark SET xid = '0'")
        assert await rollups.advance() > 0
        assert await violations(books) == {}

        await admin.execute(
            """UPDATE ledger_rollups SET total = total + 1
               WHERE account_id = (SELECT id FROM kro_balance WHERE code = 'provider_fees')"""
        )

        assert (await violations(books))["rollups_equal_their_entries"] == 1

    async def test_corrections_mirror_what_they_reverse(
        self, books: Database, admin: asyncpg.Connection[asyncpg.Record]
    ) -> None:
        await admin.execute(
            """UPDATE ledger_entries SET amount = amount + sign(amount)
               WHERE journal_id = (SELECT id FROM ledger_journals WHERE reverses_journal_id IS NOT NULL)"""
        )

        assert (await violations(books))["corrections_mirror_what_they_reverse"] == 3

    async def test_no_limited_balance_is_negative(
        self, books: Database, admin: asyncpg.Connection[asyncpg.Record]
    ) -> None:
        await admin.execute("ALTER TABLE kro_balance DROP CONSTRAINT ck_kro_balance_not_negative")
        await post(books, order_funded(posting(), order_id=uuid4(), buyer_id=uuid4(), amount=Money(1, "NGN")))

        assert await violations(books) == {"no_limited_balance_is_negative": 1}

    @pytest.mark.parametrize(
        "change", ["normal = 'debit'", "allow_negative = true", "code = 'pocket'"], ids=["side", "limit", "code"]
    )
    async def test_accounts_follow_the_chart(
        self, books: Database, admin: asyncpg.Connection[asyncpg.Record], change: str
    ) -> None:
        reserve = "WHERE owner_id = $1 AND code = 'user_reserve'"
        await admin.execute(f"UPDATE kro_balance SET {change} {reserve}", SELLER)  # noqa: S608 - the cases above

        assert (await violations(books))["accounts_follow_the_chart"] == 1

    async def test_suspense_is_never_overdrawn(self, books: Database) -> None:
        """One of two people's slips that no balance row stops."""
        twice = suspense_resolved(
            posting(), suspense_id=uuid4(), provider="paystack", user_id=BUYER, amount=Money(778, "NGN")
        )
        await post(books, twice)

        assert await violations(books) == {"suspense_is_never_overdrawn": 1}

    async def test_customers_money_is_covered(self, books: Database) -> None:
        """A fee given back that was never earned: every account involved may pass below zero."""
        gift = fee_given_back(
            posting(), source=("order", ORDER), user_id=BUYER, currency="NGN", fee=5000, vat=0, fee_kind="listing"
        )
        await post(books, gift)

        assert await violations(books) == {"customers_money_is_covered": 1}

    @pytest.mark.parametrize("status", ["rejected", "succeeded"])
    async def test_payouts_in_transit_equal_open_payouts(
        self, books: Database, admin: asyncpg.Connection[asyncpg.Record], status: str
    ) -> None:
        await admin.execute("UPDATE transactions SET status = $1", status)
        assert await violations(books) == {"payouts_in_transit_equal_open_payouts": 1}

        settled = payout_settled(posting(), payout_id=PAYOUT, amount=Money(500, "NGN"), external=vendor())
        await post(books, settled)
        assert await violations(books) == {}

    async def test_refunds_in_transit_equal_open_refunds(self, books: Database) -> None:
        orphan = balance_refund_requested(posting(), refund_id=REFUND, user_id=SELLER, amount=Money(10, "NGN"))
        await post(books, orphan)

        assert await violations(books) == {"refunds_in_transit_equal_open_refunds": 1}

    async def test_lines_equal_their_entries(self, books: Database, admin: asyncpg.Connection[asyncpg.Record]) -> None:
        """A line that was removed, and one that says something else."""
        await admin.execute("DELETE FROM balance_lines WHERE kind = 'goodwill'")
        await admin.execute("UPDATE balance_lines SET amount = amount + 1 WHERE kind = 'receipt'")

        assert (await violations(books))["lines_equal_their_entries"] == 2

    async def test_lines_add_up(self, books: Database, admin: asyncpg.Connection[asyncpg.Record]) -> None:
        await admin.execute("UPDATE balance_lines SET balance_after = balance_after + 1 WHERE kind = 'receipt'")

        # The line itself does not follow from the one before, nor the next from it.
        assert await violations(books) == {"lines_add_up": 2}

    async def test_balances_equal_their_last_line(
        self, books: Database, admin: asyncpg.Connection[asyncpg.Record]
    ) -> None:
        await admin.execute("UPDATE balance_lines SET balance_after = balance_after + 1 WHERE kind = 'goodwill'")

        assert await violations(books) == {"lines_add_up": 1, "balances_equal_their_last_line": 1}


def test_the_chart_in_the_question_is_the_chart_in_the_code() -> None:
    from kro.kro_balance.domain.chart import AccountCode  # noqa: PLC0415

    query = LEDGER_INVARIANTS["accounts_follow_the_chart"]

    assert {code for code in AccountCode if f"'{code}'" not in query} == set()
    assert UUID(int=0).hex[:8] in query
