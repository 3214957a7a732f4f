"""The bank as the production adapter meets it, in memory or over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2

from kro.core.money import Money
from kro.payment.providers import (
    AccountHolder,
    BankAccount,
    CollectionFacts,
    PaymentProvider,
    Succeeded,
    TransferSendResult,
    VirtualAccount,
    VirtualAccountIssued,
    provider_reference_for,
)
from kro.payment.providers.providus import Providus, ProvidusSettings
from kro.payment.providers.providus.references import Rail, transfer_to_wire
from kro_sandbox.app import create_app
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


@asynccontextmanager
async def connected(url: str | None) -> AsyncIterator[World]:
    """Meet the bank at an address, or in memory where there is none."""
    transport: httpx2.AsyncBaseTransport | None = None
    if url is None:
        url = "http://127.0.0.1:4000"
        app = create_app(SandboxSettings(webhook_target="http://127.0.0.1:9", transfer_delay=3600))
        transport = httpx2.ASGITransport(app)
    async with (
        Providus(settings_for(url), transport=transport) as providus,
        httpx2.AsyncClient(base_url=url, transport=transport) as control,
    ):
        yield World(providus, control, url, transport)
        await control.post("/_sim/reset")


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
