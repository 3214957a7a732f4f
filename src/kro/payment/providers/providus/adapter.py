from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from kro.core.clock import Clock, SystemClock
from kro.core.outgoing import CallRecorder, OutgoingHTTP, OutgoingSettings, RetryPolicy
from kro.payment.providers.provider import Capability, PaymentProvider
from kro.payment.providers.providus.accounts import ProvidusAccounts
from kro.payment.providers.providus.bank_codes import BankCodes
from kro.payment.providers.providus.banks import ProvidusBanks
from kro.payment.providers.providus.codes import DOUBTED, REVERSED, ResponseCodes
from kro.payment.providers.providus.credentials import signature
from kro.payment.providers.providus.inflows import ProvidusInflows
from kro.payment.providers.providus.transfer_api import TransferAPI
from kro.payment.providers.providus.transfers import ProvidusTransfers
from kro.payment.providers.providus.units import CURRENCY
from kro.payment.providers.providus.webhooks import ProvidusAcknowledger, ProvidusWebhooks

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True, slots=True)
class ProvidusSettings:
    """How to reach the bank: two services, two credentials, all given by its integration team.

    ``webhook_secrets`` are all secrets a notification's constant may be made of: the present one, and its predecessor
    while it is being changed. ``account_number`` is our account at the bank, which transfers are paid from under
    ``account_name``. ``dynamic_account_seconds`` is what was agreed with the bank, 48 hours at most. What the bank does
    not document can be set right without a change of the program: ``bank_codes`` by the central bank's code,
    ``doubted_codes`` and ``reversed_codes`` as ``ResponseCodes`` says.
    """

    base_url: str
    transfer_base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    user_name: str
    password: str = field(repr=False)
    account_number: str
    account_name: str
    dynamic_account_seconds: int = 600
    bank_codes: Mapping[str, str] = field(default_factory=dict)
    doubted_codes: frozenset[str] = DOUBTED
    reversed_codes: frozenset[str] = REVERSED
    connect_seconds: float = 3
    read_seconds: float = 15
    transfer_read_seconds: float = 30
    pool_seconds: float = 2
    deadline_seconds: float = 40


class Providus:
    """Every Providus capability over two connection pools; ``provider`` is what the rest of the program sees.

    There is no checkout, no look-up of a payment by our reference, no refund, no history and no dispute: the bank has
    none. ``virtual_accounts`` and ``inflows`` are for what only this bank offers: renaming, blocking, sending again.
    """

    def __init__(
        self,
        settings: ProvidusSettings,
        *,
        clock: Clock | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        retry: RetryPolicy | None = None,
        recorder: CallRecorder | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        def client(base_url: str, headers: Mapping[str, str]) -> OutgoingHTTP:
            outgoing = OutgoingSettings(
                provider="providus",
                base_url=base_url,
                connect_seconds=settings.connect_seconds,
                read_seconds=settings.read_seconds,
                pool_seconds=settings.pool_seconds,
                deadline_seconds=settings.deadline_seconds,
                keeps_exchanges=True,
            )
            return OutgoingHTTP(
                outgoing, headers=headers, transport=transport, retry=retry, recorder=recorder, sleep=sleep, now=now
            )

        constant = signature(settings.client_id, settings.client_secret)
        self._collecting = client(settings.base_url, {"Client-Id": settings.client_id, "X-Auth-Signature": constant})
        self._paying_out = client(settings.transfer_base_url, {})
        self.virtual_accounts = ProvidusAccounts(
            self._collecting,
            clock=clock or SystemClock(),
            lifetime=timedelta(seconds=settings.dynamic_account_seconds),
        )
        self.inflows = ProvidusInflows(self._collecting)
        self.provider = self._join(settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._collecting.aclose()
        await self._paying_out.aclose()

    def _join(self, settings: ProvidusSettings) -> PaymentProvider:
        api = TransferAPI(self._paying_out, user_name=settings.user_name, password=settings.password)
        bank_codes = BankCodes(settings.bank_codes)
        banks = ProvidusBanks(api, codes=bank_codes, own_account=settings.account_number)
        transfers = ProvidusTransfers(
            api,
            owners=banks,
            banks=bank_codes,
            codes=ResponseCodes(doubted=settings.doubted_codes, reversed=settings.reversed_codes),
            own_account=settings.account_number,
            own_name=settings.account_name,
            read_seconds=settings.transfer_read_seconds,
        )
        return PaymentProvider(
            name="providus",
            banks=banks,
            accounts=banks,
            transfer_sender=transfers,
            transfer_reader=transfers,
            webhooks=ProvidusWebhooks(client_id=settings.client_id, secrets=settings.webhook_secrets),
            acknowledger=ProvidusAcknowledger(),
            one_time_accounts=self.virtual_accounts,
            permanent_accounts=self.virtual_accounts,
            inflows=self.inflows,
            balances=banks,
            currencies=frozenset({CURRENCY}),
            operations={Capability.ONE_TIME_ACCOUNTS: "dynamic_account", Capability.TRANSFER_SENDER: "transfer"},
        )
