"""The bank's promises about money that leaves, held by the production adapter: in memory and over HTTP alike."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from kro.core.money import Money
from kro.payment.providers import (
    BankAccount,
    FailedDefinitively,
    NotResolved,
    NotSent,
    ProviderUnavailableError,
    ResolvedAccount,
    Reversed,
    Succeeded,
    Unknown,
    provider_reference_for,
)
from kro.payment.providers.providus import Providus
from kro.payment.providers.providus.references import Rail, transfer_to_wire
from providus_world import (
    AMOUNT,
    GTB,
    HOLDER,
    OWN,
    World,
    connected,
    ending_in,
    lend,
    send,
    settings_for,
)


@pytest.fixture(params=["memory", "http"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    url = None if request.param == "memory" else request.getfixturevalue("sandbox_url")
    async with connected(url) as world:
        yield world


@pytest.fixture
def reference() -> str:
    return provider_reference_for(uuid4())


class TestPayingOut:
    @pytest.mark.parametrize(("account", "rail"), [(GTB, Rail.INTERBANK), (OWN, Rail.WITHIN_THE_BANK)], ids=str)
    @pytest.mark.parametrize("amount", [1, 15_201_563])
    async def test_a_transfer_succeeds_at_once_with_its_facts_and_both_books_agree(
        self, world: World, reference: str, account: BankAccount, rail: Rail, amount: int
    ) -> None:
        before = await world.balance()

        sent = await send(world, reference, amount=Money(amount, "NGN"), account=account)
        asked = await world.provider.transfer_reader.status(reference=reference)

        for result in (sent, asked):
            assert isinstance(result, Succeeded)
            assert (result.facts.reference, result.facts.amount_minor) == (reference, amount)
            assert (result.facts.currency, result.facts.fees_minor) == ("NGN", None)
            assert result.facts.provider_reference == transfer_to_wire(reference, rail=rail)
            assert (result.facts.session_id is not None) is (rail is Rail.INTERBANK)
        assert before - await world.balance() == amount

    async def test_one_that_was_not_successful_is_failed_and_gives_the_money_back(
        self, world: World, reference: str
    ) -> None:
        before = await world.balance()

        sent = await send(world, reference, account=ending_in("9991"))

        assert sent == FailedDefinitively("32", "Transaction not successful")
        assert await world.provider.transfer_reader.status(reference=reference) == sent
        assert await world.balance() == before

    @pytest.mark.parametrize(("action", "end"), [("succeed", Succeeded), ("fail", FailedDefinitively)])
    async def test_one_that_is_under_way_is_unknown_until_its_end(
        self, world: World, reference: str, action: str, end: type
    ) -> None:
        sent = await send(world, reference, account=ending_in("9993"))
        asked = await world.provider.transfer_reader.status(reference=reference)
        await world.end_transfer(reference, action)

        assert sent == asked == Unknown("code_09")
        assert isinstance(await world.provider.transfer_reader.status(reference=reference), end)

    async def test_one_that_came_back_is_reversed(self, world: World, reference: str) -> None:
        before = await world.balance()
        sent = await send(world, reference)
        await world.end_transfer(reference, "reverse")

        asked = await world.provider.transfer_reader.status(reference=reference)

        assert isinstance(sent, Succeeded)
        assert isinstance(asked, Reversed)
        assert asked.facts.amount_minor == AMOUNT.amount
        assert await world.balance() == before

    async def test_one_that_is_found_late_is_not_failed(self, world: World, reference: str) -> None:
        sent = await send(world, reference, account=ending_in("9995"))

        asked = [await world.provider.transfer_reader.status(reference=reference) for _ in range(3)]

        assert isinstance(sent, Succeeded)
        assert asked[:2] == [Unknown("not_found"), Unknown("not_found")]
        assert isinstance(asked[2], Succeeded)

    async def test_one_nobody_knows_is_unknown(self, world: World, reference: str) -> None:
        assert await world.provider.transfer_reader.status(reference=reference) == Unknown("not_found")

    async def test_the_same_reference_moves_money_once(self, world: World, reference: str) -> None:
        before = await world.balance()

        first, second = await send(world, reference), await send(world, reference)

        assert isinstance(first, Succeeded)
        assert isinstance(second, Succeeded)
        assert first.facts.session_id == second.facts.session_id
        assert before - await world.balance() == AMOUNT.amount

    async def test_the_same_reference_with_another_amount_is_unknown(self, world: World, reference: str) -> None:
        await send(world, reference)

        assert await send(world, reference, amount=Money(1, "NGN")) == Unknown("amount_mismatch")
        assert len((await world.books())["transfers"]) == 1

    async def test_a_repeated_reference_that_is_found_late_is_unknown(self, world: World, reference: str) -> None:
        await send(world, reference, account=ending_in("9995"))

        assert await send(world, reference, account=ending_in("9995")) == Unknown("not_found")

    async def test_more_than_the_balance_is_refused_and_leaves_nothing(self, world: World, reference: str) -> None:
        before = await world.balance()

        result = await send(world, reference, amount=Money(before + 1, "NGN"))

        assert result == FailedDefinitively("insufficient_balance", "INSUFFICIENT BALANCE")
        assert (await world.books())["transfers"] == []

    async def test_an_account_that_is_somebody_elses_by_now_is_sent_nothing(self, world: World, reference: str) -> None:
        account = BankAccount(account_number="0001234567", bank_code="058", account_name="Chinwe Eze")

        result = await send(world, reference, account=account)

        assert isinstance(result, FailedDefinitively)
        assert result.code == "owner_changed"
        assert (await world.books())["transfers"] == []

    async def test_a_stranger_sends_nothing(self, world: World, reference: str) -> None:
        async with Providus(settings_for(world.url, password="wrong"), transport=world.transport) as stranger:
            result = await stranger.provider.transfer_sender.send(
                reference=reference, amount=AMOUNT, account=GTB, narration="KRO payout"
            )

        assert isinstance(result, NotSent)
        assert (await world.books())["transfers"] == []


class TestBanks:
    async def test_the_directory_has_the_codes_of_the_switch(self, world: World) -> None:
        banks = await world.provider.banks.list_banks(currency="NGN")

        assert {"000013", "000023", "100004"} <= {bank.code for bank in banks}
        assert await world.provider.banks.list_banks(currency="USD") == ()

    @pytest.mark.parametrize("code", ["058", "000013"])
    async def test_an_owner_is_named_by_either_code(self, world: World, code: str) -> None:
        resolved = await world.provider.accounts.resolve(account_number="0045434120", bank_code=code)

        assert resolved == ResolvedAccount(
            account_number="0045434120", bank_code=code, account_name="NNAJI, JOSHUA & VIVIAN"
        )

    async def test_an_owner_within_the_bank_is_named(self, world: World) -> None:
        resolved = await world.provider.accounts.resolve(account_number="5900000001", bank_code="101")

        assert resolved == ResolvedAccount(
            account_number="5900000001", bank_code="101", account_name="TEST ACCOUNT 0001"
        )

    @pytest.mark.parametrize(
        ("number", "bank", "code"),
        [
            ("2000010000", "058", "account_not_found"),
            ("2000010000", "101", "account_not_found"),
            ("0045434120", "999999", "unknown_bank"),
        ],
    )
    async def test_an_account_nobody_has(self, world: World, number: str, bank: str, code: str) -> None:
        assert await world.provider.accounts.resolve(account_number=number, bank_code=bank) == NotResolved(code)

    async def test_the_balance_is_of_our_account(self, world: World) -> None:
        assert await world.balance() == 1_000_000_000

    async def test_without_a_password_there_is_no_balance(self, world: World) -> None:
        async with Providus(settings_for(world.url, password="wrong"), transport=world.transport) as stranger:
            with pytest.raises(ProviderUnavailableError) as refused:
                await stranger.provider.balances.balance(currency="NGN")

        assert refused.value.cause == "code_63"

    async def test_without_the_secret_nothing_is_lent_or_found(self, world: World, reference: str) -> None:
        paid = await world.pay((await lend(world, reference)).account_number)
        async with Providus(settings_for(world.url, client_secret="wrong"), transport=world.transport) as stranger:
            lent = await stranger.provider.one_time_accounts.issue_one_time(
                reference=reference, amount=AMOUNT, holder=HOLDER
            )
            found = await stranger.provider.inflows.inflow(provider_reference=paid["settlement_id"])

        assert lent == NotSent("unauthorized")
        assert found == Unknown("code_05")
