"""A bank in memory that lends accounts and tells of what arrives on them, as Providus does."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from kro.core.clock import Clock
from kro.core.money import Money
from kro.payment.providers import (
    Capability,
    CollectionFacts,
    CollectionResult,
    NotFound,
    Payer,
    PaymentProvider,
    Succeeded,
    TransferReader,
    TransferSender,
)
from kro.payment.providers.providus.credentials import signature
from kro.payment.providers.providus.webhooks import ProvidusAcknowledger, ProvidusWebhooks
from kro.payment.providers.virtual_accounts import (
    AccountHolder,
    VirtualAccount,
    VirtualAccountIssued,
    VirtualAccountResult,
)

_CLIENT, _SECRET = "fake_client", "fake_secret"
LIFETIME: Final = timedelta(minutes=10)


@dataclass
class FakeBank:
    """``answers`` are given instead of the next accounts; ``told`` are the inflows by the bank's id of them."""

    clock: Clock
    name: str = "providus"
    transfers: tuple[TransferSender, TransferReader] | None = None
    answers: deque[VirtualAccountResult] = field(default_factory=deque)
    lent: dict[str, str] = field(default_factory=dict)
    told: dict[str, CollectionResult] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def provider(self) -> PaymentProvider:
        sender, reader = self.transfers or (None, None)
        return PaymentProvider(
            name=self.name,
            webhooks=ProvidusWebhooks(client_id=_CLIENT, secrets=(_SECRET,)),
            acknowledger=ProvidusAcknowledger(),
            one_time_accounts=self,
            permanent_accounts=self,
            inflows=self,
            transfer_sender=sender,
            transfer_reader=reader,
            currencies=frozenset({"NGN"}),
            operations={Capability.ONE_TIME_ACCOUNTS: "dynamic_account"},
        )

    async def issue_one_time(self, *, reference: str, amount: Money, holder: AccountHolder) -> VirtualAccountResult:
        return self._lend(reference, ends=self.clock.now() + LIFETIME)

    async def issue_permanent(self, *, reference: str, currency: str, holder: AccountHolder) -> VirtualAccountResult:
        return self._lend(reference, ends=None)

    async def inflow(self, *, provider_reference: str) -> CollectionResult:
        return self.told.get(provider_reference, NotFound())

    def arrive(
        self,
        account_number: str,
        amount_minor: int,
        *,
        reference: str = "",
        currency: str = "NGN",
        fees_minor: int = 0,
    ) -> str:
        """Play somebody who transfers money to an account; return the bank's id of it."""
        settlement = f"2026{next(self.numbers):020}"
        facts = CollectionFacts(
            reference=reference,
            provider_reference=settlement,
            amount_minor=amount_minor,
            currency=currency,
            fees_minor=fees_minor,
            channel="bank_transfer",
            paid_at=self.clock.now(),
            payer=Payer(name="ADA PAYER", bank_name="UBA", account_number="2093566866"),
            receiving_account=account_number,
        )
        self.told[settlement] = Succeeded(facts)
        return settlement

    def notice(self, settlement: str) -> tuple[bytes, dict[str, str]]:
        """Return the raw body and the headers in which the bank tells of an inflow."""
        told = self.told.get(settlement)
        account = told.facts.receiving_account if isinstance(told, Succeeded) else "9900000000"
        body = {
            "sessionId": f"s{settlement}",
            "accountNumber": account,
            "transactionAmount": "1",
            "settlementId": settlement,
        }
        return json.dumps(body).encode(), {"Client-Id": _CLIENT, "X-Auth-Signature": signature(_CLIENT, _SECRET)}

    def _lend(self, reference: str, *, ends: datetime | None) -> VirtualAccountResult:
        if self.answers:
            return self.answers.popleft()
        number = f"99{next(self.numbers):08}"
        self.lent[number] = reference
        return VirtualAccountIssued(
            VirtualAccount(
                account_number=number,
                account_name="KRO(DEMO)",
                bank_name="Providus Bank",
                provider_reference=reference,
                expires_at=ends,
            )
        )
