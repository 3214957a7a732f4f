"""Fincra's side of the contract, wherever it is, and what is asked of it."""

from dataclasses import dataclass
from typing import Any

import httpx2

from kro.core.money import Money
from kro.payment.providers import (
    AccountHolder,
    BankAccount,
    PaymentProvider,
    TransferSendResult,
    VirtualAccount,
    VirtualAccountIssued,
)
from kro.payment.providers.fincra import FincraSettings

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
