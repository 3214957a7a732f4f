"""Any account at any moment, journals as booked, corrections, and currencies that never mix."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from kro.core.database.pool import Database
from kro.core.decisions import Decision, Entry, InsufficientFundsError, Journal, LostRaceError
from kro.core.decisions.encoding import encode
from kro.core.money import Money
from kro.kro_balance.domain import (
    AlreadyReversedError,
    LedgerReads,
    NotReversibleError,
    Release,
    Rollups,
    full_release,
    goodwill,
    order_funded,
    provider_settled,
    reversal,
)
from kro.kro_balance.domain.chart import (
    bank,
    fee_revenue,
    fx,
    losses,
    order_escrow,
    provider_clearing,
    user_available,
    vat_payable,
)
from ledger import NOW, paid_in, post, posting, vendor, violations

CURRENCIES = ("NGN", "GHS", "KES", "ZAR", "USD", "GBP", "EUR")
PAUSE = 0.002


@pytest.fixture
def reads(database: Database) -> LedgerReads:
    return LedgerReads(database)


async def moment(database: Database) -> datetime:
    """Return a time that lies strictly between what was posted before and what will be."""
    await asyncio.sleep(PAUSE)
    now = await database.value("SELECT clock_timestamp()")
    await asyncio.sleep(PAUSE)
    assert isinstance(now, datetime)
    return now


async def summed_up(rollups: Rollups) -> None:
    """Advance until a roll-up was written; what runs in databases of other tests may delay it."""
    async with asyncio.timeout(30):
        while not await rollups.advance():  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)


class TestThePast:
    async def test_of_a_user_and_of_a_shared_account(self, database: Database, reads: LedgerReads) -> None:
        user, clearing = user_available(uuid4(), "NGN"), provider_clearing("paystack", "NGN")
        moments = [await moment(database)]
        for amount in (100, 20, 3):
            await post(database, paid_in(user.owner_id, amount))
            moments.append(await moment(database))

        assert [await reads.balance_at(user.id, at) for at in moments] == [0, 100, 120, 123]
        assert [await reads.balance_at(clearing.id, at) for at in moments] == [0, 100, 120, 123]

    async def test_is_not_changed_by_roll_ups(self, database: Database, reads: LedgerReads) -> None:
        clearing = provider_clearing("paystack", "NGN").id
        rollups = Rollups(database, fewest=1)
        moments = []
        for amount in (100, 20, 3):
            await post(database, paid_in(uuid4(), amount))
            moments.append(await moment(database))
            await summed_up(rollups)

        assert [await reads.balance_at(clearing, at) for at in moments] == [100, 120, 123]
        assert await reads.balance_at(clearing, moments[0] - timedelta(days=1)) == 0
        assert await reads.balance_at(clearing, moments[-1] + timedelta(days=1)) == 123

    async def test_of_an_account_that_was_never_used_is_zero(self, reads: LedgerReads) -> None:
        assert await reads.balance(uuid4()) == 0
        assert await reads.balance_at(uuid4(), datetime.now(UTC)) == 0

    async def test_an_uncommitted_entry_belongs_to_the_past_it_was_recorded_in(
        self, database: Database, reads: LedgerReads
    ) -> None:
        """A later reader sees it: the past is what was recorded by then, not what somebody could see then."""
        user_id = uuid4()
        await post(database, paid_in(user_id, 100))
        at = await moment(database)

        assert await reads.balance_at(user_available(user_id, "NGN").id, at) == 100


async def test_the_trial_balance_lists_every_account_and_sums_to_zero(database: Database, reads: LedgerReads) -> None:
    user_id = uuid4()
    await post(database, paid_in(user_id, 1000))
    settled = provider_settled(
        posting(), settlement_id=uuid4(), bank_account="main", net=Money(600, "NGN"), fees=9, external=vendor()
    )
    await post(database, settled)

    held = {(row.code, row.qualifier): row.balance for row in await reads.balances()}

    assert held == {
        ("user_available", ""): 1000,
        ("provider_clearing", "paystack"): 391,
        ("provider_fees", "paystack"): 9,
        ("bank", "main"): 600,
    }
    assert [row.code for row in await reads.balances(["bank"])] == ["bank"]


class TestCorrections:
    @pytest.fixture
    async def wrong(self, database: Database) -> Journal:
        journal = provider_settled(
            posting(), settlement_id=uuid4(), bank_account="main", net=Money(600, "NGN"), fees=9, external=vendor()
        )
        await post(database, journal)
        return journal

    async def test_a_journal_is_read_as_it_was_booked(self, reads: LedgerReads, wrong: Journal) -> None:
        booked = await reads.journal(wrong.id)

        assert booked is not None
        assert booked.journal == wrong
        assert booked.reversed_by is None
        assert await reads.journal(uuid4()) is None

    async def test_a_correction_undoes_it_once(self, database: Database, reads: LedgerReads, wrong: Journal) -> None:
        booked = await reads.journal(wrong.id)
        assert booked is not None
        first, second = reversal(posting(), wrong=booked), reversal(posting(), wrong=booked)

        await post(database, first)
        with pytest.raises(LostRaceError):
            await post(database, second)

        again = await reads.journal(wrong.id)
        assert again is not None
        assert again.reversed_by == first.id
        with pytest.raises(AlreadyReversedError):
            reversal(posting(), wrong=again)
        assert {row.balance for row in await reads.balances()} == {0}
        assert await violations(database) == {}

    async def test_fifty_at_once_undo_it_once(self, database: Database, reads: LedgerReads, wrong: Journal) -> None:
        booked = await reads.journal(wrong.id)
        assert booked is not None

        outcomes = await asyncio.gather(
            *(post(database, reversal(posting(), wrong=booked)) for _ in range(50)), return_exceptions=True
        )

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LostRaceError"] * 49 + ["NoneType"]
        assert {row.balance for row in await reads.balances()} == {0}

    async def test_what_was_spent_since_cannot_be_taken_back(self, database: Database, reads: LedgerReads) -> None:
        user_id = uuid4()
        gift = goodwill(posting(), source=("proposal", uuid4()), user_id=user_id, amount=Money(500, "NGN"))
        await post(database, gift)
        await post(database, order_funded(posting(), order_id=uuid4(), buyer_id=user_id, amount=Money(1, "NGN")))
        booked = await reads.journal(gift.id)
        assert booked is not None

        with pytest.raises(InsufficientFundsError):
            await post(database, reversal(posting(), wrong=booked))

        assert await reads.balance(losses("goodwill", "NGN").id) == 500

    async def test_money_of_an_order_is_corrected_by_the_order(self, database: Database, reads: LedgerReads) -> None:
        user_id = uuid4()
        funded = order_funded(posting(), order_id=uuid4(), buyer_id=user_id, amount=Money(100, "NGN"))
        await post(database, paid_in(user_id, 100), funded)
        booked = await reads.journal(funded.id)
        assert booked is not None

        with pytest.raises(NotReversibleError):
            reversal(posting(), wrong=booked)

    @pytest.mark.parametrize("amount", [599, 601])
    async def test_the_database_refuses_a_mirror_that_is_not_exact(
        self, database: Database, wrong: Journal, amount: int
    ) -> None:
        forged = forge(
            [Entry(provider_clearing("paystack", "NGN"), amount), Entry(bank("main", "NGN"), -amount)],
            reverses=wrong.id,
        )

        with pytest.raises(asyncpg.PostgresError, match="not the mirror"):
            await post(database, forged)


class TestCurrencies:
    @pytest.mark.parametrize("currency", CURRENCIES)
    async def test_every_enabled_one_goes_through_an_escrow(
        self, database: Database, reads: LedgerReads, currency: str
    ) -> None:
        buyer, seller, order = uuid4(), uuid4(), uuid4()
        release = Release(order_id=order, seller_id=seller, currency=currency, seller=900, fee=93, vat=7)
        await post(database, paid_in(buyer, 1000, currency))
        await post(database, order_funded(posting(), order_id=order, buyer_id=buyer, amount=Money(1000, currency)))
        await post(database, full_release(posting(), release=release))

        assert await reads.balance(user_available(seller, currency).id) == 900
        assert await reads.balance(fee_revenue("escrow", currency).id) == 93
        assert await reads.balance(vat_payable(currency).id) == 7
        assert await reads.balance(order_escrow(order, currency).id) == 0
        assert await violations(database) == {}

    async def test_money_of_one_never_pays_for_another(self, database: Database, reads: LedgerReads) -> None:
        user_id = uuid4()
        await post(database, *(paid_in(user_id, 1000, currency) for currency in CURRENCIES))

        with pytest.raises(InsufficientFundsError):
            await post(database, order_funded(posting(), order_id=uuid4(), buyer_id=user_id, amount=Money(1001, "USD")))

        held = {row.currency: row.balance for row in await reads.balances(["user_available"])}
        assert held == dict.fromkeys(CURRENCIES, 1000)

    async def test_an_exchange_is_two_legs_that_each_balance(self, database: Database) -> None:
        user_id = uuid4()
        await post(database, paid_in(user_id, 1000, "USD"))
        legs = [
            Entry(user_available(user_id, "USD"), 1000),
            Entry(fx("USD/NGN", "USD"), -1000),
            Entry(fx("USD/NGN", "NGN"), 1_500_000),
            Entry(user_available(user_id, "NGN"), -1_500_000),
        ]

        await post(database, forge(legs))

        assert await database.value("SELECT available_balance($1, 'NGN')", user_id) == 1_500_000
        assert await violations(database) == {}

    async def test_two_currencies_in_one_leg_are_refused(self, database: Database) -> None:
        legs = [Entry(user_available(uuid4(), "USD"), 1000), Entry(user_available(uuid4(), "NGN"), -1000)]

        with pytest.raises((asyncpg.PostgresError, InsufficientFundsError)):
            await post(database, forge(legs))

    async def test_an_entry_has_the_currency_of_its_account(self, database: Database) -> None:
        journal = forge([Entry(bank("main", "NGN"), 1), Entry(bank("other", "NGN"), -1)])
        document = encode(Decision(journals=(journal,)))
        entries = document.index('"entries"')
        altered = document[:entries] + document[entries:].replace('"NGN"', '"USD"')

        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await database.apply(altered)


def forge(entries: list[Entry], *, reverses: UUID | None = None) -> Journal:
    return Journal(
        id=uuid4(),
        kind="forged",
        source_type="test",
        source_id=uuid4(),
        occurred_at=NOW,
        actor="test",
        entries=tuple(entries),
        reverses_journal_id=reverses,
    )
