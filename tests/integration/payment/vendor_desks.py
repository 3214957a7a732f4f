"""What three vendors know, say and sign: each tells of payments and transfers in its own events."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from fake_bank import FakeBank
from kro.core.clock import FrozenClock
from kro.payment.providers import CollectionFacts, CollectionResult, NotFound, PaymentProvider, Succeeded
from kro.payment.providers.fake import FakePaystack
from kro.payment.providers.fake.books import SECRET
from kro.payment.providers.fincra.webhooks import FincraWebhooks
from vendors import vendor_but

FUNDS: Final = 10**14
Headers = dict[str, str]
_BANK_HEADERS: Final = FakeBank(FrozenClock()).notice("1")[1]


class Desk(Protocol):
    """One vendor: ``word`` is what happened (``paid``, ``sent``, ``failed``, ``returned``), as it would be told."""

    name: str
    claims: dict[str, tuple[int, str]]

    @property
    def provider(self) -> PaymentProvider: ...

    def tell(self, word: str, reference: str, *, amount: int, currency: str = "NGN", note: str = "") -> bytes:
        """Return the body of an event, true or not; ``note`` makes another body of the same event."""
        ...

    def sign(self, raw: bytes) -> Headers: ...

    def again(self, raw: bytes) -> bytes:
        """Return the same event as somebody on its way may have laid it out."""
        ...

    def received(self) -> dict[str, int]:
        """Return what was paid in, by the vendor's own ids."""
        ...

    def held(self) -> int:
        """Return what the vendor holds for us of all that has moved, in kobo."""
        ...


@dataclass
class CardDesk:
    """Paystack and Fincra: both tell of a payment or a transfer by our reference."""

    name: str
    words: dict[str, tuple[str, str]]
    header: str
    key: str
    books: FakePaystack = field(default_factory=FakePaystack)
    claims: dict[str, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.books.balance["NGN"] = FUNDS

    @property
    def provider(self) -> PaymentProvider:
        if self.name == "paystack":
            return self.books.provider
        return vendor_but(self.books.provider, name=self.name, webhooks=FincraWebhooks(secrets=(self.key,)))

    def tell(self, word: str, reference: str, *, amount: int, currency: str = "NGN", note: str = "") -> bytes:
        event, member = self.words[word]
        self.claims[reference] = amount, currency
        data = {member: reference, "amount": amount, "currency": currency, "status": word, "note": note}
        return json.dumps({"event": event, "data": data}, separators=(",", ":")).encode()

    def sign(self, raw: bytes) -> Headers:
        return {self.header: hmac.new(self.key.encode(), raw, hashlib.sha512).hexdigest()}

    def again(self, raw: bytes) -> bytes:
        return json.dumps(json.loads(raw), indent=1).encode() if self.name == "fincra" else raw

    def received(self) -> dict[str, int]:
        paid = [one for one in self.books.transactions.values() if one.status == "success"]
        return {str(one.number): one.amount_minor for one in paid}

    def held(self) -> int:
        return self.books.balance["NGN"] - FUNDS


def paystack() -> CardDesk:
    return CardDesk(
        "paystack",
        {
            "paid": ("charge.success", "reference"),
            "sent": ("transfer.success", "reference"),
            "failed": ("transfer.failed", "reference"),
            "returned": ("transfer.reversed", "reference"),
        },
        header="x-paystack-signature",
        key=SECRET,
    )


def fincra() -> CardDesk:
    # Fincra has no event of a transfer that came back.
    return CardDesk(
        "fincra",
        {
            "paid": ("charge.successful", "reference"),
            "sent": ("payout.successful", "customerReference"),
            "failed": ("payout.failed", "customerReference"),
            "returned": ("payout.failed", "customerReference"),
        },
        header="signature",
        key="a fincra webhook key",
    )


@dataclass
class BankDesk:
    """Providus: tells of nothing but money on its accounts, by its own id, signed always the same."""

    bank: FakeBank = field(default_factory=lambda: FakeBank(FrozenClock()))
    claims: dict[str, tuple[int, str]] = field(default_factory=dict)
    name: str = "providus"

    @property
    def provider(self) -> PaymentProvider:
        return self.bank.provider

    def tell(self, word: str, reference: str, *, amount: int, currency: str = "NGN", note: str = "") -> bytes:
        self.claims[reference] = amount, currency
        told = self.bank.told.get(reference)
        body = {
            "sessionId": f"s{reference}{note}",
            "accountNumber": told.facts.receiving_account if isinstance(told, Succeeded) else "9900000000",
            "transactionAmount": f"{amount / 100:.2f}",
            "currency": currency,
            "settlementId": reference,
        }
        return json.dumps(body).encode()

    def sign(self, raw: bytes) -> Headers:
        return dict(_BANK_HEADERS)

    def again(self, raw: bytes) -> bytes:
        # Whoever has seen one notice can make another of the same settlement.
        return json.dumps(json.loads(raw) | {"transactionAmount": "999999.99"}).encode()

    def received(self) -> dict[str, int]:
        return {key: one.facts.amount_minor for key, one in self.bank.told.items() if isinstance(one, Succeeded)}

    def held(self) -> int:
        facts = [one.facts for one in self.bank.told.values() if isinstance(one, Succeeded)]
        return sum(one.amount_minor - (one.fees_minor or 0) for one in facts)


@dataclass
class Gullible:
    """A reader that takes the body of the last event for the vendor's answer, as careless code would."""

    desk: CardDesk | BankDesk

    async def verify(self, *, reference: str) -> CollectionResult:
        assert isinstance(self.desk, CardDesk)
        known = self.desk.books.transactions.get(reference)
        if known is None or reference not in self.desk.claims:
            return await self.desk.provider.collections.verify(reference=reference)
        return Succeeded(CollectionFacts(reference, str(known.number), *self.desk.claims[reference]))

    async def inflow(self, *, provider_reference: str) -> CollectionResult:
        if provider_reference not in self.desk.claims:
            return NotFound()
        return Succeeded(CollectionFacts("", provider_reference, *self.desk.claims[provider_reference]))


class Trusting:
    """A verifier that finds every signature good."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def verify(self, *, raw: bytes, headers: object) -> Any:
        return self._desk.provider.webhooks.verify(raw=raw, headers=self._desk.sign(raw))
