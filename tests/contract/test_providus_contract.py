"""The bank's promises, held by the production adapter against the sandbox: in memory and over HTTP alike."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from kro.core.money import Money
from kro.payment.providers import (
    AccountHolder,
    BankAccount,
    Capability,
    CollectionFacts,
    FailedDefinitively,
    NotFound,
    NotResolved,
    NotSent,
    PaymentProvider,
    ProviderUnavailableError,
    ResolvedAccount,
    Reversed,
    Succeeded,
    TransferSendResult,
    Unknown,
    VirtualAccount,
    VirtualAccountIssued,
    WebhookOutcome,
    WebhookSignatureError,
    WebhookSubject,
    provider_reference_for,
)
from kro.payment.providers.providus import Providus, ProvidusSettings
from kro.payment.providers.providus.accounts import Changed, Refused
from kro.payment.providers.providus.references import Rail, transfer_to_wire
from kro_sandbox.app import create_app
from kro_sandbox.core.replies import Verdict
from kro_sandbox.providus.events import judge
from kro_sandbox.settings import SandboxSettings

GTB = BankAccount(account_number="0001234567", bank_code="058", account_name="Demo Seller")
OWN = BankAccount(account_number="5900000001", bank_code="101", account_name="Test Account 0001")
AMOUNT = Money(15_201_563, "NGN")
FEE = 4_500
HOLDER = AccountHolder(first_name="Ada", last_name="Obi", email="ada@example.com", phone="08030000001")


def settings_for(base_url: str, **more: Any) -> ProvidusSettings:
    settings: dict[str, Any] = {
        "base_url": f"{base_url}/providus/appdevapi/api",
        "transfer_base_url": f"{base_url}/providus/postingrest",
        "client_id": "kro_sandbox_client",
        "client_secret": "kro_sandbox_client_secret_0000000000000000",
        "webhook_secrets": ("previous", "kro_sandbox_client_secret_0000000000000000"),
        "user_name": "test",
        "password": "test",
        "account_number": "5900085856",
        "account_name": "KROTrust",
    }
    return ProvidusSettings(**{**settings, **more})


@dataclass
class World:
    """The vendor's side, wherever it is."""

    providus: Providus
    control: httpx2.AsyncClient
    url: str
    transport: httpx2.AsyncBaseTransport | None

    @property
    def provider(self) -> PaymentProvider:
        return self.providus.provider

    async def pay(self, number: str, *, amount: int = AMOUNT.amount, **more: object) -> dict[str, str]:
        answer = await self.control.post(f"/_sim/providus/accounts/{number}/pay", json={"amount": amount, **more})
        return dict(answer.raise_for_status().json())

    async def end_transfer(self, reference: str, action: str, *, rail: Rail = Rail.INTERBANK) -> None:
        wire = transfer_to_wire(reference, rail=rail)
        (await self.control.post(f"/_sim/providus/transfers/{wire}/{action}")).raise_for_status()

    async def fault(self, operation: str, kind: str, **more: object) -> None:
        body = {"vendor": "providus", "operation": operation, "kind": kind, **more}
        (await self.control.post("/_sim/faults", json=body)).raise_for_status()

    async def books(self) -> dict[str, Any]:
        books: dict[str, Any] = (await self.control.get("/_sim/books")).raise_for_status().json()["providus"]
        return books

    async def balance(self) -> int:
        balance = await self.provider.balances.balance(currency="NGN")
        assert balance.amount == (await self.books())["balances"]["NGN"]["available"]
        return balance.amount

    async def notice(self) -> tuple[bytes, dict[str, str]]:
        answer = await self.control.get("/_sim/deliveries", params={"vendor": "providus"})
        [delivery] = answer.raise_for_status().json()["deliveries"]
        return delivery["body"].encode(), delivery["headers"]


@pytest.fixture(params=["memory", "http"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    transport: httpx2.AsyncBaseTransport | None = None
    if request.param == "memory":
        url = "http://127.0.0.1:4000"
        app = create_app(SandboxSettings(webhook_target="http://127.0.0.1:9", transfer_delay=3600))
        transport = httpx2.ASGITransport(app)
    else:
        url = request.getfixturevalue("sandbox_url")
    async with (
        Providus(settings_for(url), transport=transport) as providus,
        httpx2.AsyncClient(base_url=url, transport=transport) as control,
    ):
        yield World(providus, control, url, transport)
        await control.post("/_sim/reset")


@pytest.fixture
def reference() -> str:
    return provider_reference_for(uuid4())


async def lend(world: World, reference: str) -> VirtualAccount:
    issued = await world.provider.one_time_accounts.issue_one_time(reference=reference, amount=AMOUNT, holder=HOLDER)
    assert isinstance(issued, VirtualAccountIssued)
    return issued.account


async def reserve(world: World) -> VirtualAccount:
    issued = await world.provider.permanent_accounts.issue_permanent(
        reference=provider_reference_for(uuid4()), currency="NGN", holder=HOLDER
    )
    assert isinstance(issued, VirtualAccountIssued)
    return issued.account


async def facts_of(world: World, settlement_id: str) -> CollectionFacts:
    result = await world.provider.inflows.inflow(provider_reference=settlement_id)
    assert isinstance(result, Succeeded)
    return result.facts


async def send(
    world: World, reference: str, *, amount: Money = AMOUNT, account: BankAccount = GTB
) -> TransferSendResult:
    return await world.provider.transfer_sender.send(
        reference=reference, amount=amount, account=account, narration="KRO payout"
    )


def ending_in(digits: str, *, bank_code: str = "058") -> BankAccount:
    return BankAccount(account_number=f"200000{digits}", bank_code=bank_code, account_name=f"Test Account {digits}")


class TestCapabilities:
    async def test_what_the_bank_lacks_is_declared(self, world: World) -> None:
        lacking = set(Capability) - world.provider.capabilities

        assert lacking == {
            Capability.CHECKOUT,
            Capability.COLLECTIONS,
            Capability.REFUND_SENDER,
            Capability.REFUND_READER,
            Capability.HISTORY,
            Capability.DISPUTES,
        }


class TestOneTimeAccounts:
    async def test_an_account_is_lent_for_ten_minutes(self, world: World, reference: str) -> None:
        account = await lend(world, reference)

        assert (account.account_name, account.bank_code) == ("Ada Obi", "000023")
        assert account.expires_at is not None
        assert timedelta(minutes=9) < account.expires_at - datetime.now(UTC) <= timedelta(minutes=10)

    @pytest.mark.parametrize("amount", [1, 99, 100, 10_150, 15_201_563, 100_000_000_001])
    async def test_what_arrives_is_exact_and_bears_our_reference(
        self, world: World, reference: str, amount: int
    ) -> None:
        account = await lend(world, reference)
        paid = await world.pay(account.account_number, amount=amount)

        facts = await facts_of(world, paid["settlement_id"])

        assert (facts.amount_minor, facts.currency, facts.fees_minor) == (amount, "NGN", min(FEE, amount))
        assert (facts.reference, facts.provider_reference) == (reference, paid["settlement_id"])
        assert facts.receiving_account == account.account_number
        assert (facts.payer.name, facts.payer.account_number) == ("TEST PAYER", "1228939338")
        assert facts.paid_at is not None
        assert abs(facts.paid_at - datetime.now(UTC)) < timedelta(minutes=1)

    async def test_a_payer_the_bank_does_not_know_is_nobody(self, world: World, reference: str) -> None:
        account = await lend(world, reference)
        paid = await world.pay(account.account_number, payer_name="null", payer_account=" ")

        payer = (await facts_of(world, paid["settlement_id"])).payer

        assert (payer.name, payer.account_number) == (None, None)

    async def test_a_number_that_was_lent_again_bears_the_reference_of_its_time(self, world: World) -> None:
        first, second = (provider_reference_for(uuid4()) for _ in range(2))
        account = await lend(world, first)
        early = await world.pay(account.account_number)
        await world.control.post(f"/_sim/providus/accounts/{account.account_number}/expire")

        again = await lend(world, second)
        late = await world.pay(again.account_number)

        assert again.account_number == account.account_number
        assert (await facts_of(world, early["settlement_id"])).reference == first
        assert (await facts_of(world, late["settlement_id"])).reference == second

    async def test_an_account_that_was_not_made_is_a_definitive_refusal(self, world: World, reference: str) -> None:
        await world.fault("dynamic_account", "decline")

        result = await world.provider.one_time_accounts.issue_one_time(
            reference=reference, amount=AMOUNT, holder=HOLDER
        )

        assert result == FailedDefinitively("03", "Error Completing Operation")


class TestPermanentAccounts:
    async def test_money_on_it_bears_no_reference_of_ours(self, world: World) -> None:
        account = await reserve(world)
        first, second = await world.pay(account.account_number, amount=10_151), await world.pay(account.account_number)

        facts = await facts_of(world, first["settlement_id"])

        assert account.expires_at is None
        assert account.provider_reference == account.account_number
        assert (facts.reference, facts.receiving_account) == ("", account.account_number)
        assert (await facts_of(world, second["settlement_id"])).amount_minor == AMOUNT.amount

    async def test_an_empty_pool_is_a_definitive_refusal(self, world: World, reference: str) -> None:
        await world.fault("reserved_account", "decline")

        result = await world.provider.permanent_accounts.issue_permanent(
            reference=reference, currency="NGN", holder=HOLDER
        )

        assert result == FailedDefinitively("11", "Error Completing Operation")

    async def test_it_is_renamed_blocked_and_opened_again(self, world: World, reference: str) -> None:
        accounts, number = world.providus.virtual_accounts, (await reserve(world)).account_number

        assert await accounts.rename(account_number=number, account_name="Bola Ade") == Changed()
        assert [await accounts.block(account_number=number) for _ in range(2)] == [Changed(), Changed()]
        assert await accounts.unblock(account_number=number) == Changed()
        one_time = (await lend(world, reference)).account_number
        assert isinstance(await accounts.rename(account_number=one_time, account_name="Bola Ade"), Refused)


class TestInflows:
    async def test_one_nobody_knows_is_not_found(self, world: World) -> None:
        assert await world.provider.inflows.inflow(provider_reference="1") == NotFound()
        assert await world.providus.inflows.inflow_of_session(session_id="1") == NotFound()

    async def test_one_that_is_not_to_be_seen_yet_is_found_later(self, world: World, reference: str) -> None:
        account = await lend(world, reference)
        settlement = (await world.pay(account.account_number, hidden_reads=1))["settlement_id"]

        assert await world.provider.inflows.inflow(provider_reference=settlement) == NotFound()
        assert isinstance(await world.provider.inflows.inflow(provider_reference=settlement), Succeeded)

    async def test_it_is_found_by_its_session_as_well(self, world: World, reference: str) -> None:
        account = await lend(world, reference)
        paid = await world.pay(account.account_number)

        found = await world.providus.inflows.inflow_of_session(session_id=paid["session_id"])

        assert found == await world.provider.inflows.inflow(provider_reference=paid["settlement_id"])
        assert isinstance(found, Succeeded)

    async def test_it_is_told_again_when_asked(self, world: World, reference: str) -> None:
        account = await lend(world, reference)
        await world.fault("webhook", "lost")
        paid = await world.pay(account.account_number)

        pushed = await world.providus.inflows.repush(**paid)

        assert pushed == Changed()
        assert await world.providus.inflows.repush(settlement_id="1", session_id="1") == NotFound()
        answer = await world.control.get("/_sim/deliveries", params={"reference": paid["settlement_id"]})
        assert [one["state"] for one in answer.json()["deliveries"]] == ["lost", "scheduled"]


class TestNotices:
    async def test_one_is_authentic_and_says_what_to_ask_about(self, world: World, reference: str) -> None:
        paid = await world.pay((await lend(world, reference)).account_number)
        raw, headers = await world.notice()

        verified = world.provider.webhooks.verify(raw=raw, headers=headers)

        assert verified.subject is WebhookSubject.INFLOW
        assert verified.reference == verified.dedupe_key == paid["settlement_id"]

    async def test_a_forged_one_is_refused(self, world: World, reference: str) -> None:
        await world.fault("webhook", "forged")
        await world.pay((await lend(world, reference)).account_number)
        raw, headers = await world.notice()

        with pytest.raises(WebhookSignatureError):
            world.provider.webhooks.verify(raw=raw, headers=headers)

    async def test_one_about_another_settlement_is_authentic_and_leads_nowhere(
        self, world: World, reference: str
    ) -> None:
        await world.fault("webhook", "wrong_reference", reference="202600000000000000000001")
        await world.pay((await lend(world, reference)).account_number)
        raw, headers = await world.notice()

        verified = world.provider.webhooks.verify(raw=raw, headers=headers)

        assert verified.reference == "202600000000000000000001"
        assert await world.provider.inflows.inflow(provider_reference=verified.reference) == NotFound()

    @pytest.mark.parametrize(
        ("outcome", "verdict"),
        [
            (WebhookOutcome.ACCEPTED, Verdict.RECEIVED),
            (WebhookOutcome.DUPLICATE, Verdict.RECEIVED),
            (WebhookOutcome.REJECTED, Verdict.REFUSED),
            (WebhookOutcome.FAILED, Verdict.REPEAT),
        ],
    )
    async def test_the_bank_understands_our_answers(
        self, world: World, reference: str, outcome: WebhookOutcome, verdict: Verdict
    ) -> None:
        await world.pay((await lend(world, reference)).account_number)
        raw, _ = await world.notice()

        told = world.provider.acknowledger.acknowledge(outcome, raw=raw)

        assert told is not None
        assert judge(told.status, httpx2.Response(told.status, json=told.body).content) is verdict


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
