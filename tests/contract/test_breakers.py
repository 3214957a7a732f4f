"""The breaker before each vendor: it opens for the operation that keeps failing, for no other, and recovers."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from tests.contract.fincra.world import settings_for as fincra_settings

from kro.core.money import Money
from kro.core.outgoing.gates import BREAKER_OPEN
from kro.payment.providers import (
    BankAccount,
    NotSent,
    PaymentProvider,
    Pending,
    Succeeded,
    TransferSendResult,
    Unknown,
    provider_reference_for,
)
from kro.payment.providers.fincra import Fincra
from kro.payment.providers.paystack import Paystack, PaystackSettings
from kro.payment.providers.providus import Providus
from kro_sandbox.app import create_app
from kro_sandbox.settings import SandboxSettings
from providus_world import settings_for as providus_settings

KEY = "sk_test_kro_sandbox_0000000000000000000000"
URL = "http://127.0.0.1:4000"


def paystack_settings(url: str) -> PaystackSettings:
    return PaystackSettings(secret_key=KEY, webhook_secrets=(KEY,), base_url=f"{url}/paystack")


# How to build the adapter, what it calls sending money, and whose name the stand-in has for the account.
VENDORS: dict[str, tuple[Callable[..., Any], Callable[[str], Any], str, str]] = {
    "paystack": (Paystack, paystack_settings, "transfer", "DEMO SELLER"),
    "fincra": (Fincra, fincra_settings, "payout", "Demo Seller"),
    "providus": (Providus, providus_settings, "transfer", "Demo Seller"),
}


@dataclass
class World:
    name: str
    provider: PaymentProvider
    control: httpx2.AsyncClient
    operation: str
    account: BankAccount
    clock: list[float] = field(default_factory=lambda: [0.0])

    async def send(self) -> TransferSendResult:
        return await self.provider.transfer_sender.send(
            reference=provider_reference_for(uuid4()),
            amount=Money(1_000_000, "NGN"),
            account=self.account,
            narration="KRO payout",
        )

    async def fail(self, times: int) -> None:
        fault = {"vendor": self.name, "operation": self.operation, "kind": "http_error", "times": times}
        (await self.control.post("/_sim/faults", json=fault)).raise_for_status()

    async def calls_spoiled(self) -> int:
        [fault] = (await self.control.get("/_sim/faults")).raise_for_status().json()["faults"]
        return int(fault["used"])


@pytest.fixture(params=VENDORS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    adapter, settings_for, operation, owner = VENDORS[request.param]
    app = create_app(SandboxSettings(webhook_target="http://127.0.0.1:9", transfer_delay=3600))
    transport, clock = httpx2.ASGITransport(app), [0.0]
    async with (
        adapter(settings_for(URL), transport=transport, now=lambda: clock[0]) as vendor,
        httpx2.AsyncClient(base_url=URL, transport=transport) as control,
    ):
        account = BankAccount(account_number="0001234567", bank_code="058", account_name=owner)
        yield World(request.param, vendor.provider, control, operation, account, clock)
        await control.post("/_sim/reset")


async def test_it_opens_after_repeated_failures_and_recovers_by_one_success(world: World) -> None:
    await world.fail(5)
    failed = [await world.send() for _ in range(5)]

    # Open: nothing leaves any more, and what is told is that nothing has left.
    kept_back = await world.send()

    assert {type(result) for result in failed} == {Unknown}
    assert kept_back == NotSent(BREAKER_OPEN)
    assert await world.calls_spoiled() == 5
    assert await world.provider.banks.list_banks(currency="NGN")

    world.clock[0] = 29.9
    assert await world.send() == NotSent(BREAKER_OPEN)
    world.clock[0] = 30.0
    assert isinstance(await world.send(), Pending | Succeeded)
    assert isinstance(await world.send(), Pending | Succeeded)


async def test_a_failed_probe_keeps_it_open_for_as_long_again(world: World) -> None:
    await world.fail(6)
    for _ in range(5):
        await world.send()

    world.clock[0] = 30.0
    probe = await world.send()
    world.clock[0] = 59.9
    kept_back = await world.send()
    world.clock[0] = 60.0

    assert isinstance(probe, Unknown)
    assert kept_back == NotSent(BREAKER_OPEN)
    assert isinstance(await world.send(), Pending | Succeeded)
