"""What happens outside the platform: the payer's card, the phones' and mailboxes' inboxes, the provider's books."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kro.demo.client import API, JSON, eventually


@dataclass(frozen=True, slots=True)
class Card:
    number: str
    cvv: str
    expiry: str = "12/30"


GOOD_CARD: Final = Card("4084084084084081", "408")
DECLINED_CARD: Final = Card("4084080000005408", "001")


class Sandbox:
    """The stand-ins of the vendors, driven as a payer and read as an inbox."""

    def __init__(self, api: API) -> None:
        self._api = api

    async def pay(self, checkout_url: str, card: Card = GOOD_CARD) -> JSON:
        """Fill in the hosted checkout page with a test card and return what the page says."""
        form = {"card_number": card.number, "cvv": card.cvv, "expiry": card.expiry}
        return await self._api.post(f"{checkout_url}/pay", form)

    async def otp(self, phone: str, *, saying: str = "") -> str:
        """Return the newest code sent by SMS to a phone, waiting for one that says what it is for."""

        async def ask() -> list[str]:
            answer = await self._api.get("/_sim/messages", to=phone, channel="sms", wait=5)
            said = [message for message in answer["messages"] if saying in message["text"]]
            return [str(code) for message in said for code in message["codes"]]

        return (await eventually(f"a code by SMS to {phone}", ask, until=bool))[-1]

    async def inbox(self, address: str, *, channel: str) -> list[str]:
        """Return what reached an address, oldest first: the texts of SMS, the subjects of mails."""
        found = await self._api.get("/_sim/messages", to=address, channel=channel)
        return [str(message["text" if channel == "sms" else "subject"]) for message in found["messages"]]

    async def transfers_to(self, account_number: str) -> list[JSON]:
        """Return the transfers the provider has made to a bank account, from its own books."""
        books = await self._api.get("/_sim/books")
        return [item for item in books["paystack"]["transfers"] if item["account_number"] == account_number]

    async def contest(self, reference: str) -> str:
        """Contest a whole payment at the payer's bank; returns the provider's id of the dispute."""
        dispute = await self._api.post(f"/_sim/paystack/transactions/{reference}/dispute", {})
        return str(dispute["id"])

    async def decide(self, dispute: str, resolution: str) -> None:
        """Have the bank decide: ``declined`` for the platform, ``merchant-accepted`` for the payer."""
        await self._api.post(f"/_sim/paystack/disputes/{dispute}/{resolution}", {})

    async def balance(self) -> int:
        """Return what the provider holds for the platform, in kobo."""
        books = await self._api.get("/_sim/books")
        return int(books["paystack"]["balances"]["NGN"]["available"])

    async def misread_next(self, amount_minor: int) -> None:
        """Have the next card payment come in as another amount than was asked for, in kobo."""
        fault = {"vendor": "paystack", "operation": "pay", "kind": "under", "times": 1, "amount": amount_minor}
        await self._api.post("/_sim/faults", fault)

    async def tell(self, event: str, *, reference: str) -> None:
        """Send the platform a signed webhook about a payment or transfer."""
        await self._api.post("/_sim/webhooks/paystack", {"event": event, "data": {"reference": reference}})
