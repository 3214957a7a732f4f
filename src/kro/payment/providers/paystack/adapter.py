from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from kro.core.outgoing import CallRecorder, OutgoingHTTP, OutgoingSettings, RetryPolicy
from kro.payment.providers.paystack.accounts import PaystackAccounts
from kro.payment.providers.paystack.banks import PaystackBanks
from kro.payment.providers.paystack.collecting import PaystackCollections
from kro.payment.providers.paystack.disputes import PaystackDisputes
from kro.payment.providers.paystack.history import PaystackHistory
from kro.payment.providers.paystack.inflows import PaystackInflows
from kro.payment.providers.paystack.refunds import PaystackRefunds
from kro.payment.providers.paystack.transfers import PaystackTransfers
from kro.payment.providers.paystack.units import CURRENCIES
from kro.payment.providers.paystack.webhooks import PaystackWebhooks
from kro.payment.providers.provider import Capability, PaymentProvider

if TYPE_CHECKING:
    import httpx2

# paystack.com/docs/api: the key decides the environment; dedicated-virtual-account: the banks there are in each.
_TEST_KEY: Final = "sk_test_"
_TEST_BANK: Final = "test-bank"
_DEFAULT_BANK: Final = "wema-bank"


@dataclass(frozen=True, slots=True)
class PaystackSettings:
    """How to reach Paystack. The key decides between test and live; it also signs the webhooks.

    ``webhook_secrets`` are all keys a webhook may be signed with: the present one, and its predecessor while it is
    being rotated. ``account_bank`` is the bank whose accounts are lent, by Paystack's slug of it: Wema unless told
    otherwise, and in test mode the only one there is.
    """

    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    base_url: str = "https://api.paystack.co"
    account_bank: str | None = None
    connect_seconds: float = 3
    read_seconds: float = 15
    transfer_read_seconds: float = 30
    pool_seconds: float = 2
    deadline_seconds: float = 40


class Paystack:
    """Every Paystack capability over one connection pool; ``provider`` is what the rest of the program sees."""

    def __init__(
        self,
        settings: PaystackSettings,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        retry: RetryPolicy | None = None,
        recorder: CallRecorder | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = OutgoingHTTP(
            OutgoingSettings(
                provider="paystack",
                base_url=settings.base_url,
                connect_seconds=settings.connect_seconds,
                read_seconds=settings.read_seconds,
                pool_seconds=settings.pool_seconds,
                deadline_seconds=settings.deadline_seconds,
                keeps_exchanges=True,
            ),
            headers={"Authorization": f"Bearer {settings.secret_key}"},
            transport=transport,
            retry=retry,
            recorder=recorder,
            sleep=sleep,
            now=now,
        )
        collections = PaystackCollections(self._http)
        banks = PaystackBanks(self._http)
        transfers = PaystackTransfers(self._http, read_seconds=settings.transfer_read_seconds)
        refunds = PaystackRefunds(self._http)
        disputes = PaystackDisputes(self._http)
        self.provider = PaymentProvider(
            name="paystack",
            checkout=collections,
            collections=collections,
            banks=banks,
            accounts=banks,
            transfer_sender=transfers,
            transfer_reader=transfers,
            refund_sender=refunds,
            refund_reader=refunds,
            history=PaystackHistory(self._http),
            disputes=disputes,
            dispute_list=disputes,
            permanent_accounts=PaystackAccounts(self._http, bank=_account_bank(settings)),
            inflows=PaystackInflows(self._http),
            webhooks=PaystackWebhooks(secrets=settings.webhook_secrets),
            currencies=CURRENCIES,
            operations={Capability.CHECKOUT: "initialize", Capability.TRANSFER_SENDER: "transfer"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _account_bank(settings: PaystackSettings) -> str:
    if settings.secret_key.startswith(_TEST_KEY):
        return _TEST_BANK
    return settings.account_bank or _DEFAULT_BANK
