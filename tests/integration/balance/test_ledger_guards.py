"""What the database refuses whoever asks; each of these would be a way to make or lose money."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from kro.core.database.pool import Database
from kro.core.decisions import Decision, Entry, InsufficientFundsError, Journal, LostRaceError
from kro.core.decisions.encoding import encode
from kro.core.money import Money
from kro.kro_balance.domain import External, Posting, order_funded, receipt
from kro.kro_balance.domain.chart import fee_revenue, provider_clearing, user_available

NOW = datetime(2026, 1, 15, tzinfo=UTC)
NGN_100 = Money(10_000, "NGN")


def posting() -> Posting:
    return Posting(journal_id=uuid4(), occurred_at=NOW, actor="test")


def paid_in(user_id: UUID, *, payment_id: UUID | None = None, reference: str | None = None) -> Decision:
    return Decision(
        journals=(
            receipt(
                posting(),
                payment_id=payment_id or uuid4(),
                user_id=user_id,
                amount=NGN_100,
                external=External("paystack", reference or uuid4().hex),
            ),
        )
    )


async def balance_of(database: Database, user_id: UUID) -> int:
    return int(await database.value("SELECT available_balance($1, 'NGN')", user_id))


class TestPosting:
    async def test_moves_the_synchronous_balance_with_the_entries(self, database: Database) -> None:
        user_id = uuid4()

        await database.apply(encode(paid_in(user_id)))

        assert await balance_of(database, user_id) == 10_000
        assert await database.value("SELECT sum(amount) FROM ledger_entries") == 0
        clearing = provider_clearing("paystack", "NGN").id
        assert await database.value("SELECT balance FROM kro_balance WHERE id = $1", clearing) == 0

    async def test_happens_once_per_source(self, database: Database) -> None:
        user_id, payment_id = uuid4(), uuid4()
        await database.apply(encode(paid_in(user_id, payment_id=payment_id)))

        with pytest.raises(LostRaceError):
            await database.apply(encode(paid_in(user_id, payment_id=payment_id)))

        assert await balance_of(database, user_id) == 10_000

    async def test_happens_once_per_external_reference(self, database: Database) -> None:
        user_id = uuid4()
        await database.apply(encode(paid_in(user_id, reference="r1")))

        with pytest.raises(LostRaceError):
            await database.apply(encode(paid_in(user_id, reference="r1")))

        assert await balance_of(database, user_id) == 10_000

    async def test_never_takes_a_user_below_zero(self, database: Database) -> None:
        user_id = uuid4()
        await database.apply(encode(paid_in(user_id)))
        too_much = order_funded(posting(), order_id=uuid4(), buyer_id=user_id, amount=Money(10_001, "NGN"))

        with pytest.raises(InsufficientFundsError):
            await database.apply(encode(Decision(journals=(too_much,))))

        assert await balance_of(database, user_id) == 10_000
        assert await database.value("SELECT count(*) FROM ledger_journals") == 1

    @pytest.mark.parametrize(
        "amounts", [(10_000, -9_999), (10_000,), ()], ids=["unequal sides", "one side", "no entries"]
    )
    async def test_refuses_a_journal_that_does_not_balance(self, database: Database, amounts: tuple[int, ...]) -> None:
        accounts = (provider_clearing("paystack", "NGN"), user_available(uuid4(), "NGN"))
        journal = Journal(
            id=uuid4(),
            kind="forged",
            source_type="test",
            source_id=uuid4(),
            occurred_at=NOW,
            actor="test",
            entries=tuple(Entry(account, amount) for account, amount in zip(accounts, amounts, strict=False)),
        )

        with pytest.raises(asyncpg.PostgresError, match="not balanced"):
            await database.apply(encode(Decision(journals=(journal,))))

        assert await database.value("SELECT count(*) FROM ledger_entries") == 0

    async def test_balances_each_currency_for_itself(self, database: Database) -> None:
        entries = (Entry(fee_revenue("escrow", "NGN"), 100), Entry(fee_revenue("escrow", "USD"), -100))
        journal = Journal(
            id=uuid4(),
            kind="forged",
            source_type="test",
            source_id=uuid4(),
            occurred_at=NOW,
            actor="test",
            entries=entries,
        )

        with pytest.raises(asyncpg.PostgresError, match="not balanced"):
            await database.apply(encode(Decision(journals=(journal,))))


LEDGER_WRITES = [
    "UPDATE ledger_entries SET amount = amount + 1",
    "DELETE FROM ledger_entries",
    "TRUNCATE ledger_entries",
    "UPDATE ledger_journals SET kind = 'x'",
    "DELETE FROM ledger_journals",
    "UPDATE kro_balance SET balance = balance + 1",
    "DELETE FROM kro_balance",
    (
        "INSERT INTO ledger_entries (journal_id, account_id, currency, amount) SELECT journal_id, account_id, 'NGN', 1"
        " FROM ledger_entries LIMIT 1"
    ),
    "ALTER TABLE ledger_entries DISABLE TRIGGER ALL",
    "DROP TRIGGER append_only ON ledger_entries",
]


class TestTheApplicationRole:
    @pytest.mark.parametrize("statement", LEDGER_WRITES)
    async def test_cannot_write_the_ledger_past_the_posting_function(self, database: Database, statement: str) -> None:
        await database.apply(encode(paid_in(uuid4())))

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.execute(statement)

    async def test_owns_nothing(self, database: Database) -> None:
        owned = await database.value("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
        functions = await database.value("SELECT count(*) FROM pg_proc WHERE pg_get_userbyid(proowner) = current_user")

        assert (owned, functions) == (0, 0)


class TestEvenTheOwner:
    @pytest.mark.parametrize("statement", LEDGER_WRITES[:2] + LEDGER_WRITES[3:5])
    async def test_cannot_edit_entries(self, database: Database, owner_database: Database, statement: str) -> None:
        await database.apply(encode(paid_in(uuid4())))

        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await owner_database.execute(statement)

    async def test_cannot_append_to_an_old_journal(self, database: Database, owner_database: Database) -> None:
        await database.apply(encode(paid_in(uuid4())))

        with pytest.raises(asyncpg.PostgresError, match="transaction of their journal"):
            await owner_database.execute(
                "INSERT INTO ledger_entries (journal_id, account_id, currency, amount)"
                " SELECT journal_id, account_id, currency, -amount FROM ledger_entries"
            )

    @pytest.mark.parametrize("account", ["account_id, 'GHS'", "gen_random_uuid(), 'NGN'"], ids=["currency", "nobody"])
    async def test_cannot_post_to_an_account_that_does_not_fit(
        self, database: Database, owner_database: Database, account: str
    ) -> None:
        await database.apply(encode(paid_in(uuid4())))

        with pytest.raises(asyncpg.ForeignKeyViolationError, match="the currency of its account"):
            await owner_database.execute(
                f"""
                WITH journal AS (
                    INSERT INTO ledger_journals (id, kind, source_type, source_id, occurred_at, actor)
                    VALUES (gen_random_uuid(), 'forged', 'test', gen_random_uuid(), now(), 'test') RETURNING id)
                INSERT INTO ledger_entries (journal_id, account_id, currency, amount)
                SELECT journal.id, {account}, amount FROM ledger_entries, journal
                """  # noqa: S608 - from the parameters above
            )

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE kro_balance SET currency = 'GHS'",
            "UPDATE kro_balance SET tracked = NOT tracked",
            "UPDATE kro_balance SET id = gen_random_uuid()",
            "DELETE FROM kro_balance",
        ],
    )
    async def test_cannot_make_another_account_of_one(
        self, database: Database, owner_database: Database, statement: str
    ) -> None:
        await database.apply(encode(paid_in(uuid4())))

        with pytest.raises(asyncpg.RestrictViolationError):
            await owner_database.execute(statement)
