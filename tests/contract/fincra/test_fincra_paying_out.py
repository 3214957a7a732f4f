"""Fincra's promises about money that goes out, held by the production adapter against the sandbox."""

from uuid import uuid4

import pytest
from tests.contract.fincra.world import PAYOUT_FEE, World, send, start

from kro.core.money import Money
from kro.payment.providers import (
    BankAccount,
    FailedDefinitively,
    NotFound,
    NotResolved,
    NotSent,
    Pending,
    ResolvedAccount,
    Succeeded,
    Unknown,
    WebhookSignatureError,
    WebhookSubject,
    provider_reference_for,
)


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
