"""Fincra's promises, held by the production adapter against the sandbox: in memory and over HTTP alike."""

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
    CheckoutStarted,
    FailedDefinitively,
    NotFound,
    NotResolved,
    NotSent,
    PaymentProvider,
    Pending,
    ResolvedAccount,
    Succeeded,
    TransferSendResult,
    Unknown,
    VirtualAccount,
    VirtualAccountIssued,
    WebhookSignatureError,
    WebhookSubject,
    provider_reference_for,
)
from kro.payment.providers.fincra import Fincra, FincraSettings
from kro_sandbox.app import create_app
from kro_sandbox.settings import SandboxSettings

SELLER = BankAccount(account_number="2345678901", bank_code="058", account_name="Chinwe Eze")
AMOUNT = Money(15_201_563, "NGN")
# 1.4 % and 7.5 % VAT on that.
FEE = 212_822 + 15_962
PAYOUT_FEE = 15_000
HOLDER = AccountHolder(
    first_name="Ada", last_name="Obi", email="ada@example.com", phone="08030000001", bvn="22222222222"
)


def settings_for(base_url: str) -> FincraSettings:
    return FincraSettings(
        secret_key="fincra_kro_sandbox_secret_000000000000",
        public_key="pk_test_kro_sandbox_fincra_00000000000",
        business_id="64f1c2a4b7d9e30012ab4567",
        webhook_secrets=("previous", "fincra_kro_sandbox_webhook_00000000000"),
        base_url=f"{base_url}/fincra",
    )


@dataclass
class World:
    """The vendor's side, wherever it is."""

    provider: PaymentProvider
    control: httpx2.AsyncClient

    async def charge(self, reference: str, action: str, **body: object) -> httpx2.Response:
        return await self.control.post(f"/_sim/fincra/charges/{reference}/{action}", json=body)

    async def end_payout(self, reference: str, action: str) -> None:
        (await self.control.post(f"/_sim/fincra/payouts/{reference}/{action}")).raise_for_status()

    async def pay_to(self, number: str, **body: object) -> str:
        answer = await self.control.post(f"/_sim/fincra/accounts/{number}/pay", json=body)
        return str(answer.raise_for_status().json()["reference"])

    async def fault(self, operation: str, kind: str, **more: object) -> None:
        body = {"vendor": "fincra", "operation": operation, "kind": kind, **more}
        (await self.control.post("/_sim/faults", json=body)).raise_for_status()

    async def books(self) -> dict[str, Any]:
        books: dict[str, Any] = (await self.control.get("/_sim/books")).raise_for_status().json()["fincra"]
        return books

    async def balance(self) -> int:
        balance = await self.provider.balances.balance(currency="NGN")
        assert balance.amount == (await self.books())["balances"]["NGN"]["available"]
        return balance.amount

    async def webhook(self, event: str, reference: str) -> tuple[bytes, dict[str, str]]:
        answer = await self.control.get("/_sim/deliveries", params={"event": event, "reference": reference})
        [delivery] = answer.raise_for_status().json()["deliveries"]
        return delivery["body"].encode(), {"Signature": delivery["signature"]}


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
        Fincra(settings_for(url), transport=transport) as fincra,
        httpx2.AsyncClient(base_url=url, transport=transport) as control,
    ):
        yield World(fincra.provider, control)
        await control.post("/_sim/reset")


@pytest.fixture
def reference() -> str:
    return provider_reference_for(uuid4())


async def start(world: World, reference: str, *, amount: Money = AMOUNT) -> object:
    return await world.provider.checkout.start(
        reference=reference,
        amount=amount,
        payer_email="buyer@example.com",
        callback_url="http://127.0.0.1:3000/paid",
        metadata={"kind": "order"},
    )


async def lend(world: World, reference: str) -> VirtualAccount:
    issued = await world.provider.one_time_accounts.issue_one_time(reference=reference, amount=AMOUNT, holder=HOLDER)
    assert isinstance(issued, VirtualAccountIssued)
    return issued.account


async def send(
    world: World, reference: str, *, amount: Money = AMOUNT, account: BankAccount = SELLER
) -> TransferSendResult:
    return await world.provider.transfer_sender.send(
        reference=reference, amount=amount, account=account, narration="KRO payout"
    )


class TestCapabilities:
    async def test_what_fincra_lacks_is_declared(self, world: World) -> None:
        lacking = set(Capability) - world.provider.capabilities

        assert lacking == {
            Capability.REFUND_SENDER,
            Capability.REFUND_READER,
            Capability.HISTORY,
            Capability.DISPUTES,
            Capability.DISPUTE_LIST,
        }


class TestHostedCheckout:
    async def test_a_page_nobody_paid_on_is_pending(self, world: World, reference: str) -> None:
        started = await start(world, reference)

        assert isinstance(started, CheckoutStarted)
        assert started.provider_reference != reference
        assert isinstance(await world.provider.collections.verify(reference=reference), Pending)

    async def test_a_payment_succeeds_with_its_facts_and_both_books_agree(self, world: World, reference: str) -> None:
        before = await world.balance()
        await start(world, reference)
        await world.charge(reference, "pay")

        result = await world.provider.collections.verify(reference=reference)

        assert isinstance(result, Succeeded)
        facts = result.facts
        assert (facts.reference, facts.amount_minor, facts.currency) == (reference, 15_201_563, "NGN")
        assert (facts.requested_minor, facts.fees_minor) == (15_201_563, FEE)
        assert facts.payer.email == "buyer@example.com"
        assert await world.balance() - before == 15_201_563 - FEE

    async def test_a_person_pays_on_the_page_and_comes_back(self, world: World, reference: str) -> None:
        started = await start(world, reference)
        assert isinstance(started, CheckoutStarted)

        page = await world.control.get(started.url)
        declined = await world.control.post(started.url, data={"card_number": "4084080000005408"})
        paid = await world.control.post(started.url, data={"card_number": "5319317801366660"})

        assert "Pay NGN 152,015.63" in page.text
        assert "Insufficient funds" in declined.text
        assert (paid.status_code, paid.headers["location"]) == (
            303,
            f"http://127.0.0.1:3000/paid?reference={reference}",
        )
        assert isinstance(await world.provider.collections.verify(reference=reference), Succeeded)

    async def test_a_declined_payment_may_still_succeed_on_the_same_page(self, world: World, reference: str) -> None:
        await start(world, reference)
        await world.charge(reference, "decline")
        declined = await world.provider.collections.verify(reference=reference)
        await world.charge(reference, "pay")

        assert isinstance(declined, FailedDefinitively)
        assert isinstance(await world.provider.collections.verify(reference=reference), Succeeded)

    async def test_an_unknown_reference_is_not_found(self, world: World, reference: str) -> None:
        assert await world.provider.collections.verify(reference=reference) == NotFound()

    async def test_a_reference_is_started_once(self, world: World, reference: str) -> None:
        await start(world, reference)

        assert await start(world, reference) == Unknown("duplicate_reference")

    async def test_a_documented_refusal_is_definitive(self, world: World, reference: str) -> None:
        result = await start(world, reference, amount=Money(1, "NGN"))

        assert isinstance(result, FailedDefinitively)
        assert result.code == "refused_400"


class TestOneTimeAccounts:
    async def test_an_account_is_lent_for_twenty_minutes(self, world: World, reference: str) -> None:
        account = await lend(world, reference)

        assert account.bank_code == "101"
        assert account.expires_at is not None
        assert timedelta(minutes=19) < account.expires_at - datetime.now(UTC) <= timedelta(minutes=20)

    async def test_what_arrives_is_read_by_our_reference(self, world: World, reference: str) -> None:
        account = await lend(world, reference)
        await world.charge(reference, "pay")

        result = await world.provider.collections.verify(reference=reference)

        assert isinstance(result, Succeeded)
        assert result.facts.amount_minor == 15_201_563
        assert (result.facts.channel, result.facts.receiving_account) == ("bank_transfer", account.account_number)
        assert result.facts.payer.account_number == "1228939338"

    @pytest.mark.parametrize(("kind", "received"), [("under", 15_201_463), ("over", 15_201_663)])
    async def test_another_amount_is_told_as_it_came(
        self, world: World, reference: str, kind: str, received: int
    ) -> None:
        await lend(world, reference)
        await world.fault("pay", kind)
        await world.charge(reference, "pay")

        result = await world.provider.collections.verify(reference=reference)

        assert isinstance(result, Succeeded)
        assert (result.facts.amount_minor, result.facts.requested_minor) == (received, 15_201_563)

    async def test_a_late_payment_is_returned(self, world: World, reference: str) -> None:
        before = await world.balance()
        await lend(world, reference)
        await world.charge(reference, "expire")

        late = await world.charge(reference, "pay")

        assert late.status_code == 422
        result = await world.provider.collections.verify(reference=reference)
        assert isinstance(result, FailedDefinitively)
        assert result.code == "expired"
        assert await world.balance() == before

    async def test_a_second_payment_is_returned(self, world: World, reference: str) -> None:
        before = await world.balance()
        await lend(world, reference)
        await world.charge(reference, "pay")

        assert (await world.charge(reference, "pay")).status_code == 422
        assert await world.balance() - before == 15_201_563 - FEE

    async def test_a_reference_is_lent_an_account_once(self, world: World, reference: str) -> None:
        await lend(world, reference)

        again = await world.provider.one_time_accounts.issue_one_time(reference=reference, amount=AMOUNT, holder=HOLDER)

        assert again == Unknown("duplicate_reference")


class TestPermanentAccounts:
    async def test_money_on_it_is_read_by_the_providers_reference(self, world: World, reference: str) -> None:
        issued = await world.provider.permanent_accounts.issue_permanent(
            reference=reference, currency="NGN", holder=HOLDER
        )
        assert isinstance(issued, VirtualAccountIssued)
        assert (issued.account.account_name, issued.account.expires_at) == ("Ada Obi", None)

        theirs = await world.pay_to(issued.account.account_number, amount=10_151)

        result = await world.provider.inflows.inflow(provider_reference=theirs)
        assert isinstance(result, Succeeded)
        assert (result.facts.reference, result.facts.provider_reference) == ("", theirs)
        assert (result.facts.amount_minor, result.facts.fees_minor) == (10_151, 153)
        assert result.facts.receiving_account == issued.account.account_number
        raw, headers = await world.webhook("collection.successful", theirs)
        verified = world.provider.webhooks.verify(raw=raw, headers=headers)
        assert (verified.subject, verified.reference) == (WebhookSubject.INFLOW, theirs)

    async def test_an_inflow_that_failed_is_no_money(self, world: World, reference: str) -> None:
        issued = await world.provider.permanent_accounts.issue_permanent(
            reference=reference, currency="NGN", holder=HOLDER
        )
        assert isinstance(issued, VirtualAccountIssued)
        before = await world.balance()

        theirs = await world.pay_to(issued.account.account_number, amount=10_151, status="failed")

        assert isinstance(await world.provider.inflows.inflow(provider_reference=theirs), FailedDefinitively)
        assert await world.balance() == before

    async def test_an_inflow_nobody_knows_is_not_found(self, world: World) -> None:
        assert await world.provider.inflows.inflow(provider_reference="nothing") == NotFound()


class TestPayingOut:
    async def test_a_payout_is_pending_until_the_bank_took_it(self, world: World, reference: str) -> None:
        before = await world.balance()

        sent = await send(world, reference)
        await world.end_payout(reference, "succeed")
        ended = await world.provider.transfer_reader.status(reference=reference)

        assert sent == Pending("processing")
        assert isinstance(ended, Succeeded)
        facts = ended.facts
        assert (facts.reference, facts.amount_minor, facts.currency) == (reference, 15_201_563, "NGN")
        assert facts.fees_minor == PAYOUT_FEE
        assert facts.session_id is not None
        assert before - await world.balance() == 15_201_563 + PAYOUT_FEE

    async def test_a_payout_that_failed_gives_the_money_back(self, world: World, reference: str) -> None:
        before = await world.balance()
        await send(world, reference)
        await world.end_payout(reference, "fail")

        result = await world.provider.transfer_reader.status(reference=reference)

        assert isinstance(result, FailedDefinitively)
        assert result.code == "failed"
        assert await world.balance() == before

    async def test_the_same_reference_moves_money_once(self, world: World, reference: str) -> None:
        before = await world.balance()

        first, second = await send(world, reference), await send(world, reference)

        assert isinstance(first, Pending)
        assert isinstance(second, Pending)
        assert len((await world.books())["payouts"]) == 1
        assert before - await world.balance() == 15_201_563 + PAYOUT_FEE

    async def test_the_same_reference_with_another_amount_is_unknown(self, world: World, reference: str) -> None:
        await send(world, reference)

        assert await send(world, reference, amount=Money(15_201_564, "NGN")) == Unknown("amount_mismatch")

    async def test_a_payout_that_is_found_late_is_not_failed(self, world: World, reference: str) -> None:
        late = BankAccount(account_number="0000019995", bank_code="058", account_name="Late")
        await send(world, reference, account=late)

        asked = [await world.provider.transfer_reader.status(reference=reference) for _ in range(3)]

        assert asked[:2] == [NotFound(), NotFound()]
        assert isinstance(asked[2], Pending)

    async def test_a_duplicate_that_is_not_found_is_unknown(self, world: World, reference: str) -> None:
        late = BankAccount(account_number="0000019995", bank_code="058", account_name="Late")
        await send(world, reference, account=late)

        assert await send(world, reference, account=late) == Unknown("duplicate_reference")

    async def test_more_than_the_balance_is_refused_and_leaves_nothing(self, world: World, reference: str) -> None:
        before = await world.balance()

        result = await send(world, reference, amount=Money(before, "NGN"))

        assert isinstance(result, FailedDefinitively)
        assert result.code == "insufficient_balance"
        assert await world.provider.transfer_reader.status(reference=reference) == NotFound()
        assert await world.balance() == before

    async def test_an_address_that_is_not_listed_sends_nothing(self, world: World, reference: str) -> None:
        await world.control.patch("/_sim/options", json={"fincra_ip_refused": True})

        assert await send(world, reference) == NotSent("access_denied")
        assert (await world.books())["payouts"] == []


class TestBanks:
    async def test_the_directory_keeps_leading_zeros(self, world: World) -> None:
        banks = await world.provider.banks.list_banks(currency="NGN")

        assert {"044", "058", "305"} <= {bank.code for bank in banks}

    async def test_the_documented_test_accounts(self, world: World) -> None:
        resolve = world.provider.accounts.resolve

        assert await resolve(account_number="0987654321", bank_code="305") == ResolvedAccount(
            account_number="0987654321", bank_code="305", account_name="Grace Okoro"
        )
        assert await resolve(account_number="0123456789", bank_code="044") == NotResolved("account_not_found")


class TestWebhooks:
    async def test_a_payment_and_a_payout_are_announced_and_authentic(self, world: World) -> None:
        paid, sent = provider_reference_for(uuid4()), provider_reference_for(uuid4())
        await start(world, paid)
        await world.charge(paid, "pay")
        await send(world, sent)
        await world.end_payout(sent, "fail")

        for event, reference, subject in (
            ("charge.successful", paid, WebhookSubject.COLLECTION),
            ("payout.failed", sent, WebhookSubject.TRANSFER),
        ):
            raw, headers = await world.webhook(event, reference)
            verified = world.provider.webhooks.verify(raw=raw, headers=headers)
            assert (verified.event_type, verified.reference, verified.subject) == (event, reference, subject)
            with pytest.raises(WebhookSignatureError):
                world.provider.webhooks.verify(raw=raw.replace(b"NGN", b"GHS"), headers=headers)

    async def test_a_forged_one_is_refused(self, world: World, reference: str) -> None:
        await start(world, reference)
        await world.fault("webhook", "forged")
        await world.charge(reference, "pay")
        raw, headers = await world.webhook("charge.successful", reference)

        with pytest.raises(WebhookSignatureError):
            world.provider.webhooks.verify(raw=raw, headers=headers)
