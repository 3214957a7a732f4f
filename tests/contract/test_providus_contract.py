"""The bank's promises, held by the production adapter against the sandbox: in memory and over HTTP alike."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx2
import pytest

from kro.payment.providers import (
    Capability,
    FailedDefinitively,
    NotFound,
    Succeeded,
    WebhookOutcome,
    WebhookSignatureError,
    WebhookSubject,
    provider_reference_for,
)
from kro.payment.providers.providus.accounts import Changed, Refused
from kro_sandbox.core.replies import Verdict
from kro_sandbox.providus.events import judge
from providus_world import (
    AMOUNT,
    FEE,
    HOLDER,
    World,
    connected,
    facts_of,
    lend,
    reserve,
)


@pytest.fixture(params=["memory", "http"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    url = None if request.param == "memory" else request.getfixturevalue("sandbox_url")
    async with connected(url) as world:
        yield world


@pytest.fixture
def reference() -> str:
    return provider_reference_for(uuid4())


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
            Capability.DISPUTE_LIST,
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
