from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from kro.core.outgoing import CallRecorder, OutgoingHTTP, OutgoingSettings, RetryPolicy
from kro.payment.providers.fincra.accounts import FincraAccounts
from kro.payment.providers.fincra.banks import FincraBalances, FincraBanks
from kro.payment.providers.fincra.collecting import FincraCollections
from kro.payment.providers.fincra.inflows import FincraInflows
from kro.payment.providers.fincra.transfers import FincraTransfers
from kro.payment.providers.fincra.units import CURRENCIES
from kro.payment.providers.fincra.webhooks import FincraWebhooks
from kro.payment.providers.provider import Capability, PaymentProvider

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True, slots=True)
class FincraSettings:
    """How to reach Fincra. Secret key, public key and webhook secret are three different values per environment.

    ``webhook_secrets`` are all keys a webhook may be signed with: the present one, and its predecessor while it is
    being rotated. ``account_channel`` is the bank that lends permanent accounts; Fincra chooses one if it is not given.
    """

    secret_key: str = field(repr=False)
    public_key: str = field(repr=False)
    business_id: str
    webhook_secrets: tuple[str, ...] = field(repr=False)
    base_url: str = "https://api.fincra.com"
    payment_methods: tuple[str, ...] = ("card", "bank_transfer")
    account_channel: str | None = None
    connect_seconds: float = 3
    read_seconds: float = 15
    transfer_read_seconds: float = 30
    pool_seconds: float = 2
    deadline_seconds: float = 40


class Fincra:
    """Every Fincra capability over one connection pool; ``provider`` is what the rest of the program sees.

    Fincra gives no refund to the source, has no documented account of a period and no way to read a single dispute,
    so those are left out.
    """

    def __init__(
        self,
        settings: FincraSettings,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        retry: RetryPolicy | None = None,
        recorder: CallRecorder | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = OutgoingHTTP(
            OutgoingSettings(
                provider="fincra",
                base_url=settings.base_url,
                connect_seconds=settings.connect_seconds,
                read_seconds=settings.read_seconds,
                pool_seconds=settings.pool_seconds,
                deadline_seconds=settings.deadline_seconds,
                keeps_exchanges=True,
            ),
            headers={
                "api-key": settings.secret_key,
                "x-pub-key": settings.public_key,
                "x-business-id": settings.business_id,
            },
            transport=transport,
            retry=retry,
            recorder=recorder,
            sleep=sleep,
            now=now,
        )
        collections = FincraCollections(self._http, payment_methods=settings.payment_methods)
        accounts = FincraAccounts(
            self._http,
            channel=settings.account_channel,
            verify=lambda reference: collections.verify(reference=reference),
        )
        banks = FincraBanks(self._http)
        transfers = FincraTransfers(
            self._http, business_id=settings.business_id, read_seconds=settings.transfer_read_seconds
        )
        self.provider = PaymentProvider(
            name="fincra",
            checkout=collections,
            collections=collections,
            banks=banks,
            accounts=banks,
            transfer_sender=transfers,
            transfer_reader=transfers,
            webhooks=FincraWebhooks(secrets=settings.webhook_secrets),
            one_time_accounts=accounts,
            permanent_accounts=accounts,
            inflows=FincraInflows(self._http, business_id=settings.business_id),
            balances=FincraBalances(self._http, business_id=settings.business_id),
            currencies=CURRENCIES,
            operations={
                Capability.CHECKOUT: "initiate",
                Capability.ONE_TIME_ACCOUNTS: "charge",
                Capability.TRANSFER_SENDER: "payout",
            },
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()
