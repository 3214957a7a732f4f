"""Fincra's promises about money that comes in, held by the production adapter against the sandbox."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.fincra.world import AMOUNT, FEE, HOLDER, World, lend, start

from kro.core.money import Money
from kro.payment.providers import (
    Capability,
    CheckoutStarted,
    FailedDefinitively,
    NotFound,
    Pending,
    Succeeded,
    Unknown,
    VirtualAccountIssued,
    WebhookSubject,
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
