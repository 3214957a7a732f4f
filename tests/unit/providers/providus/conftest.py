"""The adapter against the scripted bank."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from tests.unit.providers.providus.bank import BALANCE, ENQUIRY, OWN_ACCOUNT, OWNER, Bank

from kro.core.clock import FrozenClock
from kro.core.outgoing import RetryPolicy
from kro.payment.providers.providus import Providus, ProvidusSettings


async def _no_sleep(_: float) -> None:
    return


@pytest.fixture
async def bank() -> AsyncIterator[Bank]:
    script = Bank()
    settings = ProvidusSettings(
        base_url="https://pip.example/api",
        transfer_base_url="https://post.example/pay",
        client_id="123",
        client_secret="456",
        webhook_secrets=("456",),
        user_name="test",
        password="secret-canary",
        account_number="5900085856",
        account_name="KROTrust",
    )
    async with Providus(
        settings,
        clock=FrozenClock(),
        transport=httpx2.MockTransport(script.handle),
        retry=RetryPolicy(jitter=lambda: 0.0),
        sleep=_no_sleep,
    ) as client:
        script.providus = client
        script.answer(ENQUIRY, OWNER)
        script.answer(OWN_ACCOUNT, BALANCE)
        yield script
