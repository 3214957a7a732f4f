"""Refunds: what the fake in memory and the production adapter over HTTP both promise, and what no fault may break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Protocol
from uuid import uuid4

import httpx2
import pytest

from kro.core.money import Money
from kro.payment.providers import (
    FailedDefinitively,
    NotFound,
    NotSent,
    PaymentProvider,
    Pending,
    RefundInstruction,
    RefundStatusResult,
    Succeeded,
    Unknown,
    provider_reference_for,
)
from kro.payment.providers.fake import FakePaystack, Fault
from kro.payment.providers.paystack import Paystack, PaystackSettings

KEY = "sk_test_kro_sandbox_0000000000000000000000"
PAID, PART = Money(1_000_000, "NGN"), Money(400_000, "NGN")
CARD = {"card_number": "4084084084084081", "cvv": "408", "expiry": "12/30"}
ENDINGS = {"failed": "decline", "pending": "stuck", "needs-attention": "needs_attention"}


class World(Protocol):
    """The vendor's side, wherever it is."""

    provider: PaymentProvider

    async def pay(self, reference: str) -> None: ...
    async def plan(self, status: str) -> None: ...
    async def end(self, reference: str, status: str) -> None: ...
    async def lose_answer(self) -> None: ...
    async def refund_count(self) -> int: ...
    async def balance(self) -> int: ...


class InMemory:
    def __init__(self) -> None:
        self._fake = FakePaystack()
        self.provider = self._fake.provider

    async def pay(self, reference: str) -> None:
        self._fake.pay(reference)

    async def plan(self, status: str) -> None:
        """Ended by hand."""

    async def end(self, reference: str, status: str) -> None:
        self._fake.end_refund(reference, status)

    async def lose_answer(self) -> None:
        self._fake.fail_next("refund", Fault.ANSWER_LOST)

    async def refund_count(self) -> int:
        return len(self._fake.refunds)

    async def balance(self) -> int:
        return self._fake.balance["NGN"]


class OverHTTP:
    """The sandbox, where a refund goes its way by itself as it was planned."""

    def __init__(self, provider: PaymentProvider, control: httpx2.AsyncClient) -> None:
        self.provider = provider
        self._control = control

    async def pay(self, reference: str) -> None:
        await self._post(f"/_sim/paystack/transactions/{reference}/pay", CARD)

    async def plan(self, status: str) -> None:
        if status in ENDINGS:
            await self._post("/_sim/faults", {"vendor": "paystack", "operation": "refund", "kind": ENDINGS[status]})

    async def end(self, reference: str, status: str) -> None:
        for _ in range(100):
            if {one["status"] for one in (await self._books())["refunds"]} == {status}:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"no refund became {status}, {reference}")

    async def lose_answer(self) -> None:
        fault = {"vendor": "paystack", "operation": "refund", "kind": "act_then_http_error", "status": 502}
        await self._post("/_sim/faults", fault)

    async def refund_count(self) -> int:
        return len((await self._books())["refunds"])

    async def balance(self) -> int:
        available = (await self._books())["balances"]["NGN"]["available"]
        assert isinstance(available, int)
        return available

    async def _books(self) -> dict[str, Any]:
        books: dict[str, Any] = (await self._control.get("/_sim/books")).raise_for_status().json()["paystack"]
        return books

    async def _post(self, path: str, body: dict[str, object] | dict[str, str]) -> None:
        (await self._control.post(path, json=body)).raise_for_status()


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
    """Return the provider's own id of a payment that succeeded."""
    reference = provider_reference_for(uuid4())
    await world.provider.checkout.start(
        reference=reference,
        amount=PAID,
        payer_email="buyer@example.com",
        callback_url="http://127.0.0.1:3000/paid",
    )
    await world.pay(reference)
    result = await world.provider.collections.verify(reference=reference)
    assert isinstance(result, Succeeded)
    return result.facts.provider_reference


async def instruction(world: World, amount: Money = PART) -> RefundInstruction:
    return RefundInstruction(provider_reference_for(uuid4()), await paid(world), amount)


async def send(world: World, order: RefundInstruction) -> object:
    return await world.provider.refund_sender.send(order)


async def status(world: World, order: RefundInstruction) -> RefundStatusResult:
    return await world.provider.refund_reader.status(order)


class TestRefunding:
    async def test_takes_the_amount_and_is_pending_until_it_is_processed(self, world: World) -> None:
        order = await instruction(world)
        before = await world.balance()
        assert await status(world, order) == NotFound()

        sent = await send(world, order)
        await world.end(order.reference, "processed")
        ended = await status(world, order)

        assert isinstance(sent, Pending)
        assert isinstance(ended, Succeeded)
        assert (ended.facts.amount_minor, ended.facts.currency) == (PART.amount, "NGN")
        assert sent.facts is not None
        assert sent.facts.provider_reference == ended.facts.provider_reference
        assert await world.balance() == before - PART.amount

    async def test_sent_again_under_its_reference_exists_once(self, world: World) -> None:
        order = await instruction(world)
        await send(world, order)

        again = await send(world, order)

        assert isinstance(again, Pending | Succeeded)
        assert await world.refund_count() == 1

    async def test_parts_of_one_payment_are_told_apart_by_their_reference(self, world: World) -> None:
        first = await instruction(world)
        second = RefundInstruction(provider_reference_for(uuid4()), first.transaction, PART)

        await send(world, first)
        assert await status(world, second) == NotFound()
        await send(world, second)

        found = [await status(world, one) for one in (first, second)]
        assert all(isinstance(one, Pending | Succeeded) for one in found)
        assert (
            len({one.facts.provider_reference for one in found if isinstance(one, Pending | Succeeded) and one.facts})
            == 2
        )

    async def test_above_what_is_left_is_a_refusal(self, world: World) -> None:
        first = await instruction(world)
        await send(world, first)

        more = RefundInstruction(provider_reference_for(uuid4()), first.transaction, Money(600_001, "NGN"))

        assert isinstance(await send(world, more), FailedDefinitively)
        assert await world.refund_count() == 1

    async def test_that_failed_gives_the_money_back_and_may_be_tried_again(self, world: World) -> None:
        order = await instruction(world)
        before = await world.balance()
        await world.plan("failed")
        await send(world, order)
        await world.end(order.reference, "failed")
        failed = await status(world, order)
        assert isinstance(failed, FailedDefinitively)
        assert failed.facts is not None
        assert await world.balance() == before

        retry = RefundInstruction(
            order.reference, order.transaction, PART, failed=frozenset({failed.facts.provider_reference})
        )
        assert await status(world, retry) == NotFound()
        assert isinstance(await send(world, retry), Pending)
        assert await world.refund_count() == 2

    async def test_that_waits_for_the_payers_details_is_pending(self, world: World) -> None:
        order = await instruction(world)
        await world.plan("needs-attention")
        await send(world, order)
        await world.end(order.reference, "needs-attention")

        found = await status(world, order)

        assert isinstance(found, Pending)
        assert found.code == "needs-attention"

    async def test_whose_answer_was_lost_is_found_by_its_reference(self, world: World) -> None:
        order = await instruction(world)
        await world.lose_answer()

        assert isinstance(await send(world, order), Unknown)
        assert isinstance(await status(world, order), Pending | Succeeded)
        assert await world.refund_count() == 1

    async def test_of_another_amount_is_never_taken_for_ours(self, world: World) -> None:
        order = await instruction(world)
        await send(world, order)
        other = RefundInstruction(order.reference, order.transaction, Money(1_000, "NGN"))

        assert await status(world, other) == Unknown("amount_mismatch")
        assert isinstance(await send(world, other), NotSent)
        assert await world.refund_count() == 1
