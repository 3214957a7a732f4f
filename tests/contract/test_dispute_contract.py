"""Contested payments, told alike by the fake in memory and by the production adapter over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

import httpx2
import pytest

from kro.core.money import Money
from kro.payment.providers import (
    CheckoutStarted,
    DisputeFacts,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    NotFound,
    PaymentProvider,
    Unknown,
    WebhookSubject,
    provider_reference_for,
)
from kro.payment.providers.fake import FakePaystack
from kro.payment.providers.paystack import Paystack, PaystackSettings

KEY = "sk_test_kro_sandbox_0000000000000000000000"
AMOUNT = Money(15_201_563, "NGN")
GOOD_CARD = {"card_number": "4084084084084081", "cvv": "408", "expiry": "12/30"}


class World(Protocol):
    """The vendor's side, wherever it is."""

    provider: PaymentProvider

    async def pay(self, reference: str) -> None: ...
    async def contest(self, reference: str, amount: int | None = None) -> str: ...
    async def decide(self, dispute: str, resolution: str, amount: int | None = None) -> None: ...
    async def balance(self) -> int: ...
    async def webhook(self, reference: str, dispute: str) -> tuple[bytes, dict[str, str]]: ...


class InMemory:
    def __init__(self) -> None:
        self._fake = FakePaystack()
        self.provider = self._fake.provider

    async def pay(self, reference: str) -> None:
        self._fake.pay(reference)

    async def contest(self, reference: str, amount: int | None = None) -> str:
        return self._fake.contest(reference, amount_minor=amount)

    async def decide(self, dispute: str, resolution: str, amount: int | None = None) -> None:
        self._fake.end_dispute(dispute, resolution, amount_minor=amount)

    async def balance(self) -> int:
        return self._fake.balance["NGN"]

    async def webhook(self, reference: str, dispute: str) -> tuple[bytes, dict[str, str]]:
        return self._fake.webhook("charge.dispute.create", dispute)


class OverHTTP:
    """The sandbox, steered by its control routes."""

    def __init__(self, provider: PaymentProvider, control: httpx2.AsyncClient) -> None:
        self.provider = provider
        self._control = control

    async def pay(self, reference: str) -> None:
        await self._post(f"/_sim/paystack/transactions/{reference}/pay", dict(GOOD_CARD))

    async def contest(self, reference: str, amount: int | None = None) -> str:
        path = f"/_sim/paystack/transactions/{reference}/dispute"
        return str((await self._post(path, {} if amount is None else {"amount": amount}))["id"])

    async def decide(self, dispute: str, resolution: str, amount: int | None = None) -> None:
        body: dict[str, object] = {} if amount is None else {"amount": amount}
        await self._post(f"/_sim/paystack/disputes/{dispute}/{resolution}", body)

    async def balance(self) -> int:
        books = (await self._control.get("/_sim/books")).raise_for_status().json()["paystack"]
        return int(books["balances"]["NGN"]["available"])

    async def webhook(self, reference: str, dispute: str) -> tuple[bytes, dict[str, str]]:
        query = {"event": "charge.dispute.create", "reference": reference}
        [delivery] = (await self._control.get("/_sim/deliveries", params=query)).json()["deliveries"]
        return delivery["body"].encode(), {"X-Paystack-Signature": delivery["signature"]}

    async def _post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        answer = (await self._control.post(path, json=body)).raise_for_status()
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return dict(answer.json()) if is_json else {}


@pytest.fixture(params=["fake", "sandbox"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield InMemory()
        return
    url: str = request.getfixturevalue("sandbox_url")
    settings = PaystackSettings(secret_key=KEY, webhook_secrets=(KEY,), base_url=f"{url}/paystack")
    async with Paystack(settings) as paystack, httpx2.AsyncClient(base_url=url) as control:
        yield OverHTTP(paystack.provider, control)


async def paid(world: World) -> str:
    reference = provider_reference_for(uuid4())
    started = await world.provider.checkout.start(
        reference=reference, amount=AMOUNT, payer_email="buyer@example.com", callback_url="http://127.0.0.1:3000/paid"
    )
    assert isinstance(started, CheckoutStarted)
    await world.pay(reference)
    return reference


async def facts_of(world: World, dispute: str) -> DisputeFacts:
    result = await world.provider.disputes.dispute(provider_reference=dispute)
    assert isinstance(result, DisputeOpened | DisputeWon | DisputeLost)
    return result.facts


async def test_an_open_dispute_names_our_payment_and_what_is_contested(world: World) -> None:
    reference = await paid(world)
    before = await world.balance()

    dispute = await world.contest(reference, 1_000_000)

    result = await world.provider.disputes.dispute(provider_reference=dispute)
    assert isinstance(result, DisputeOpened)
    facts = result.facts
    assert (facts.provider_reference, facts.reference) == (dispute, reference)
    assert (facts.amount_minor, facts.currency, facts.category) == (1_000_000, "NGN", "chargeback")
    assert await world.balance() == before - 1_000_000


async def test_a_declined_claim_is_won(world: World) -> None:
    reference = await paid(world)
    before = await world.balance()
    dispute = await world.contest(reference)

    await world.decide(dispute, "declined")

    assert isinstance(await world.provider.disputes.dispute(provider_reference=dispute), DisputeWon)
    assert await world.balance() == before


@pytest.mark.parametrize("resolution", ["merchant-accepted", "auto-accepted"])
async def test_an_accepted_claim_is_lost(world: World, resolution: str) -> None:
    dispute = await world.contest(await paid(world))

    await world.decide(dispute, resolution)

    result = await world.provider.disputes.dispute(provider_reference=dispute)
    assert isinstance(result, DisputeLost)
    assert result.facts.amount_minor == AMOUNT.amount


async def test_an_accepted_part_of_a_claim_is_lost_and_the_rest_comes_back(world: World) -> None:
    reference = await paid(world)
    before = await world.balance()
    dispute = await world.contest(reference)

    await world.decide(dispute, "merchant-accepted", 1_000_000)

    assert (await facts_of(world, dispute)).amount_minor == 1_000_000
    assert await world.balance() == before - 1_000_000


async def test_no_such_dispute_is_not_found_and_a_strange_number_is_never_sent(world: World) -> None:
    assert isinstance(await world.provider.disputes.dispute(provider_reference="1"), NotFound)
    if not isinstance(world, InMemory):
        assert await world.provider.disputes.dispute(provider_reference="../transfer") == Unknown(
            "unreadable_reference"
        )


async def test_the_event_of_a_new_dispute_asks_for_the_dispute(world: World) -> None:
    reference = await paid(world)
    dispute = await world.contest(reference)
    raw, headers = await world.webhook(reference, dispute)

    verified = world.provider.webhooks.verify(raw=raw, headers=headers)

    assert (verified.subject, verified.reference) == (WebhookSubject.DISPUTE, dispute)


async def test_the_list_names_each_dispute_of_its_days(world: World) -> None:
    tomorrow, reference = datetime.now(UTC) + timedelta(days=1), await paid(world)
    disputes = [await world.contest(reference, 1_000), await world.contest(await paid(world))]
    await world.decide(disputes[1], "declined")

    listed = await world.provider.dispute_list.disputes(since=datetime(2026, 1, 1, tzinfo=UTC), until=tomorrow)
    long_ago = await world.provider.dispute_list.disputes(
        since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime(2021, 1, 1, tzinfo=UTC)
    )

    assert set(disputes) <= set(listed)
    assert len(set(listed)) == len(listed)
    assert list(long_ago) == []
